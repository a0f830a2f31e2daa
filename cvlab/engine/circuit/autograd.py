"""The same circuit by PyTorch's autograd, in float64: a second opinion on every gradient. Imports torch when it is asked."""

from __future__ import annotations

from collections.abc import Mapping

from cvlab.engine.circuit.circuit import Circuit


def by_autograd(circuit: Circuit, inputs: Mapping[str, float]) -> dict[str, float]:
    """The gradient of the output by every input, as `torch.autograd` has it; 0 where the output does not depend on it."""
    import torch

    leaves = {n.name: torch.tensor(inputs[n.name], dtype=torch.float64, requires_grad=True) for n in circuit.inputs}
    one = {name: getattr(torch, name) for name in
           ("exp", "log", "sin", "cos", "tan", "tanh", "sigmoid", "relu", "sqrt", "abs", "square", "neg")}  # fmt: skip
    two = {name: getattr(torch, name) for name in ("add", "sub", "mul", "div", "pow")}
    many = {"max": torch.amax, "min": torch.amin}
    values: list[torch.Tensor] = []
    for node in circuit.nodes:
        if node.kind == "input":
            values.append(leaves[node.name])
        elif node.kind == "constant":
            values.append(torch.tensor(node.value, dtype=torch.float64))
        elif node.gate in many:
            values.append(many[node.gate](torch.stack([values[i] for i in node.operands])))
        else:
            values.append((one | two)[node.gate](*[values[i] for i in node.operands]))
    output = values[circuit.output]
    if not output.requires_grad:
        return dict.fromkeys(leaves, 0.0)
    found = torch.autograd.grad(output, list(leaves.values()), allow_unused=True)
    return {name: 0.0 if g is None else g.item() for name, g in zip(leaves, found, strict=True)}
