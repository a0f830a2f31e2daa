"""From architecture to PyTorch source that runs on its own: the module, and how it must be fed."""

from __future__ import annotations

import inspect
import re

from cvlab.engine.data.preprocessing import Preprocessing
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import Input, volume
from cvlab.engine.nets.shapes import NetReport, infer

HELPERS = ("L2Pool", "Maxout", "Reshape")
"""Classes of `modules` that a generated file may need."""


def source(net: Architecture, preprocessing: Preprocessing | None = None, weights_file: str = "") -> str:
    """A Python file that defines the net as a class with the same attribute names, so that its weight files load into it.

    preprocessing: what the bytes 0..255 must become before `forward`; left out, the file says nothing about it. weights_file:
    the name of the safetensors file that lies beside it; then `load()` gives the net with those weights.
    Raises the first `NetError` of a net that does not fit. Groups that repeat are written out.
    """
    lines = definition(net)
    if preprocessing is not None:
        lines += preprocess_function(preprocessing)
    if weights_file:
        lines += [
            "def load():",
            "    # The net with its weights, which lie beside this file (pip install safetensors).",
            "    from pathlib import Path",
            "",
            "    from safetensors.torch import load_file",
            "",
            "    net = Net()",
            f"    net.load_state_dict(load_file(Path(__file__).with_name({weights_file!r})))",
            "    return net.eval()",
            "",
            "",
        ]
    lines += [
        'if __name__ == "__main__":',
        "    net = load()" if weights_file else "    net = Net().eval()",
        f"    print(net(torch.zeros(1, {', '.join(map(str, net.image_shape))})).shape)",
        "",
    ]
    return "\n".join(lines)


def definition(net: Architecture) -> list[str]:
    """The lines of the file up to the end of `class Net`; raises the first `NetError`."""
    report = infer(net).flat
    report.raise_first()
    net = net.flat
    attributes = _attributes(net, report)
    width = max((len(attribute) for attribute, _ in attributes), default=0)
    text = " ".join(attribute for attribute, _ in attributes)
    needed = [name for name in HELPERS if re.search(rf"(?<![.\w]){name}\(", text)]
    shapes = ", ".join(map(str, net.image_shape))
    output = report.layers[net.order[-1]].output
    return [
        f'"""{_title(net)}: {report.parameters:,} parameters, {report.multiply_adds:,} multiply-adds an image."""',
        "",
        "import torch",
        "from torch import nn",
        "",
        "",
        *_helper_sources(needed),
        "class Net(nn.Module):",
        "    def __init__(self):",
        "        super().__init__()",
        *(f"        {attribute:<{width}}  # {told}" for attribute, told in attributes),
        "",
        "    def forward(self, x):",
        f"        # x: (N, {shapes}) float -> (N, {', '.join(map(str, output))})"  # type: ignore[arg-type]
        + (" scores" if len(output) == 1 else ""),  # type: ignore[arg-type]
        *(f"        {step}" for step in _calls(net)),
        "",
        "",
    ]


def preprocess_function(preprocessing: Preprocessing) -> list[str]:
    """Lines of a function that turns bytes (N, C, H, W) into what the net was trained on."""
    return [
        "def preprocess(x):",
        "    # x: (N, C, H, W) bytes, exactly as this net was trained",
        *(f"    {line}" for line in preprocessing.code().splitlines()),
        "    return x",
        "",
        "",
    ]


def _attributes(net: Architecture, report: NetReport) -> list[tuple[str, str]]:
    """("self.conv1 = nn.Conv2d(...)", "28×28×1 -> 28×28×6") for every layer that needs a module."""
    lines = []
    for node_id in net.order:
        node, layer = net.by_id[node_id], report.layers[node_id]
        if isinstance(node.layer, Input) or node.layer.call_code("x", "y"):
            continue
        told = f"{', '.join(map(volume, layer.inputs))} -> {volume(layer.output)}"  # type: ignore[arg-type]
        lines.append((f"self.{node.name} = {node.layer.code(*layer.inputs)}", told))
    return lines


def _calls(net: Architecture) -> list[str]:
    names = _variables(net)
    steps = []
    for node_id in net.order:
        node = net.by_id[node_id]
        if isinstance(node.layer, Input):
            continue
        sources = [names[edge.source] for edge in net.into(node_id)]
        call = node.layer.call_code(*sources) or f"self.{node.name}({', '.join(sources)})"
        steps.append(f"{names[node_id]} = {call}")
    return [*steps, f"return {names[net.order[-1]]}"]


def _variables(net: Architecture) -> dict[int, str]:
    """`x` all along a chain; where values live side by side, a name of their own."""
    chain = all(len(net.out_of(node.id)) < 2 and len(net.into(node.id)) < 2 for node in net.nodes)
    if chain:
        return dict.fromkeys(net.order, "x")
    position = {node_id: index for index, node_id in enumerate(net.order)}
    names: dict[int, str] = {}
    for node_id in net.order:
        out = net.out_of(node_id)
        # Read by the next line only: the value may be called x. Otherwise another x could come before its reader.
        at_once = len(out) <= 1 and all(position[edge.target] == position[node_id] + 1 for edge in out)
        is_input = isinstance(net.by_id[node_id].layer, Input)
        merges = len(net.into(node_id)) > 1  # has no attribute that would keep its name
        names[node_id] = "x" if is_input or (at_once and not merges) else f"{net.by_id[node_id].name}_out"
    start = net.order[0]
    last_read = max((position[edge.target] for edge in net.out_of(start)), default=0)
    for node_id in net.order[1:]:
        # The input is x, too, as long as somebody still has to read it.
        if names[node_id] == "x" and position[node_id] < last_read:
            names[node_id] = f"{net.by_id[node_id].name}_out"
    return names


def _helper_sources(needed: list[str]) -> list[str]:
    if not needed:
        return []
    from cvlab.engine.nets import modules

    return [
        line for name in needed for line in (*inspect.getsource(getattr(modules, name)).rstrip().split("\n"), "", "")
    ]


def _title(net: Architecture) -> str:
    return net.name.replace("\\", "").replace('"', "'").replace("\n", " ")
