"""`cvlab circuit`: an expression, its value, and the gradient of every value in it."""

from __future__ import annotations

import argparse
from math import isfinite
from typing import Any

import numpy as np

from cvlab.cli.arguments import failure
from cvlab.cli.parser import Parser, did_you_mean
from cvlab.engine.circuit.circuit import Circuit, Node
from cvlab.engine.circuit.composite import fold, gates_for, span
from cvlab.engine.circuit.grammar import parse
from cvlab.engine.circuit.passes import Evaluation, evaluate
from cvlab.engine.circuit.presets import BY_ID
from cvlab.engine.circuit.reader import read
from cvlab.engine.circuit.sigmoids import collapse, expand
from cvlab.engine.circuit.tensors import Literal, Value, array, cells, is_short, kind, shape_of, told
from cvlab.engine.circuit.tree import Array, Number
from cvlab.engine.circuit.trust import Check, check
from cvlab.engine.circuit.walk import Walk
from cvlab.engine.circuit.words import shown
from cvlab.engine.errors import ExpressionError


def add_to(verbs: Any, shared: argparse.ArgumentParser) -> None:
    parser = verbs.add_parser(
        "circuit", parents=[shared], help="an expression as a circuit: every value and gradient, by backpropagation"
    )
    parser.rewrite = _protect
    parser.add_argument(
        "expression",
        type=_expression,
        help='such as "(x+y)*z" or "q = x + y; f = q * z", or a ready circuit: ' + ", ".join(BY_ID),
    )
    parser.add_argument(
        "values", nargs="*", metavar="NAME=VALUE", help="values of the inputs, such as x=-2, W[0,1]=3 or x=[1,2]"
    )
    parser.add_argument("--merge", action="store_true", help="parts that are written twice become one gate")
    shape = parser.add_mutually_exclusive_group()
    shape.add_argument("--collapse", action="store_true", help="written-out sigmoids become one gate")
    shape.add_argument("--expand", action="store_true", help="sigmoid gates are written out")
    parser.add_argument(
        "--fold", action="append", default=[], metavar="NAME",
        help="show the gates that compute this value as one, with its local gradients; can be given again",
    )  # fmt: skip
    parser.add_argument("--code", action="store_true", help="the circuit as Python, forward then backward")
    parser.set_defaults(verb=_circuit)


def _protect(parser: Parser, given: list[str]) -> list[str]:
    """The arguments with a space before an expression that begins with a dash, so that it is not taken for an option: "-x**2",
    "-(x+y)", "--x". What is nearly the name of an option stays one, for the parser to say so."""
    protected = []
    for argument in given:
        name = argument.partition("=")[0]
        is_option = argument in ("-h", "--") or any(option.startswith(name) for option in parser.options)
        looks_like_one = name.startswith("--") and bool(did_you_mean(name, parser.options))
        takes_value = bool(protected) and protected[-1] == "--fold"
        is_expression = argument.startswith("-") and not (is_option or looks_like_one or takes_value)
        protected.append(f" {argument}" if is_expression else argument)
    return protected


def _expression(text: str) -> str:
    return text[1:] if text.startswith(" -") else text


def _circuit(arguments: argparse.Namespace) -> dict:
    preset = BY_ID.get(arguments.expression)
    circuit = read(preset.text if preset else arguments.expression, merge=arguments.merge)
    if arguments.collapse:
        circuit = collapse(circuit)
    if arguments.expand:
        circuit = expand(circuit)
    circuit = _folded(circuit, arguments.fold)
    evaluation = evaluate(circuit, _values(circuit, arguments.values))
    if arguments.code:
        from cvlab.engine.circuit.code import source

        code = source(evaluation)
        return {"code": code, "text": code}
    return _document(circuit, evaluation)


def _folded(circuit: Circuit, names: list[str]) -> Circuit:
    """With each of the named values as one gate, those of the text's order first: later ones may hold earlier ones."""
    for name in names:
        if name not in circuit.by_name:
            raise ExpressionError(
                f"There is no value {name}.", remedy=f"The values are {', '.join(n.name for n in circuit.gates)}."
            )
    groups = []
    for node in sorted({circuit.by_name[name].id for name in names}):
        groups.append(tuple(span(circuit.nodes[id]) for id in gates_for(circuit, node)))
    return fold(circuit, groups)


def _values(circuit: Circuit, given: list[str]) -> dict[str, float]:
    """x=-2, W[0,1]=0.5, or all of one input: W=[[1, 2], [3, 4]]."""
    found: dict[str, float] = {}
    for text in given:
        name, _, written = (part.strip() for part in text.partition("="))
        literal = _literal(written) if written else None
        if literal is None:
            raise ExpressionError(
                f"“{text[:60]}” is no value of an input.", remedy="Write NAME=VALUE, such as x=-2 or x=[1, 2]."
            )
        shape = shape_of(literal)
        if not shape:
            found[name] = literal
            continue
        node = circuit.by_name.get(name)
        if node is None or node.kind != "input" or node.shape != shape:
            known = (
                f"{name} is {kind(node.shape)}."
                if node is not None
                else f"The inputs are {', '.join(n.name for n in circuit.inputs)}."
            )
            raise ExpressionError(f"{name} cannot be {kind(shape)}.", remedy=known)
        found.update(zip(cells(name, shape), np.ravel(array(literal)).tolist(), strict=True))
    return found


def _literal(written: str) -> Literal | None:
    """A number, or a list that the circuits' own grammar reads; nothing else."""
    try:
        return float(written)
    except ValueError:
        pass
    statement = parse(f"v = {written}")
    tree = statement[0].tree
    return tree.value if len(statement) == 1 and isinstance(tree, Array | Number) else None


def _document(circuit: Circuit, evaluation: Evaluation) -> dict:
    walk, checks = Walk(evaluation), check(evaluation)
    names = [node.name for node in circuit.nodes]
    notes = [*evaluation.troubles.values(), *evaluation.kinks.values()]
    return {
        "output": names[circuit.output],
        "value": _number(evaluation.output),
        "shapes": {node.name: list(node.shape) for node in circuit.nodes if node.kind != "constant"},
        "inputs": {name: _number(value) for name, value in evaluation.inputs.items()},
        "gradients": {name: _number(value) for name, value in evaluation.by_input.items()},
        "nodes": [
            {
                "name": node.name,
                "kind": node.kind,
                "gate": node.gate,
                "formula": circuit.formula(node),
                "operands": [names[i] for i in node.operands],
                "value": _number(evaluation.values[node.id]),
                "shape": list(node.shape),
                "gradient": _number(evaluation.gradients[node.id]) if circuit.varies[node.id] else None,
                "local": [_number(slope) for slope in evaluation.locals[node.id]],
            }
            for node in circuit.nodes
        ],
        "order": [names[i] for i in walk.forward_order],
        "backward_order": [names[i] for i in walk.backward_order],
        "checks": [
            {
                "name": each.name,
                "analytic": _number(each.analytic),
                "centred_difference": _number(each.numeric),
                "relative_error": _number(each.relative_error),
                "verdict": each.verdict,
                "kink": each.kink,
                "place": each.place,
                "tried": each.tried,
                "shape": list(each.shape),
                "gradient_shape": list(each.gradient_shape),
                "shapes_agree": each.shapes_agree,
            }
            for each in checks
        ],
        "notes": notes,
        "text": "\n".join(_rows(circuit, evaluation, checks) + notes),
    } | _failure(evaluation, notes)


def _failure(evaluation: Evaluation, notes: list[str]) -> dict:
    """What the document says of values or gradients that are no finite numbers: the work has failed."""
    if all(np.all(np.isfinite(each)) for each in (*evaluation.values, *evaluation.gradients)):
        return {}
    return failure(" ".join(notes) or "Some of the values or gradients are not finite numbers.")


def _number(value: Value) -> float | list | None:
    # JSON knows no infinity and no NaN; the notes say why there is no number.
    if isinstance(value, np.ndarray):
        return [_number(part if part.ndim else float(part)) for part in value]
    return value if isfinite(value) else None


def _matrix_rows(circuit: Circuit, evaluation: Evaluation, node: Node, tried: Check | None) -> list[str]:
    """The shape in the table, and below it the numbers as far as they can be read."""
    beside = f"{tried.verdict}, shape {told(tried.gradient_shape)}" if tried and node.kind == "input" else ""
    value, gradient = evaluation.values[node.id], evaluation.gradients[node.id]
    rows = [
        f"{node.name:<12} {circuit.formula(node):<28} {told(node.shape):>12} {told(node.shape):>12}  {beside}".rstrip()
    ]
    if is_short(node.shape):
        rows.append(f"{'':<12} {shown(value)}  ∇ {shown(gradient)}")
    return rows


def _rows(circuit: Circuit, evaluation: Evaluation, checks: tuple[Check, ...]) -> list[str]:
    output = circuit.nodes[circuit.output].name
    by_name = {each.name: each for each in checks}
    rows = [f"{'name':<12} {'computed as':<28} {'value':>12} {f'd{output}/d…':>12}  centred difference"]
    for node in circuit.nodes:
        if node.kind == "constant":
            continue
        if node.shape:
            rows += _matrix_rows(circuit, evaluation, node, by_name.get(node.name))
            continue
        tried = by_name.get(node.name)
        beside = f"{shown(tried.numeric)} {tried.verdict}" if tried and node.kind == "input" else ""
        value, gradient = shown(evaluation.values[node.id]), shown(evaluation.gradients[node.id])
        formula = circuit.formula(node)
        formula = formula if len(formula) <= 28 else f"{formula[:27]}…"
        rows.append(f"{node.name:<12} {formula:<28} {value:>12} {gradient:>12}  {beside}".rstrip())
    return rows
