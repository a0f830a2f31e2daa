"""From architecture to PyTorch source that runs on its own: the module, and how it must be fed."""

from __future__ import annotations

from cvlab.engine.data.preprocessing import Preprocessing
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import Input, volume
from cvlab.engine.nets.shapes import infer


def source(net: Architecture, preprocessing: Preprocessing | None = None) -> str:
    """A Python file that defines the net as a class with the same attribute names, so that its weight files load into it.

    preprocessing: what the bytes 0..255 must become before `forward`; left out, the file says nothing about it.
    Raises the first `NetError` of a net that does not fit.
    """
    report = infer(net)
    report.raise_first()
    lines, steps, width = [], [], 0
    for node_id in net.order:
        node = net.by_id[node_id]
        if isinstance(node.layer, Input):
            image = report.layers[node_id].output
            continue
        layer = report.layers[node_id]
        attribute = f"self.{node.name} = {node.layer.code(*layer.inputs)}"
        width = max(width, len(attribute))
        lines.append((attribute, f"{' , '.join(map(volume, layer.inputs))} -> {volume(layer.output)}"))
    names = _variables(net)
    for node_id in net.order:
        node = net.by_id[node_id]
        if isinstance(node.layer, Input):
            continue
        sources = ", ".join(names[edge.source] for edge in net.into(node_id))
        steps.append(f"{names[node_id]} = self.{node.name}({sources})")
    steps.append(f"return {names[net.order[-1]]}")
    head = f'"""{_title(net)}: {report.parameters:,} parameters, {report.multiply_adds:,} multiply-adds an image."""'
    body = [
        head,
        "",
        "import torch",
        "from torch import nn",
        "",
        "",
        "class Net(nn.Module):",
        "    def __init__(self):",
        "        super().__init__()",
        *(f"        {attribute:<{width}}  # {shapes}" for attribute, shapes in lines),
        "",
        "    def forward(self, x):",
        f"        # x: (N, {', '.join(map(str, image))}) float -> (N, {report.layers[net.order[-1]].output[0]}) scores",
        *(f"        {step}" for step in steps),
        "",
        "",
    ]
    if preprocessing is not None:
        body += [
            "def preprocess(x):",
            "    # x: (N, C, H, W) bytes, exactly as this net was trained",
            *(f"    {line}" for line in preprocessing.code().splitlines()),
            "    return x",
            "",
            "",
        ]
    body += [
        'if __name__ == "__main__":',
        "    net = Net().eval()",
        f"    print(net(torch.zeros(1, {', '.join(map(str, image))})).shape)",
        "",
    ]
    return "\n".join(body)


def _variables(net: Architecture) -> dict[int, str]:
    """`x` all along a chain; where a value is used twice, a name of its own."""
    names: dict[int, str] = {}
    for node_id in net.order:
        forks = any(len(net.out_of(edge.source)) > 1 for edge in net.into(node_id)) or len(net.out_of(node_id)) > 1
        is_input = isinstance(net.by_id[node_id].layer, Input)
        names[node_id] = "x" if is_input or not forks else f"{net.by_id[node_id].name}_out"
    return names


def _title(net: Architecture) -> str:
    return net.name.replace("\\", "").replace('"', "'").replace("\n", " ")
