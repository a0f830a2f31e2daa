"""PyTorch source back to a net: parsed to a syntax tree, of which a short list of forms is understood; never executed.

What `code.source` and `the starter script` write is read, and what people change in it, as long as the forms stay:
`self.NAME = nn.LAYER(numbers...)` in `__init__`, and in `forward` one call a line, `a + b`, `torch.cat((a, b), dim=1)`.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from cvlab.engine.errors import NotOurFile
from cvlab.engine.nets.exchange.assembler import Assembler, Imported, NotHere
from cvlab.engine.nets.exchange.upbringing import of_source
from cvlab.engine.nets.layers import Add, Concat

MAX_SOURCE = 500_000
MAX_NODES = 250_000
"""Statements and expressions in all. A net of 2,000 layers has some 100,000."""
MAX_DEPTH = 60
"""Statements and expressions inside each other. What cvlab writes has about ten."""
_HELPERS = ("L2Pool", "Maxout", "Reshape", "BatchNorm1d", "BatchNorm2d", "GroupNorm")


def weights_beside(text: str) -> str:
    """The name of the weights file beside the source that its `load()` reads, as `code.source` writes it; "" where there is
    none. A bare name: what leads to another folder is none. Raises `NotOurFile` for what is no Python source."""
    load = next((n for n in _parse(text).body if isinstance(n, ast.FunctionDef) and n.name == "load"), None)
    for node in ast.walk(load) if load is not None else ():
        match node:
            case ast.Call(func=ast.Attribute(attr="with_name"), args=[ast.Constant(value=str() as name)]):
                bare = name not in ("", ".", "..") and not set(name) & set("/\\:\x00")
                return name if bare and name.lower().endswith(".safetensors") else ""
    return ""


def read_source(
    text: str, image: tuple[int, int, int] | None = None, weights: Mapping[str, np.ndarray] | None = None
) -> Imported:
    """The net of the class `Net` in a Python file.

    image: (C, H, W), where the file does not say it by `torch.zeros(1, C, H, W)`. weights: those of the class, by its own
    attributes' names. Raises `NotOurFile` for what is no such file and for weights of another net, `NotHere` for what no layer
    here can do, `ShapeError` where layers do not fit; each names the line.
    """
    tree = _parse(text)
    found = next((n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == "Net"), None)
    if found is None:
        raise NotOurFile("There is no class Net in this file.", remedy="Import what “PyTorch source” wrote.")
    methods = {n.name: n for n in found.body if isinstance(n, ast.FunctionDef)}
    if set(methods) < {"__init__", "forward"} or "__init__" not in methods or "forward" not in methods:
        raise NotOurFile("The class Net needs the methods __init__ and forward.")
    image = image or _image(tree)
    if image is None:
        raise NotOurFile(
            "The file does not say how large the images are.", remedy="Give the size: channels, height and width."
        )
    made = _modules(methods["__init__"])
    title = (ast.get_docstring(tree) or "").partition(":")[0]
    net = Assembler(title, image, _argument(methods["forward"]))
    found = _run(methods["forward"], made, net, weights)
    return replace(found, preprocessing=of_source(tree, image)) if weights else found


def _parse(text: str) -> ast.Module:
    if len(text) > MAX_SOURCE:
        raise NotOurFile(f"The file is larger than {MAX_SOURCE / 1e3:.0f} kB.")
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise NotOurFile("This is not Python source.", received=f"line {error.lineno}: {error.msg}") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise NotOurFile("This is not Python source that can be read.", received=str(error)[:80]) from error
    level, seen = [tree], 0
    for _ in range(MAX_DEPTH):
        level = [inner for node in level for inner in ast.iter_child_nodes(node)]
        if not level:
            return tree
        seen += len(level)
        if seen > MAX_NODES:
            raise NotOurFile(
                "This source is larger than that of any net here.", received=f"over {MAX_NODES:,} expressions"
            )
    raise NotOurFile(
        "This is not Python source that can be read.",
        received=f"expressions inside each other, more than {MAX_DEPTH} deep",
    )


def _image(tree: ast.Module) -> tuple[int, int, int] | None:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _dotted(node.func) == "torch.zeros" and len(node.args) == 4:
            sides = [a.value for a in node.args if isinstance(a, ast.Constant) and type(a.value) is int]
            if len(sides) == 4:
                return sides[1], sides[2], sides[3]
    return None


def _argument(forward: ast.FunctionDef) -> str:
    names = [argument.arg for argument in forward.args.args]
    if len(names) != 2:
        raise NotOurFile("forward must take one image batch.", received=f"line {forward.lineno}")
    return names[1]


def _modules(init: ast.FunctionDef) -> dict[str, Any]:
    """The modules that __init__ makes, by attribute name: real ones, but without memory (on the meta device)."""
    import torch

    made: dict[str, Any] = {}
    for statement in init.body:
        match statement:
            case ast.Expr(
                value=ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Name(id="super")), attr="__init__"))
            ):
                continue
            case ast.Expr(value=ast.Constant()):
                continue
            case ast.Assign(
                targets=[ast.Attribute(value=ast.Name(id="self"), attr=name)], value=ast.Call(func=func) as call
            ):
                maker = _maker(func)
                arguments, options = _literals(call)
                try:
                    with torch.device("meta"):
                        made[name] = maker(*arguments, **options)
                except Exception as error:  # whatever PyTorch objects to in these numbers
                    raise NotHere(
                        f"Line {statement.lineno}: {_dotted(func)} cannot be made so.", received=str(error)[:120]
                    ) from error
            case _:
                raise _not_understood(statement)
    return made


def _maker(func: ast.expr) -> Any:
    from cvlab.engine.nets import modules
    from cvlab.engine.nets.exchange.torch_modules import NAMES

    name = _dotted(func)
    head, _, last = name.rpartition(".")
    if head in ("nn", "torch.nn") and last in NAMES:
        return NAMES[last]
    if name in _HELPERS:
        return getattr(modules, name)
    raise NotHere(f"Line {func.lineno}: {name or 'this'} has no layer here.")


def _literals(call: ast.Call) -> tuple[list[Any], dict[str, Any]]:
    """Numbers, words, True, False, None, and tuples or lists of them: nothing that would have to be worked out."""
    if any(keyword.arg is None for keyword in call.keywords):
        raise _not_understood(call)
    return [_literal(a) for a in call.args], {k.arg: _literal(k.value) for k in call.keywords}  # type: ignore[misc]


def _literal(node: ast.expr) -> Any:
    match node:
        case ast.Constant(value=bool() | None as value):
            return value
        case ast.Constant(value=int() | float() as value) if _is_number(value):
            return value
        case ast.Constant(value=str() as value) if (
            value.isidentifier()
        ):  # a word such as "same", not a number in quotes
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)) if _is_number(value):
            return -value
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return tuple(_literal(part) for part in parts)
    raise _not_understood(node)


def _is_number(value: float) -> bool:
    return abs(value) < 2**63  # not for infinity, which a long literal gives


def _run(forward: ast.FunctionDef, made: dict[str, Any], net: Assembler, weights: Mapping[str, Any] | None) -> Imported:
    """Follows forward line by line. A variable that is written again stands for its newest value."""
    now: dict[str, object] = {_argument(forward): _argument(forward)}
    used: dict[str, str] = {}  # our name of each module's layer
    for statement in forward.body:
        match statement:
            case ast.Expr(value=ast.Constant()):
                continue
            case ast.Assign(targets=[ast.Name(id=target)], value=value):
                key = (target, statement.lineno)
                _compute(key, value, now, made, used, net)
                now[target] = key
            case ast.Return(value=ast.Name(id=name)):
                return net.finish(_known(name, now, statement), _renamed(weights or {}, used, made))
            case _:
                raise _not_understood(statement)
    raise NotOurFile("forward returns nothing.")


def _compute(key: object, value: ast.expr, now, made: dict[str, Any], used: dict[str, str], net: Assembler) -> None:
    from cvlab.engine.nets.exchange.torch_modules import spec_of

    match value:
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="self"), attr=name), args=[ast.Name(id=source)], keywords=[]
        ):
            if name not in made:
                raise NotOurFile(f"Line {value.lineno}: __init__ makes no {name}.")
            if name in used and any(True for _ in made[name].parameters()):
                raise NotHere(f"Line {value.lineno}: {name} is used twice; layers here do not share weights.")
            before = _known(source, now, value)
            layer = spec_of(made[name], net.shape(before))
            used[name] = name
            if layer is None:
                net.alias(key, before)
            else:
                used[name] = net.place(key, layer, [before], name)
        case ast.BinOp(op=ast.Add()):
            sources = [_known(name, now, value) for name in _summands(value)]
            net.place(key, Add(inputs=len(sources)), sources, _merge_name(key))
        case ast.Call(
            func=func,
            args=[ast.Tuple(elts=parts) | ast.List(elts=parts)],
            keywords=[ast.keyword(arg="dim", value=ast.Constant(value=1))],
        ) if _dotted(func) == "torch.cat":
            sources = [_known(part.id, now, value) for part in parts if isinstance(part, ast.Name)]
            if len(sources) != len(parts) or not 2 <= len(sources) <= 8:
                raise _not_understood(value)
            net.place(key, Concat(inputs=len(sources)), sources, _merge_name(key))
        case _:
            raise _not_understood(value)


def _renamed(weights: Mapping[str, np.ndarray], used: dict[str, str], made: dict[str, Any]) -> dict[str, np.ndarray]:
    """Weights by our layers' names; those of a module that forward does not call are left out. Raises `NotOurFile` for others."""
    found = {}
    for name, value in weights.items():
        module, _, key = name.partition(".")
        if module not in made:
            raise NotOurFile(
                "The weights belong to another net than the source.", received=f"{name[:80]} is of no layer in __init__"
            )
        if module in used:
            found[f"{used[module]}.{key}"] = value
    return found


def _merge_name(key: object) -> str:
    target = key[0]  # type: ignore[index]
    return target.removesuffix("_out") if target.endswith("_out") else ""


def _summands(value: ast.expr) -> list[str]:
    match value:
        case ast.Name(id=name):
            return [name]
        case ast.BinOp(left=left, op=ast.Add(), right=ast.Name(id=name)):
            names = [*_summands(left), name]
            if len(names) > 8:
                raise NotHere(f"Line {value.lineno}: more than 8 summands.")
            return names
    raise _not_understood(value)


def _known(name: str, now: dict[str, object], at: ast.AST) -> object:
    if name not in now:
        raise NotOurFile(f"Line {at.lineno}: {name} has no value yet.")  # type: ignore[attr-defined]
    return now[name]


def _dotted(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attr):
            head = _dotted(value)
            return f"{head}.{attr}" if head else ""
    return ""


def _not_understood(node: ast.AST) -> NotOurFile:
    return NotOurFile(
        f"Line {getattr(node, 'lineno', '?')} is not in the form that is read here.",
        received=ast.unparse(node)[:80] if isinstance(node, ast.expr | ast.stmt) else "",
        remedy="Layers are made in __init__ with numbers only, and called in forward one a line.",
    )
