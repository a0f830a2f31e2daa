"""Circuits that are ready: those of the course, and those that show one thing each, as text that a person could type."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Preset:
    """id: permanent. text: the circuit with its starting values. shows: what to see in it, a sentence or two.

    folded: names of values that are shown as one gate each, with the gates of their statement.
    """

    id: str
    title: str
    text: str
    shows: str
    folded: tuple[str, ...] = ()


def neuron(
    weights: Sequence[float],
    bias: float,
    inputs: Sequence[float],
    activation: Literal["relu", "tanh", "sigmoid", ""] = "relu",
) -> str:
    """One neuron of a layer as text: its weights (D,), bias and inputs (D,) as starting values, named w0.., b, x0.. .

    Raises ValueError if there are not as many weights as inputs, or none.
    """
    if not weights or len(weights) != len(inputs):
        raise ValueError(f"{len(weights)} weights cannot meet {len(inputs)} inputs")
    start = [f"{name}{i} = {float(v)!r}" for name, vs in (("w", weights), ("x", inputs)) for i, v in enumerate(vs)]
    total = " + ".join(f"w{i}*x{i}" for i in range(len(weights)))
    lines = ["; ".join([*start, f"b = {float(bias)!r}"]), f"s = {total} + b"]
    if activation:
        lines.append(f"a = {activation}(s)")
    return "\n".join(lines)


TWO_LAYER_NET = """x = [1, -2]
W1 = [[0.8, -0.5], [-0.4, 0.9], [0.6, -0.7]]; b1 = [0.1, 0.1, 0.1]
W2 = [[1, -0.6, 0.4], [-0.7, 0.8, 0.3]]; b2 = [0, 0]
h = relu(W1 @ x + b1)
s = W2 @ h + b2
L = cross_entropy(s, 0)"""
"""The course's small net, 2 inputs, 3 hidden ReLU neurons, 2 scores, with the softmax loss of class 0."""


PRESETS: tuple[Preset, ...] = (
    Preset("product-of-sum", "(x + y) z, the first circuit", "x = -2; y = 5; z = -4\nq = x + y\nf = q * z",
           "Add hands its gradient to both inputs unchanged; multiply swaps its inputs. Both x and y want to fall."),
    Preset("neuron", "A sigmoid neuron",
           "w0 = 2; x0 = -1; w1 = -3; x1 = -2; w2 = -3\nf = 1 / (1 + exp(-(w0*x0 + w1*x1 + w2)))",
           "Four gates make a sigmoid. Collapse them into one, whose local gradient is (1 − s) s."),
    Preset("routes", "Add, multiply and max", "x = 3; y = -4; z = 2; w = -1\nf = 2 * (x*y + max(z, w))",
           "Three patterns at once: add distributes, max routes to the larger, multiply swaps."),
    Preset("staged", "Staged computation",
           "x = 3; y = -4\nsigy = sigmoid(y)\nnum = x + sigy\nsigx = sigmoid(x)\nxpy = x + y\nden = sigx + xpy**2\nf = num / den",
           "Cut a function into pieces whose slopes are simple. x and y fork, so gradients add."),
    Preset("hinge", "The hinge loss of one class", "s_j = 1.2; s_y = 1.5; delta = 1\nL = max(0, s_j - s_y + delta)",
           "Inside the margin the gradient is 1 for the wrong score and -1 for the right one. Outside it, max shuts the wire."),
    Preset("softmax", "Softmax loss of three scores",
           "s0 = 1; s1 = 2; s2 = 0.5\ne0 = exp(s0); e1 = exp(s1); e2 = exp(s2)\np = e1 / (e0 + e1 + e2)\nL = -log(p)",
           "The gradient by each score is its probability, less 1 for the right class (here class 1)."),
    Preset("fork", "A value that forks", "x = 2; y = 3\na = x * y\nb = x + a\nf = a * b",
           "x and a are used twice. What comes back along the branches adds up."),
    Preset("two-layer-neuron", "Two layers of ReLU",
           "x = 1.5; w1 = 0.8; b1 = -0.4; w2 = -1.2; b2 = 2\nh = relu(w1*x + b1)\nf = relu(w2*h + b2)",
           "As long as both gates are open, gradients multiply along the way. Turn b1 down until the first one shuts."),
    Preset("linear-softmax", "W x + b, then softmax",
           "W = [[0.1, 0.5], [-0.3, 0.8], [0.4, -0.1]]; b = [0.1, 0, -0.1]\nx = [0.2, 0.4]\n"
           "s = W @ x + b\nL = cross_entropy(s, 2)",
           "A linear classifier of 3 classes in one gate: the gradient of W is the outer product of the scores' gradient and x."),
    Preset("linear-hinge", "W x, then the hinge loss",
           "W = [[0.01, -0.05, 0.1, 0.05], [0.7, 0.2, 0.05, 0.16], [0, -0.45, -0.2, 0.03]]; b = [0, 0.2, -0.3]\n"
           "x = [-15, 22, -44, 56]\ns = W @ x + b\nL = hinge(s, 2)",
           "The course's scores, -2.85, 0.86 and 0.28, and its hinge loss of 1.58. Scores that keep the margin get no gradient."),
    Preset("net-2-3-2", "A whole net, 2-3-2", TWO_LAYER_NET,
           "A net is only a larger circuit: 17 weights and biases, every gradient by the same local rules. Each layer is one "
           "gate here: double-click it to see its product, sum and ReLU.", ("h", "s")),
    Preset("batch", "A layer with a small batch",
           "X = [[1, 2], [-1, 0.5], [0.5, -2]]\nW = [[0.5, -0.3, 0.8], [-0.2, 0.6, 0.1]]; b = [0.1, 0, -0.1]\n"
           "H = X @ W + b\nL = cross_entropy(H, [0, 1, 2])",
           "Three examples at once, one a row. b was added to each row, so its gradient is summed over them; dW is Xᵀ times dH."),
    Preset("vanishing", "Why gradients vanish",
           "x = 1; w = 0.9\na = sigmoid(w*x)\nb = sigmoid(w*a)\nc = sigmoid(w*b)\nf = sigmoid(w*c)",
           "Each sigmoid multiplies the gradient by at most 0.25. Four in a row leave little for x."),
    Preset("bowl", "A bowl to descend", "x = 3; y = -2\nf = (x - 1)**2 + 2 * (y + 0.5)**2 + 1",
           "Press descend: the output falls to 1, where both gradients are 0."),
    Preset("everything", "Many kinds of gate",
           "a = -4; b = 2\nc = a + b\nd = a*b + b**3\ne = c - d\nf = e**2\ng = f/2 + 10/f + relu(b - a)",
           "Long chains are no harder than short ones: each gate only knows its own slope."),
)  # fmt: skip

BY_ID = {preset.id: preset for preset in PRESETS}
