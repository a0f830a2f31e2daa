"""A PyTorch model, such as one of torchvision's, as a net of ours: traced by torch.fx, every operator read as a layer."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import fx, nn

from cvlab.engine.data.preprocessing import Preprocessing
from cvlab.engine.errors import NetError
from cvlab.engine.installation import detect
from cvlab.engine.nets.exchange.assembler import Assembler, Imported, NotHere, Weights
from cvlab.engine.nets.exchange.torch_modules import spec_of, square
from cvlab.engine.nets.exchange.weights_file import with_weights
from cvlab.engine.nets.layers import Add, Concat, Dropout, Flatten, GlobalPool

TORCHVISION = (
    "alexnet", "vgg11", "vgg11_bn", "vgg13", "vgg13_bn", "vgg16", "vgg16_bn", "vgg19", "vgg19_bn", "resnet18", "resnet34",
    "resnet50", "resnet101", "resnet152", "resnext50_32x4d", "wide_resnet50_2", "squeezenet1_0", "squeezenet1_1", "googlenet",
    "densenet121", "mobilenet_v2", "mnasnet0_5",
)  # fmt: skip
"""Models of torchvision that may be asked for by name; some have operators that no layer here can do, and say which."""


IMAGENET = Preprocessing(kind="standardize", mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
"""How torchvision's published weights want their images."""


def read_torchvision(
    name: str,
    image: tuple[int, int, int] = (3, 224, 224),
    classes: int = 1000,
    weights: Mapping[str, np.ndarray] | None = None,
) -> Imported:
    """A model of torchvision; nothing is downloaded. Raises `NotHere` that lists what has no layer here.

    weights: by the model's own names, as its published files have them (`read_weights_file`); with them come its
    preprocessing and, for 1,000 classes, their names. Raises `NotOurFile` for those of another model.
    """
    if name not in TORCHVISION:
        raise NetError(
            "torchvision's model of this name is not known here.", received=name[:40],
            remedy=f"Choose one of: {', '.join(TORCHVISION)}.",
        )  # fmt: skip
    from cvlab.engine.data.vision import torchvision

    try:
        torchvision()
    except ImportError as error:
        raise NetError("torchvision is not installed.", remedy=f"Install it: {detect().add('torchvision')}") from error
    from torchvision import models

    options = {"init_weights": False} if name == "googlenet" else {}
    with torch.device("meta"):  # no memory, no weights: fresh ones would be worth nothing
        model = getattr(models, name)(weights=None, num_classes=classes, **options)
    found = read_model(model, image, name)
    if weights is None:
        return found
    names = models.get_model_weights(name).DEFAULT.meta["categories"]
    if len(set(names)) < len(names):  # ImageNet has two cranes and two maillots
        names = [f"{n} {names[:i].count(n) + 1}" if names.count(n) > 1 else n for i, n in enumerate(names)]
    found = with_weights(found, weights)
    known = len(names) == classes
    return replace(found, preprocessing=IMAGENET if image[0] == 3 else None, classes=tuple(names) if known else ())


def read_model(model: nn.Module, image: tuple[int, int, int], name: str = "") -> Imported:
    """A model that computes one value from one image batch, as it predicts (in evaluation mode), weights included.

    Raises `NotHere`: the first line names every operator that has no layer here.
    """
    was_training = model.training
    try:
        graph = fx.symbolic_trace(model.eval())
    except Exception as error:  # tracing runs the model's own Python, which may do anything
        raise NotHere(
            "The model cannot be traced: what it does depends on its numbers.", received=str(error).split("\n")[0][:120]
        ) from error
    finally:
        model.train(was_training)
    _refuse_unknown(graph)
    start = next(node for node in graph.graph.nodes if node.op == "placeholder")
    net = Assembler(name or type(model).__name__, image, start)
    weights: Weights = {}
    seen: set[str] = set()
    for node in graph.graph.nodes:
        if node.op == "call_module":
            _module(node, graph.get_submodule(node.target), net, weights, seen)
        elif node.op in ("call_function", "call_method"):
            _function(node, net)
        elif node.op == "output":
            if not isinstance(node.args[0], fx.Node):
                raise NotHere("The model gives more than one value.")
            return net.finish(node.args[0], weights)
    raise NotHere("The model gives nothing.")


def _module(node: fx.Node, module: nn.Module, net: Assembler, weights: Weights, seen: set[str]) -> None:
    source, target = node.args[0], str(node.target)
    if isinstance(module, nn.AdaptiveAvgPool2d | nn.AdaptiveMaxPool2d) and _sides(module.output_size) != (1, 1):
        mode = "average" if isinstance(module, nn.AdaptiveAvgPool2d) else "max"
        net.adaptive(node, source, _sides(module.output_size), mode, target)
        return
    state = module.state_dict()
    if state and target in seen:
        raise NotHere(f"{target} is used twice; layers here do not share weights.")
    seen.add(target)
    if isinstance(module, nn.MaxPool2d) and module.ceil_mode:
        kernel, stride, padding = (square(getattr(module, n), n, module) for n in ("kernel_size", "stride", "padding"))
        source = net.rounded_up((node, "rounded up"), source, kernel, stride, padding, target)
    layer = spec_of(module, net.shape(source))
    if layer is None:
        net.alias(node, source)
        return
    name = net.place(node, layer, [source], target)
    weights.update(
        {f"{name}.{key}": value.detach().cpu().numpy().copy() for key, value in state.items() if not value.is_meta}
    )


def _function(node: fx.Node, net: Assembler) -> None:
    called, arguments, options = _called(node), list(node.args), dict(node.kwargs)
    sources = [each for each in arguments if isinstance(each, fx.Node)]
    match called:
        case "add":
            if len(sources) != 2 or options.get("alpha", 1) != 1:
                raise NotHere(f"{node.name}: only the sum of two volumes has a layer here.")
            net.place(node, Add(), sources, node.name)
        case "cat":
            parts = list(arguments[0])
            dim = arguments[1] if len(arguments) > 1 else options.get("dim", 0)
            if dim != 1:
                raise NotHere(f"{node.name}: stacking along dimension {dim} has no layer here.")
            _concat(node, parts, net)
        case "flatten":
            begin = arguments[1] if len(arguments) > 1 else options.get("start_dim", 0)
            if begin != 1:
                raise NotHere(f"{node.name}: flattening from dimension {begin} has no layer here.")
            net.place(node, Flatten(), sources, node.name)
        case "mean":
            dims = arguments[1] if len(arguments) > 1 else options.get("dim")
            if sorted(d % 4 for d in (dims if isinstance(dims, list | tuple) else [0])) != [2, 3]:
                raise NotHere(f"{node.name}: a mean over {dims} has no layer here.")
            pooled = net.place((node, "pool"), GlobalPool(), sources, f"{node.name}_pool")
            if not options.get("keepdim", False):
                net.place(node, Flatten(), [(node, "pool")], f"{pooled}_flat")
            else:
                net.alias(node, (node, "pool"))
        case "adaptive_avg_pool2d":
            sides = _sides(arguments[1] if len(arguments) > 1 else options["output_size"])
            if sides == (1, 1):
                net.place(node, GlobalPool(), sources, node.name)
            else:
                net.adaptive(node, sources[0], sides, "average", node.name)
        case "dropout":
            net.place(node, Dropout(drop=options.get("p", 0.5)), sources, node.name)
        case _:
            net.place(node, spec_of(_PLAIN[called](), net.shape(sources[0])), sources[:1], node.name)  # type: ignore[arg-type]


def _concat(node: fx.Node, parts: list[Any], net: Assembler) -> None:
    """Merges here take eight wires at most: more are stacked in turn."""
    if len(parts) == 1:
        net.alias(node, parts[0])
        return
    rest, turn = parts, 0
    while len(rest) > 8:
        key = (node, turn)
        net.place(key, Concat(inputs=8), rest[:8], f"{node.name}_{turn}")
        rest, turn = [key, *rest[8:]], turn + 1
    net.place(node, Concat(inputs=len(rest)), rest, node.name)


_PLAIN: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "gelu": nn.GELU}
_FUNCTIONS = {"add", "cat", "flatten", "mean", "adaptive_avg_pool2d", "dropout", *_PLAIN}


def _called(node: fx.Node) -> str:
    if node.op == "call_method":
        return str(node.target).rstrip("_")
    if node.target in (operator.add, operator.iadd, torch.add):
        return "add"
    if node.target in (torch.cat, torch.concat):
        return "cat"
    return getattr(node.target, "__name__", str(node.target)).rstrip("_")


def _refuse_unknown(graph: fx.GraphModule) -> None:
    """Names everything that has no layer here at once, rather than the first only."""
    from cvlab.engine.nets.exchange.torch_modules import _READERS

    unknown: dict[str, int] = {}
    for node in graph.graph.nodes:
        told = ""
        if node.op == "call_module":
            kind = type(graph.get_submodule(node.target))
            told = "" if kind in _READERS else kind.__name__
        elif node.op in ("call_function", "call_method"):
            told = "" if _called(node) in _FUNCTIONS else _called(node)
        elif node.op == "get_attr":
            told = f"the constant {node.target}"
        if told:
            unknown[told] = unknown.get(told, 0) + 1
    if unknown:
        names = ", ".join(f"{name} ({count}×)" for name, count in sorted(unknown.items(), key=lambda item: -item[1]))
        raise NotHere(f"No layer here does this: {names}.", remedy="Replace these operators, or choose another model.")


def _sides(size: Any) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else (size[0], size[1])
