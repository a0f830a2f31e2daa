"""Random expressions as text, and what PyTorch makes of the same text: an oracle that shares no code with the engine."""

import math
import os
import re

import torch
from hypothesis import strategies as st

NAMES = ("x", "y", "z", "w")


def examples(usual: int) -> int:
    """How many examples a property is tried on: more by hand, as CVLAB_EXAMPLES says."""
    return int(os.environ.get("CVLAB_EXAMPLES", usual))


def _tensor(x):
    return torch.as_tensor(x, dtype=torch.float64)


def _of_one(f):
    return lambda x: f(_tensor(x))


def _of_several(reduce):
    return lambda *xs: reduce(torch.stack([_tensor(x) for x in xs]))


_ONE = ["exp", "log", "sin", "cos", "tan", "tanh", "sigmoid", "relu", "sqrt", "abs", "square"]
SPACE = {name: _of_one(getattr(torch, name)) for name in _ONE}
SPACE |= {"max": _of_several(torch.amax), "min": _of_several(torch.amin), "T": _tensor, "__builtins__": {}}

# log and sqrt see what is above 0, so that most examples have finite values.
_UNARY = [f"{f}({{}})" for f in ("sin", "cos", "tanh", "sigmoid", "relu", "abs", "square", "tan", "exp")] + [
    "-{}", "log(abs({}) + 0.5)", "sqrt(square({}) + 1)", "{} ** 2", "{} ** 3", "{} / 2", "2 - {}", "1 / (1.5 + cos({}))",
    "(abs({}) + 0.1) ** -1.5",
]  # fmt: skip
_BINARY = ["{} + {}", "{} - {}", "{} * {}", "{} / {}", "max({}, {})", "min({}, {})", "(1 + abs({})) ** {}"]


def expressions(leaves: int = 12):
    """Text such as "(sin(x) * (y + 2)) / z" over x, y, z and w."""
    leaf = st.sampled_from(NAMES) | st.sampled_from(["0.5", "2", "3.25"])

    def grow(inner):
        return (
            st.builds(lambda f, a: f"({f.format(a)})", st.sampled_from(_UNARY), inner)
            | st.builds(lambda f, a, b: f"({f.format(a, b)})", st.sampled_from(_BINARY), inner, inner)
            | st.builds(lambda a, b, c: f"max({a}, {b}, {c})", inner, inner, inner)
        )

    return st.recursive(leaf, grow, max_leaves=leaves).filter(lambda text: any(map(str.isalpha, text)))


def inputs():
    """Values with few digits, so that ties and zeros happen, and others without pattern."""
    number = st.integers(-8, 8).map(lambda i: i / 4) | st.floats(-2, 2).filter(lambda v: v == 0 or abs(v) > 1e-3)
    return st.fixed_dictionaries(dict.fromkeys(NAMES, number))


def by_torch(text: str, values: dict[str, float]):
    """(value, {name: gradient}) by autograd in float64; a name that the text does not use has gradient 0."""
    xs = {name: torch.tensor(value, dtype=torch.float64, requires_grad=True) for name, value in values.items()}
    space = dict(SPACE)
    for line in text.replace(";", "\n").splitlines():
        name, equals, right = line.partition("=")
        # Numbers become tensors, so that 1 / 0 is infinity here too.
        written = re.sub(r"(?<![\w.])\d+(?:\.\d+)?", r"T(\g<0>)", right if equals else line)
        result = eval(written, space, xs)  # our own text
        if equals:
            xs[name.strip()] = result
    if result.requires_grad:
        result.backward()
    grads = {name: xs[name].grad for name in values}
    return result.item(), {name: 0.0 if g is None else g.item() for name, g in grads.items()}


def all_finite(*numbers) -> bool:
    return all(math.isfinite(n) for n in numbers)
