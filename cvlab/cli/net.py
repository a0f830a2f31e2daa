"""`cvlab net`: architectures as text: layers and costs, advice, patterns, and the ways to and from PyTorch and ONNX."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from cvlab import console
from cvlab.cli.arguments import UsageError, check_model, data_entry, existing_file, unknown
from cvlab.cli.parser import whole
from cvlab.cli.train import find_net
from cvlab.engine.disk import write_whole
from cvlab.engine.errors import NetError
from cvlab.engine.nets import zoo
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import volume
from cvlab.engine.nets.shapes import infer

_NET = "a ready net (see list), a project file, a run's folder, an imported net's id, or a net as JSON"


def add_to(verbs: Any, shared: argparse.ArgumentParser) -> None:
    parser = verbs.add_parser("net", help="look at an architecture, take advice, and exchange it with PyTorch and ONNX")
    parser.set_defaults(group_parser=parser, json=False)
    inner = parser.add_subparsers(metavar="show|code|export|import|advise|pattern|list")

    def add(name: str, verb: Any, words: str) -> argparse.ArgumentParser:
        sub = inner.add_parser(name, parents=[shared], help=words)
        sub.set_defaults(verb=verb)
        return sub

    show = add("show", _show, "every layer with its shape, parameters, multiply-adds, memory and receptive field")
    show.add_argument("net", help=_NET)
    show.add_argument(
        "--batch", type=whole(1, 10_000_000), default=1, help="images whose activations are kept in memory (default: 1)"
    )
    code = add("code", _code, "PyTorch source that runs on its own")
    code.add_argument("net", help=_NET)
    code.add_argument(
        "--training", action="store_true", help="with data, the training loop and the exact preprocessing"
    )
    export = add("export", _export, "to a file: .onnx (checked by onnxruntime), .py, or .json")
    export.add_argument("net", help=f"{_NET}; with weights if it is a run")
    export.add_argument("file", type=Path)
    export.add_argument(
        "--weights", metavar="RUN|FILE",
        help="trained weights of this net: a run's id or folder, an imported net's id, lenet-mnist, or a weights file; "
        "for .onnx, or beside .py",
    )  # fmt: skip
    reading = add("import", _import, "from .py that cvlab wrote, .onnx, .json, or torchvision:NAME")
    reading.add_argument("file", help="a file, or torchvision:resnet18")
    reading.add_argument("--image", metavar="CxHxW", help="size of the images, such as 3x224x224")
    reading.add_argument("--out", type=Path, metavar="FILE", help="write the net as JSON, and its weights beside it")
    reading.add_argument(
        "--weights", type=Path, metavar="FILE",
        help="its weights, by its own names or those of the model: .safetensors, or PyTorch's .pth or .pt",
    )  # fmt: skip
    reading.add_argument(
        "--classes", type=whole(1, 100_000), default=1000, metavar="N", help="of torchvision's model (default: 1000)"
    )
    reading.add_argument(
        "--keep", action="store_true",
        help="keep it with its weights, as the window does: the id that is shown goes wherever a trained net goes",
    )  # fmt: skip
    advise = add("advise", _advise, "what the course would do otherwise, and why")
    advise.add_argument("net", help=_NET)
    advise.add_argument("--data", metavar="ID", help="the data set that it shall be trained on")
    advise.add_argument("--apply", metavar="RULE", help="make this change")
    advise.add_argument("--out", type=Path, metavar="FILE", help="where the changed net goes, as JSON")
    pattern = add("pattern", _pattern, "a pattern as a net, or a net as a pattern")
    pattern.add_argument("pattern", help=f"INPUT -> [[CONV -> RELU]*2 -> POOL]*3 -> FC, or {_NET}")
    pattern.add_argument("--data", metavar="ID", default="cifar10", help="image size and classes (default: cifar10)")
    pattern.add_argument("--out", type=Path, metavar="FILE", help="write the net as JSON")
    add("list", _list, "the ready nets")


def _find(name: str, data: str | None = None) -> Architecture:
    """The net of a name or file; a ready net comes in the size that it was made for, if no data set is given."""
    if name in zoo.ZOO and data is None:
        return zoo.make(name)
    return find_net(name, data or "mnist-mini")


def _write_net(net: Architecture, path: Path) -> None:
    write_whole(path, net.model_dump_json(indent=1).encode())


# -- show --------------------------------------------------------------------------------------------------------------


def _show(arguments: argparse.Namespace) -> dict:
    return _table(_find(arguments.net), arguments.batch)


def _table(net: Architecture, batch: int = 1) -> dict:
    report = infer(net)
    layers, rows = [], []
    for node_id, layer in report.layers.items():
        node = net.by_id[node_id]
        times = len(layer.copies) or 1
        layers.append(
            {
                "id": node.id,
                "name": node.name,
                "layer": node.model_dump()["layer"],
                "times": times,
                "inputs": [list(shape) for shape in layer.inputs],
                "output": None if layer.output is None else list(layer.output),
                "arithmetic": layer.arithmetic,
                "parameters": layer.parameters,
                "multiply_adds": layer.multiply_adds,
                "activation_bytes": layer.activation_bytes * batch,
                "receptive_field": None if layer.receptive_field is None else list(layer.receptive_field),
                "error": None if layer.error is None else str(layer.error),
            }
        )
        shape = "?" if layer.output is None else volume(layer.output)
        field = "" if layer.receptive_field is None else "×".join(map(str, reversed(layer.receptive_field)))
        name = node.name if times == 1 else f"{node.name} ×{times}"
        rows.append(
            f"{name:<14} {node.layer.label():<22} {shape:>12} {layer.parameters:>10,} {layer.multiply_adds:>13,} "
            f"{_size(layer.activation_bytes * batch):>9} {field:>9}  {layer.error or layer.arithmetic}".rstrip()
        )
    head = f"{'layer':<14} {'settings':<22} {'output':>12} {'params':>10} {'mult-adds':>13} {'memory':>9} {'sees':>9}  arithmetic"
    total = (
        f"{'total':<14} {'':<22} {'':>12} {report.parameters:>10,} {report.multiply_adds:>13,} "
        f"{_size(report.activation_bytes * batch):>9}"
    )
    blocks = [f"{group.name}: {len(group.members)} layers, {group.times} times" for group in net.groups]
    return {
        "name": net.name,
        "layers": layers,
        "edges": [edge.model_dump() for edge in net.edges],
        "groups": [group.model_dump() for group in net.groups],
        "parameters": report.parameters,
        "multiply_adds": report.multiply_adds,
        "activation_bytes": report.activation_bytes * batch,
        "errors": [str(error) for error in report.errors],
        "text": "\n".join([net.name, head, *rows, total, *blocks, *(str(problem) for problem in report.problems)]),
    }


def _size(count: int) -> str:
    for limit, unit in ((2**30, "GB"), (2**20, "MB"), (2**10, "kB")):
        if count >= limit:
            return f"{count / limit:.1f} {unit}"
    return f"{count} B"


# -- out ---------------------------------------------------------------------------------------------------------------


def _code(arguments: argparse.Namespace) -> dict:
    code = _source(arguments.net, training=arguments.training)
    return {"code": code, "text": code}


def _source(name: str, *, training: bool) -> str:
    from cvlab.engine.nets.code import source

    net = _find(name)
    if not training:
        return source(net)
    from cvlab.engine.data.preprocessing import Preprocessing
    from cvlab.engine.training.recipe import Recipe
    from cvlab.engine.training.starter_script import starter_script

    run = _run(name)
    if run is not None:
        trained = run.trained()
        return starter_script(trained.architecture, trained.preprocessing, run.record.recipe)
    recipe = Recipe()
    return starter_script(net, Preprocessing(kind=recipe.preprocessing), recipe)


def _run(name: str) -> Any:
    """The run that a folder holds, or None."""
    from cvlab.core.storage.run_folder import RunFolder

    path = Path(name)
    return RunFolder.open(path) if name not in zoo.ZOO and path.is_dir() else None


def _export(arguments: argparse.Namespace) -> dict:
    path: Path = arguments.file
    kind = path.suffix.lower()
    if kind not in (".json", ".py", ".onnx"):
        raise UsageError("A net is written as .onnx, .py or .json.", received=path.name[:60])
    if kind == ".json" and arguments.weights:
        raise UsageError("A net as .json has no weights.", remedy="Write .onnx or .py, or leave --weights out.")
    weights = _weights(arguments)
    if kind == ".json":
        _write_net(_find(arguments.net), path)
    elif kind == ".onnx":
        return _export_onnx(arguments.net, weights, path)
    elif weights is not None:
        from cvlab.core.net_export import write_source

        files = write_source(_net_of(arguments.net), weights, path)
        names = " and ".join(map(str, files))
        return {"file": str(path), "weights": str(files[1]), "text": f"Written to {names}: weights of {weights.title}."}
    else:
        write_whole(path, _source(arguments.net, training=False).encode())
    return {"file": str(path), "text": f"Written to {path}."}


def _net_of(name: str) -> Architecture:
    """A run's net has its groups written out, as its weights have."""
    run = _run(name)
    return run.record.architecture.flat if run is not None else _find(name)


def _weights(arguments: argparse.Namespace) -> Any:
    """What --weights asks for, or None."""
    if not arguments.weights:
        return None
    from cvlab.core.lab import Lab
    from cvlab.core.net_import import WEIGHTS as WEIGHTS_FILES
    from cvlab.core.weights import find_weights

    lab = Lab()
    try:
        if Path(arguments.weights).suffix.lower() in WEIGHTS_FILES:
            existing_file(Path(arguments.weights))
        else:
            check_model(lab.models, arguments.weights)
        return find_weights(_net_of(arguments.net), arguments.weights, lab.models)
    finally:
        lab.close()


def _export_onnx(name: str, weights: Any, path: Path) -> dict:
    from cvlab.core.net_export import write_onnx_file
    from cvlab.core.weights import Weights, first_weights

    net, run = _net_of(name), _run(name)
    if weights is None and run is not None:
        trained = run.trained()
        weights = Weights(trained.weights(), trained.preprocessing, trained.classes, trained.title)
    if weights is None:
        console.say("This net is not trained: the file gets its first weights (seed 0).")
        weights = first_weights(net)
    difference = write_onnx_file(net, weights, path)
    size = path.stat().st_size
    text = f"Written to {path}: {size:,} bytes. onnxruntime's scores differ by {difference:.1e} of the largest at most."
    if difference > 1e-5:
        text += " That is more than 1e-5: float32 sums of this net depend on their order."
    return {"file": str(path), "bytes": size, "difference": difference, "weights": weights.title or None, "text": text}


# -- in ----------------------------------------------------------------------------------------------------------------


def _import(arguments: argparse.Namespace) -> dict:
    imported = _read(arguments)
    shown = _table(imported.net)
    notes, kept = list(imported.notes), None
    if arguments.keep:
        if not imported.weights:
            raise NetError("It has no weights to keep.", remedy="Name a file that has them: --weights FILE.")
        from cvlab.core import paths
        from cvlab.core.storage.net_folder import NetFolder

        title = Path(arguments.file).name.removeprefix("torchvision:")
        kept = NetFolder.create(paths.nets(), imported, title).record.id
        notes.append(f"Kept with its weights as {kept}.")
    if arguments.out is not None:
        _write_net(imported.net, arguments.out)
        notes.append(f"Written to {arguments.out}.")
        if imported.weights:
            from cvlab.engine.training.checkpoint import weights_bytes

            beside = arguments.out.with_suffix(".safetensors")
            write_whole(beside, weights_bytes(imported.weights))
            notes.append(f"Weights written to {beside}.")
    shown |= {"notes": notes, "weights": len(imported.weights), "classes": list(imported.classes), "kept": kept}
    return shown | {"text": "\n".join([shown["text"], *notes])}


def _read(arguments: argparse.Namespace) -> Any:
    from cvlab.core.net_import import add_weights, read_net, read_torchvision

    image = _image(arguments.image)
    if arguments.weights is not None:
        existing_file(arguments.weights)
    source, colon, model = arguments.file.partition(":")
    if colon and source == "torchvision":
        from cvlab.engine.nets.exchange.traced import TORCHVISION

        if model not in TORCHVISION:
            known = f"Those known here are {', '.join(TORCHVISION)}."
            raise unknown("model of torchvision", model, TORCHVISION, known)
        return read_torchvision(model, image, arguments.classes, arguments.weights)
    found = read_net(existing_file(Path(arguments.file)), image)
    return found if arguments.weights is None else add_weights(found, arguments.weights)


def _image(text: str | None) -> tuple[int, int, int] | None:
    if text is None:
        return None
    sides = text.lower().replace("×", "x").split("x")
    if len(sides) != 3 or not all(side.isdigit() and 0 < int(side) < 10_000 for side in sides):
        raise UsageError("--image takes channels, height and width, such as 3x224x224.", received=text[:40])
    channels, height, width = map(int, sides)
    return channels, height, width


# -- advice and patterns -----------------------------------------------------------------------------------------------


def _advise(arguments: argparse.Namespace) -> dict:
    from cvlab.engine.nets.advice import advise

    net = _find(arguments.net)
    entry = data_entry(arguments.data) if arguments.data else None
    about = {"image": entry.image_shape, "classes": len(entry.classes)} if entry else {}
    found = advise(net, **about)
    if arguments.apply:
        return _apply(arguments, net, found)
    rows, told = [], []
    for advice in found:
        told.append(
            {
                "rule": advice.rule,
                "level": advice.level,
                "layer": net.by_id[advice.node].name if advice.node is not None else None,
                "what": advice.what,
                "why": advice.why,
                "change": advice.change or None,
            }
        )
        change = f"\n    --apply {advice.rule}: {advice.change}." if advice.change else ""
        rows.append(f"{advice.level}: {advice.what}\n    {advice.why}{change}")
    return {"name": net.name, "advice": told, "text": "\n".join(rows) or f"Nothing to advise on {net.name}."}


def _apply(arguments: argparse.Namespace, net: Architecture, found: Any) -> dict:
    chosen = [advice for advice in found if advice.rule == arguments.apply and advice.apply is not None]
    if not chosen:
        rules = ", ".join(dict.fromkeys(advice.rule for advice in found if advice.apply is not None))
        raise UsageError(
            "There is no such change to make.", received=arguments.apply[:40], remedy=f"There are: {rules or 'none'}."
        )
    changed = chosen[0].apply(net)
    if arguments.out is not None:
        _write_net(changed, arguments.out)
    return _table(changed) | {"changed": chosen[0].change, "net": json.loads(changed.model_dump_json())}


def _pattern(arguments: argparse.Namespace) -> dict:
    from cvlab.engine.nets.pattern import describe, parse

    text = arguments.pattern
    if "->" in text or "→" in text:
        entry = data_entry(arguments.data)
        try:
            net = parse(text, entry.image_shape, len(entry.classes))
        except NetError as error:
            raise UsageError(error.what, received=error.received, remedy=error.remedy) from error
        shown = _table(net)
        shown["text"] += f"\n{describe(net)}"
    else:
        net = _find(text)
        shown = {"name": net.name, "text": describe(net)}
    if arguments.out is not None:
        _write_net(net, arguments.out)
    return shown | {"pattern": describe(net)}


def _list(arguments: argparse.Namespace) -> dict:
    nets, rows = [], []
    for zoo_id, ready in zoo.ZOO.items():
        report = infer(ready())
        facts = {"id": zoo_id, "name": ready.title, "words": ready.words, "image": list(ready.image)}
        nets.append(facts | {"parameters": report.parameters, "multiply_adds": report.multiply_adds})
        rows.append(
            f"{zoo_id:<14} {ready.title:<18} {volume(ready.image):>8} {report.parameters:>11,} parameters  {ready.words}"
        )
    return {"nets": nets, "text": "\n".join(rows)}
