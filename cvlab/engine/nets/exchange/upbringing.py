"""What weights were trained with, besides the images: how those became numbers, and what the classes are called."""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from dataclasses import replace

from pydantic import ValidationError

from cvlab.engine.data.preprocessing import KINDS, NEEDS_ARRAYS, Preprocessing
from cvlab.engine.files import load_json, load_model
from cvlab.engine.nets.exchange.assembler import Imported
from cvlab.engine.nets.layers import Shape
from cvlab.engine.nets.shapes import infer

MAX_METADATA = 2_000_000
_LONGEST_NAME = 200


def output_shape(imported: Imported) -> Shape:
    """Of the net's last layer."""
    report = infer(imported.net)
    return report.layers[imported.net.order[-1]].output or ()


def told(imported: Imported, metadata: Mapping[str, str]) -> Imported:
    """With the "preprocessing" and "classes" of an ONNX file's metadata, where they are such as cvlab writes; a note says
    which cannot be used."""
    preprocessing, classes, notes = None, (), list(imported.notes)
    if "preprocessing" in metadata:
        preprocessing = _preprocessing(metadata["preprocessing"], imported.net.image_shape)
        if preprocessing is None:
            notes.append("How it wants its images prepared is not said in a way that can be used here.")
    if "classes" in metadata:
        classes = _classes(metadata["classes"], output_shape(imported))
        if not classes:
            notes.append("Its names of classes cannot be used.")
    return replace(imported, preprocessing=preprocessing, classes=classes, notes=tuple(notes))


def _preprocessing(text: str, image: Shape | None) -> Preprocessing | None:
    if len(text) > MAX_METADATA:
        return None
    try:
        found = load_model(Preprocessing, text)
    except ValueError:
        return None
    return found if _usable(found, image) else None


def _usable(found: Preprocessing, image: Shape | None) -> bool:
    """Whether it says all that it needs, for images of so many channels."""
    channels = image[0] if image else 0
    return found.kind not in NEEDS_ARRAYS and all(len(each) in (0, 1, channels) for each in (found.mean, found.std))


def _classes(text: str, output: Shape) -> tuple[str, ...]:
    try:
        names = load_json(text) if len(text) <= MAX_METADATA else ()
    except ValueError:
        return ()
    fits = isinstance(names, list) and len(names) == math.prod(output) and len(set(map(str, names))) == len(names)
    if not fits or not all(isinstance(name, str) and 0 < len(name) <= _LONGEST_NAME for name in names):
        return ()
    return tuple(names)


def of_source(tree: ast.Module, image: Shape | None) -> Preprocessing | None:
    """The preprocessing that a source's own `preprocess` does; None where there is none, or one that has been changed.

    Nothing is run: the numbers after `mean =` and `std =` are read, and the function must be word for word what cvlab writes
    for them.
    """
    function = next((n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "preprocess"), None)
    if function is None:
        return None
    numbers = {"mean": (), "std": ()}
    for statement in function.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id="mean" | "std" as name)], value=value):
                numbers[name] = _numbers(value)
    given = _unparsed(function.body)
    for kind in KINDS:
        try:
            candidate = Preprocessing(kind=kind, **numbers)
        except ValidationError:
            continue
        if _usable(candidate, image) and given == _unparsed(ast.parse(f"{candidate.code()}\nreturn x").body):
            return candidate
    return None


def _unparsed(body: list[ast.stmt]) -> str:
    return ast.unparse(ast.Module(body, []))


def _numbers(value: ast.expr) -> tuple[float, ...]:
    """Those of the first list in `torch.tensor([...], ...)...`."""
    for node in ast.walk(value):
        if isinstance(node, ast.List):
            values = [e.value for e in node.elts if isinstance(e, ast.Constant) and isinstance(e.value, int | float)]
            return tuple(float(value) for value in values if abs(value) < 2**63)
    return ()
