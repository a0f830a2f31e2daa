"""The words of the pattern language: what CONV 16@3x3/2 same means as a layer, and how a layer is written."""

from __future__ import annotations

import re
from collections.abc import Callable

from pydantic import ValidationError

from cvlab.engine.errors import GraphError
from cvlab.engine.nets.layers import (
    AvgPool,
    BatchNorm,
    Conv,
    Dropout,
    Dropout2d,
    Elu,
    Flatten,
    Gelu,
    GlobalPool,
    GroupNorm,
    Input,
    L2Pool,
    LayerNorm,
    LayerSpec,
    LeakyRelu,
    Linear,
    Maxout,
    MaxPool,
    Relu,
    Sigmoid,
    Softmax,
    Tanh,
)
from cvlab.engine.validation import first_problem

Turns = tuple[tuple[int, int], ...]
FIRST_FILTERS, UNITS = 16, 128

_POOLS = {"POOL": MaxPool, "MAXPOOL": MaxPool, "AVGPOOL": AvgPool, "L2POOL": L2Pool}
_PLAIN: dict[str, Callable[[], LayerSpec]] = {
    "RELU": Relu, "GELU": Gelu, "SIGMOID": Sigmoid, "TANH": Tanh, "SOFTMAX": Softmax, "BN": BatchNorm, "LN": LayerNorm,
    "FLATTEN": Flatten, "GAP": GlobalPool, "GMP": lambda: GlobalPool(mode="max"),
}  # fmt: skip
_ONE_NUMBER: dict[str, tuple[type[LayerSpec], str, type]] = {
    "DROPOUT": (Dropout, "drop", float), "DROPOUT2D": (Dropout2d, "drop", float), "LEAKY": (LeakyRelu, "slope", float),
    "ELU": (Elu, "alpha", float), "MAXOUT": (Maxout, "pieces", int), "GN": (GroupNorm, "groups", int),
}  # fmt: skip
WORDS = ("INPUT", "CONV", *_POOLS, "FC", *_PLAIN, *_ONE_NUMBER)

_CONV = re.compile(
    r"(?P<filters>\d+(?:\|\d+)*)?\s*(?:@?\s*(?P<kernel>\d+)\s*[x×]\s*(?P<kernel2>\d+))?\s*(?:/\s*(?P<stride>\d+))?(?P<rest>.*)"
)
_POOL = re.compile(r"(?:(?P<kernel>\d+)\s*[x×]\s*(?P<kernel2>\d+))?\s*(?:/\s*(?P<stride>\d+))?(?P<rest>.*)")


def read_layer(word: str, sizes: str, turns: Turns, image: tuple[int, int, int], classes: int | None) -> LayerSpec:
    """The layer that a word and its sizes mean in this repetition. classes: of the last FC; raises ValueError in words."""
    try:
        return _read(word, sizes, turns, image, classes)
    except ValidationError as error:
        raise ValueError(f"{word}: {first_problem(error)}") from error


def _read(word: str, sizes: str, turns: Turns, image: tuple[int, int, int], classes: int | None) -> LayerSpec:
    if word == "INPUT":
        return _input(sizes, image)
    if word == "CONV":
        return _conv(sizes, turns)
    if word in _POOLS:
        return _pool(word, sizes)
    if word == "FC":
        match = re.fullmatch(r"(\d+(?:\|\d+)*)?\s*(nobias)?", sizes, re.IGNORECASE)
        if match is None:
            raise ValueError("FC takes the number of its units, such as FC 120, and perhaps nobias.")
        units = _choose(match[1], turns) if match[1] else (classes or UNITS)
        return Linear(units=units, bias=match[2] is None)
    if word in _ONE_NUMBER:
        kind, field, number = _ONE_NUMBER[word]
        if not sizes:
            return kind()
        try:
            return kind(**{field: number(sizes)})
        except ValidationError:
            raise
        except ValueError as error:
            raise ValueError(f"{word} takes one number.") from error
    if sizes:
        raise ValueError(f"{word} takes no sizes.")
    return _PLAIN[word]()


def _input(sizes: str, image: tuple[int, int, int]) -> Input:
    if not sizes:
        return Input(channels=image[0], height=image[1], width=image[2])
    match = re.fullmatch(r"(\d+)\s*[x×]\s*(\d+)\s*[x×]\s*(\d+)", sizes)
    if match is None:
        raise ValueError("INPUT takes width x height x depth, such as INPUT 32x32x3.")
    return Input(width=int(match[1]), height=int(match[2]), channels=int(match[3]))


def _conv(sizes: str, turns: Turns) -> Conv:
    match = _CONV.fullmatch(sizes)
    if match is None or (match["kernel"] and match["kernel"] != match["kernel2"]):
        raise ValueError("CONV takes filters @ kernel / stride, such as CONV 16@3x3/1; kernels are square.")
    outer = turns[0][0] if turns else 0
    settings: dict = {
        "filters": _choose(match["filters"], turns) if match["filters"] else min(FIRST_FILTERS * 2**outer, 512),
        "kernel": int(match["kernel"] or 3),
        "stride": int(match["stride"] or 1),
    }
    settings |= _options(match["rest"], "CONV", ("pad", "dilation", "groups", "same", "valid", "nobias"))
    if "padding" in settings:
        settings["border"] = "number"
    return Conv(**{"border": "same"} | settings)


def _pool(word: str, sizes: str) -> LayerSpec:
    match = _POOL.fullmatch(sizes)
    if match is None or (match["kernel"] and match["kernel"] != match["kernel2"]):
        raise ValueError(f"{word} takes window / stride, such as {word} 2x2/2; windows are square.")
    kernel = int(match["kernel"] or 2)
    words = () if word == "L2POOL" else ("pad",)
    return _POOLS[word](kernel=kernel, stride=int(match["stride"] or kernel), **_options(match["rest"], word, words))


def _options(rest: str, word: str, known: tuple[str, ...]) -> dict:
    """ "pad 2 nobias" as settings."""
    settings: dict = {}
    parts = rest.lower().split()
    while parts:
        option = parts.pop(0)
        if option not in known:
            may = f"may be followed by: {', '.join(known)}" if known else "takes no more"
            raise ValueError(f"“{option[:20]}” means nothing here: {word} {may}.")
        if option in ("same", "valid"):
            settings["border"] = option
        elif option == "nobias":
            settings["bias"] = False
        else:
            if not parts or not parts[0].isdigit():
                raise ValueError(f"A number must follow {option}.")
            settings["padding" if option == "pad" else option] = int(parts.pop(0))
    return settings


def _choose(numbers: str, turns: Turns) -> int:
    """ "16|32" in the second turn of two: 32. The outermost bracket with as many turns as there are numbers decides."""
    values = [int(number) for number in numbers.split("|")]
    if len(values) == 1:
        return values[0]
    for turn, count in turns:
        if count == len(values):
            return values[turn]
    raise ValueError(f"{numbers} has {len(values)} entries, but no bracket around it repeats {len(values)} times.")


def word_of(layer: LayerSpec) -> str:
    """The layer in the pattern's words; raises `GraphError` for one that it has none for."""
    text = _word(layer)
    # What the words leave out must be at its default: reading them again shows it.
    name, _, sizes = text.partition(" ")
    if not text or read_layer(name, sizes, (), (1, 1, 1), None) != layer:
        raise GraphError(
            f"The pattern has no words for {layer.title} ({layer.label() or 'these settings'}).",
            remedy="The file of the net, or its PyTorch source, says it all.",
        )
    return text


def _word(layer: LayerSpec) -> str:
    match layer:
        case Input():
            return f"INPUT {layer.width}x{layer.height}x{layer.channels}"
        case Conv():
            text = f"CONV {layer.filters}@{layer.kernel}x{layer.kernel}" + (
                f"/{layer.stride}" if layer.stride > 1 else ""
            )
            text += {"number": f" pad {layer.padding}", "valid": " valid", "same": ""}[layer.border]
            text += f" dilation {layer.dilation}" if layer.dilation > 1 else ""
            text += f" groups {layer.groups}" if layer.groups > 1 else ""
            return text + ("" if layer.bias else " nobias")
        case MaxPool() | AvgPool() | L2Pool():
            name = {MaxPool: "POOL", AvgPool: "AVGPOOL", L2Pool: "L2POOL"}[type(layer)]
            sizes = "" if (layer.kernel, layer.stride) == (2, 2) else f" {layer.kernel}x{layer.kernel}/{layer.stride}"
            return name + (sizes or " 2x2/2" if layer.zeros else sizes) + (f" pad {layer.zeros}" if layer.zeros else "")
        case Linear():
            return f"FC {layer.units}" + ("" if layer.bias else " nobias")
        case GlobalPool():
            return "GAP" if layer.mode == "average" else "GMP"
    for name, (kind, field, _) in _ONE_NUMBER.items():
        if type(layer) is kind:
            return f"{name} {getattr(layer, field)!r}"
    return next((name for name, kind in _PLAIN.items() if type(layer) is kind), "")
