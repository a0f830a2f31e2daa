"""`cvlab net`: architectures as text: layers, shapes, costs, and PyTorch source."""

from __future__ import annotations

import argparse
from typing import Any

from cvlab.cli.train import find_net
from cvlab.engine.nets import zoo
from cvlab.engine.nets.layers import volume
from cvlab.engine.nets.shapes import infer


def add_to(verbs: Any, shared: argparse.ArgumentParser) -> None:
    parser = verbs.add_parser("net", help="look at an architecture, or turn it into PyTorch source")
    parser.set_defaults(group_parser=parser, json=False)
    inner = parser.add_subparsers(metavar="show|code|list")
    for name, verb, words in (
        ("show", _show, "every layer with its shape, parameters and multiply-adds"),
        ("code", _code, "PyTorch source that runs on its own"),
    ):
        sub = inner.add_parser(name, parents=[shared], help=words)
        sub.add_argument("net", help=f"one of {', '.join(zoo.ZOO)}, a project file, a run's folder, or JSON")
        sub.set_defaults(verb=verb)
    sub = inner.add_parser("list", parents=[shared], help="the ready nets")
    sub.set_defaults(verb=_list)


def _show(arguments: argparse.Namespace) -> dict:
    net = find_net(arguments.net)
    report = infer(net)
    layers, rows = [], []
    for node_id, layer in report.layers.items():
        node = net.by_id[node_id]
        layers.append(
            {
                "id": node.id,
                "name": node.name,
                "layer": node.model_dump()["layer"],
                "inputs": [list(shape) for shape in layer.inputs],
                "output": None if layer.output is None else list(layer.output),
                "arithmetic": layer.arithmetic,
                "parameters": layer.parameters,
                "multiply_adds": layer.multiply_adds,
                "error": None if layer.error is None else str(layer.error),
            }
        )
        shape = "?" if layer.output is None else volume(layer.output)
        rows.append(
            f"{node.name:<10} {node.layer.label():<18} {shape:>12} {layer.parameters:>9,} {layer.multiply_adds:>11,}  "
            f"{layer.error or layer.arithmetic}".rstrip()
        )
    head = f"{'layer':<10} {'settings':<18} {'output':>12} {'params':>9} {'mult-adds':>11}  arithmetic"
    total = f"{'total':<10} {'':<18} {'':>12} {report.parameters:>9,} {report.multiply_adds:>11,}"
    return {
        "name": net.name,
        "layers": layers,
        "edges": [edge.model_dump() for edge in net.edges],
        "parameters": report.parameters,
        "multiply_adds": report.multiply_adds,
        "errors": [str(error) for error in report.errors],
        "text": "\n".join([net.name, head, *rows, total, *(str(problem) for problem in report.problems)]),
    }


def _code(arguments: argparse.Namespace) -> dict:
    from cvlab.engine.nets.code import source

    code = source(find_net(arguments.net))
    return {"code": code, "text": code}


def _list(arguments: argparse.Namespace) -> dict:
    nets = []
    for zoo_id in zoo.ZOO:
        net = zoo.make(zoo_id)
        nets.append({"id": zoo_id, "name": net.name, "parameters": infer(net).parameters})
    return {
        "nets": nets,
        "text": "\n".join(f"{n['id']:<12} {n['name']:<20} {n['parameters']:>9,} parameters" for n in nets),
    }
