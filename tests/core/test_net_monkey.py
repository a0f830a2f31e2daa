"""A monkey edits the document at random; taking every edit back, in order, ends where it began."""

import os
import random

import pytest

from cvlab.core.history import History, SetField
from cvlab.core.project import Project
from cvlab.engine.errors import CvlabError
from cvlab.engine.nets import zoo
from cvlab.engine.nets.advice import advise
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import REGISTRY
from cvlab.engine.nets.shapes import NetReport, infer, infer_from

EDITS = int(os.environ.get("CVLAB_EDITS", "600"))
"""The long run: CVLAB_EDITS=10000 pytest tests/core/test_net_monkey.py"""


def edit(net: Architecture, dice: random.Random) -> Architecture:
    """One random edit; raises `CvlabError` where it is refused."""
    ids = list(net.by_id)
    some = dice.sample(ids, min(len(ids), dice.randint(1, 4))) if ids else []
    edge = dice.choice(net.edges) if net.edges else None
    group = dice.choice(net.groups) if net.groups else None
    layer = REGISTRY[dice.choice(list(REGISTRY))]()
    kinds = ["add", "insert", "remove", "connect", "disconnect", "kind", "rename", "move", "reorder", "paste", "group",
             "ungroup", "times", "unroll", "advice", "open"]  # fmt: skip
    match dice.choice(kinds) if ids else "open":
        case "add":
            return net.add(layer, dice.random() * 100, dice.random() * 100)[0]
        case "insert" if edge:
            return net.insert(layer, after=edge.source, before=edge.target)[0]
        case "remove":
            return net.remove(some, heal=dice.random() < 0.7)
        case "connect":
            return net.connect(dice.choice(ids), dice.choice(ids), dice.randint(0, 3))
        case "disconnect" if edge:
            return net.disconnect(edge.target, edge.port)
        case "kind":
            return net.with_layer(some[0], layer)
        case "rename":
            return net.renamed(some[0], dice.choice(["a", "b", "block1", "block1_2_conv1", "conv1"]))
        case "move":
            return net.moved({node_id: (dice.random() * 9, 1.0) for node_id in some})
        case "reorder" if edge:
            return net.reorder(some[0], after=edge.source, before=edge.target)
        case "paste":
            return net.pasted(net.part(some), 20, 20)[0]
        case "group":
            return net.grouped(some, dice.randint(1, 4))[0]
        case "ungroup" if group:
            return net.ungrouped(group.id)
        case "times" if group:
            return net.with_group(group.id, times=dice.randint(1, 5), collapsed=dice.random() < 0.5)
        case "unroll" if group:
            return net.unrolled(group.id)
        case "advice":
            offered = [advice.apply for advice in advise(net) if advice.apply is not None]
            return dice.choice(offered)(net) if offered else net
        case "open":
            return zoo.make(dice.choice(["lenet", "resnet20", "two-layer"]))
    return net


def told(report: NetReport) -> list:
    """A report as values: errors are equal when they say the same."""
    rows = [layer._replace(error=None, copies=()) for layer in report.layers.values()]
    return [
        rows,
        list(report.layers),
        [str(error) for error in report.errors],
        report.flat is not report and told(report.flat),
    ]


@pytest.mark.parametrize("seed", range(2))
def test_undone_to_the_start_it_is_the_start(seed, monkeypatch):
    monkeypatch.setattr("cvlab.core.history.LIMIT", EDITS + 1)
    dice, project, history = random.Random(seed), Project(), History()
    start = project.architecture
    written = start.model_dump_json()
    done = 0
    for _ in range(EDITS):
        try:
            net = edit(project.architecture, dice)
        except CvlabError as error:
            assert error.what.endswith((".", "!", "?"))
            continue
        if len(net.nodes) > 60:  # the person cleans up
            net = net.remove(dice.sample(list(net.by_id), 40))
        if net == project.architecture:
            continue
        history.push(SetField(project, "architecture", net, "edit"))
        history.end_gesture()
        done += 1
        if done % 5 == 0:
            # What edits make is a document that can be read again, and inference has an answer or words for it.
            assert Architecture.from_json(net.model_dump_json()) == net
            report = infer(net)
            assert set(report.layers) == set(net.by_id)
            # What was taken over from the net before the edit is what would have been found anew.
            assert told(report) == told(infer_from(net, None))
            assert all(error.what for error in report.errors)
    end = project.architecture
    assert done > EDITS / 3
    for _ in range(done):
        history.undo()
    assert project.architecture is start and start.model_dump_json() == written and not history.can_undo
    for _ in range(done):
        history.redo()
    assert project.architecture is end
