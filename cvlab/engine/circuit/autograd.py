"""The same circuit by PyTorch's autograd, in float64: a second opinion on every gradient. Imports torch when it is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cvlab.engine.circuit.circuit import Circuit
from cvlab.engine.circuit.tensors import cells


def by_autograd(circuit: Circuit, inputs: Mapping[str, float]) -> dict[str, float]:
    """The gradient of the output by every number, as `torch.autograd` has it; 0 where the output does not depend on it."""
    import torch

    circuit = circuit.unfolded or circuit
    leaves = {
        n.name: torch.tensor(circuit.value_of(n, inputs), dtype=torch.float64, requires_grad=True)
        for n in circuit.inputs
    }
    gates = _gates()
    values: list[torch.Tensor] = []
    for node in circuit.nodes:
        if node.kind == "input":
            values.append(leaves[node.name])
        elif node.kind == "constant":
            values.append(torch.tensor(node.value, dtype=torch.float64))
        else:
            values.append(gates[node.gate](*[values[i] for i in node.operands]))
    output = values[circuit.output]
    found = (
        torch.autograd.grad(output, list(leaves.values()), allow_unused=True)
        if output.requires_grad
        else [None] * len(leaves)
    )
    result: dict[str, float] = {}
    for node, gradient in zip(circuit.inputs, found, strict=True):
        names = cells(node.name, node.shape)
        result.update(zip(names, [0.0] * len(names) if gradient is None else gradient.flatten().tolist(), strict=True))
    return result


def _gates() -> dict[str, Callable]:
    import torch
    from torch.nn import functional

    gates = {name: getattr(torch, name) for name in
             ("exp", "log", "sin", "cos", "tan", "tanh", "sigmoid", "relu", "sqrt", "abs", "square", "neg", "add", "sub",
              "mul", "div", "pow", "matmul", "sum", "mean")}  # fmt: skip

    def extreme(reduce: Callable, several: Callable) -> Callable:
        def of(*xs: torch.Tensor) -> torch.Tensor:
            # Of two, torch.maximum: unlike amax it masks the gradient of what lost, so that infinity does not become NaN.
            if len(xs) == 2:
                return several(*xs)
            return reduce(torch.stack(torch.broadcast_tensors(*xs)), 0) if len(xs) > 1 else reduce(xs[0])

        return of

    def rows(s, y):
        return torch.atleast_2d(s), torch.atleast_1d(y).long()

    def hinge(s, y, delta=1.0):
        s, y = rows(s, y)
        margins = (s - s.gather(1, y[:, None]) + delta).relu()
        return margins.masked_fill(functional.one_hot(y, s.shape[1]).bool(), 0.0).sum() / len(s)

    return gates | {
        "max": extreme(torch.amax, torch.maximum),
        "min": extreme(torch.amin, torch.minimum),
        "transpose": lambda x: x.transpose(0, -1),
        "softmax": lambda x: x.softmax(-1),
        "logsumexp": lambda x: x.logsumexp(-1),
        "cross_entropy": lambda s, y: functional.cross_entropy(*rows(s, y)),
        "hinge": hinge,
        "index": lambda x, *at: x[tuple(int(i) for i in at)],
        "stack": lambda *xs: torch.stack(xs),
    }
