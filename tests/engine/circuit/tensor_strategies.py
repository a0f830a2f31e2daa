"""Random expressions of vectors and matrices as text, and what PyTorch makes of them: an oracle that shares no code."""

import torch
from hypothesis import strategies as st
from torch.nn import functional

SIZES = (2, 3)
INPUTS = {f"V{n}": (n,) for n in SIZES} | {f"M{m}{n}": (m, n) for m in SIZES for n in SIZES} | {"c": (), "d": ()}


def _margins(s, y, delta=1.0):
    rows, y = torch.atleast_2d(s), torch.atleast_1d(torch.as_tensor(y))
    total = torch.zeros((), dtype=torch.float64)
    for row, k in zip(rows, y.tolist(), strict=True):
        total = total + sum(torch.relu(row[j] - row[k] + delta) for j in range(len(row)) if j != k)
    return total / len(rows)


def _several(reduce):
    def of(*xs):
        if len(xs) == 1:
            return reduce(xs[0])
        return reduce(torch.stack(torch.broadcast_tensors(*[torch.as_tensor(x, dtype=torch.float64) for x in xs])), 0)

    return of


def _ce(s, y):
    return functional.cross_entropy(torch.atleast_2d(s), torch.atleast_1d(torch.as_tensor(y)))


_NAMED = ("sin", "cos", "tanh", "sigmoid", "relu", "abs", "square", "exp", "log", "sqrt", "sum", "mean")
SPACE = {name: getattr(torch, name) for name in _NAMED} | {
    "softmax": lambda x: x.softmax(-1), "logsumexp": lambda x: x.logsumexp(-1), "cross_entropy": _ce, "hinge": _margins,
    "max": _several(torch.amax), "min": _several(torch.amin), "__builtins__": {},
}  # fmt: skip

_UNARY = [f"{f}({{}})" for f in ("sin", "cos", "tanh", "sigmoid", "relu", "abs", "square")] + [
    "(-{})", "log(abs({}) + 0.5)", "sqrt(square({}) + 1)", "({} ** 2)", "exp(-abs({}))", "(2 - {})", "(1 / (1.5 + cos({})))",
    "((abs({}) + 0.1) ** -1.5)", "tanh({} / 2)",
]  # fmt: skip
_BINARY = ["({} + {})", "({} - {})", "({} * {})", "({} / (2.5 + abs({})))", "max({}, {})", "min({}, {})"]


def _leaf(shape):
    return st.just({0: "c", 1: "V{}", 2: "M{}{}"}[len(shape)].format(*shape)) if shape else st.sampled_from(["c", "d"])


@st.composite
def of_shape(draw, shape, depth):
    """Text of this shape, at most so deep."""
    if depth == 0:
        return draw(_leaf(shape))

    def part(other):
        return draw(of_shape(other, draw(st.integers(0, depth - 1))))

    size = draw(st.sampled_from(SIZES))
    kinds = ["leaf", "unary", "binary", "spread"]
    kinds += {0: ["sum", "inner", "loss", "losses", "place"], 1: ["product", "left", "softmax", "row", "lse"], 2: [
        "product", "turned", "softmax"]}[len(shape)]  # fmt: skip
    kind = draw(st.sampled_from(kinds))
    if kind == "leaf":
        return draw(_leaf(shape))
    if kind == "unary":
        return draw(st.sampled_from(_UNARY)).format(part(shape))
    if kind == "binary":
        return draw(st.sampled_from(_BINARY)).format(part(shape), part(shape))
    if kind == "spread":
        # One of the two has fewer axes and is repeated to fit.
        smaller = draw(st.sampled_from([(), shape[1:]]))
        pair = [part(shape), part(smaller)]
        return draw(st.sampled_from(_BINARY)).format(*(pair if draw(st.booleans()) else pair[::-1]))
    if kind == "product":
        return f"({part((shape[0], size))} @ {part((size, *shape[1:]))})"
    if kind == "left":
        return f"({part((size,))} @ {part((size, *shape))})"
    if kind == "softmax":
        return f"softmax({part(shape)})"
    if kind == "row":
        return f"{part((size, *shape))}[{size - 1}]"
    if kind == "lse":
        return f"logsumexp({part((*shape, size))})"
    if kind == "turned":
        return f"{part(shape[::-1])}.T"
    other = draw(st.sampled_from([(size,), (size, draw(st.sampled_from(SIZES)))]))
    if kind == "sum":
        return f"{draw(st.sampled_from(['sum', 'mean', 'max', 'min']))}({part(other)})"
    if kind == "inner":
        return f"({part((size,))} @ {part((size,))})"
    if kind == "place":
        return f"{part(other)}[{','.join('1' for _ in other)}]"
    loss = draw(st.sampled_from(["cross_entropy({}, {})", "hinge({}, {})", "hinge({}, {}, 0.5)"]))
    if kind == "losses":
        return loss.format(part((size, 3)), str([draw(st.integers(0, 2)) for _ in range(size)]))
    return loss.format(part((size,)), draw(st.integers(0, size - 1)))


def values():
    """Numbers for every input: with few digits, so that ties happen, or without pattern."""
    number = st.integers(-8, 8).map(lambda i: i / 4) | st.floats(-2, 2).filter(lambda v: v == 0 or abs(v) > 1e-3)

    def numbers(shape):
        if not shape:
            return number
        inner = st.lists(number, min_size=shape[-1], max_size=shape[-1])
        return inner if len(shape) == 1 else st.lists(inner, min_size=shape[0], max_size=shape[0])

    return st.fixed_dictionaries({name: numbers(shape) for name, shape in INPUTS.items()})


def with_values(text, given):
    """The whole text of a circuit: the inputs it uses with their numbers, then the expression."""
    return "\n".join([*(f"{name} = {value}" for name, value in given.items() if name in text), f"f = {text}"])


def by_torch(text, given):
    """(value, {name: gradient tensor})."""
    xs = {name: torch.tensor(value, dtype=torch.float64, requires_grad=True) for name, value in given.items()}
    result = eval(text, dict(SPACE), xs)  # our own text
    result.backward()
    return result.item(), {name: x.grad for name, x in xs.items() if name in text}
