"""Every edit is one undo step; whatever is done, undoing it all gives the start back."""

from __future__ import annotations

import random

import pytest

from cvlab.core.notices import Notices
from cvlab.engine.errors import GraphError
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import REGISTRY, Conv, Flatten
from cvlab.ui.canvas.edits import NetEdits
from cvlab.ui.canvas.layout import Point


def chain(net: Architecture) -> list[str]:
    """Names along the wires from the input."""
    node_id, names = net.order[0], []
    while True:
        names.append(net.by_id[node_id].name)
        if not net.out_of(node_id):
            return names
        node_id = net.out_of(node_id)[0].target


def test_append_goes_after_the_selected_layer_else_to_the_end(edits, project):
    edits.append("relu")
    assert chain(project.architecture)[-1] == "relu5"
    project.builder.selected = (project.architecture.by_name["conv1"].id,)
    edits.append("dropout")
    assert chain(project.architecture)[1:4] == ["conv1", "dropout2", "relu1"]
    assert project.builder.selected == (project.architecture.by_name["dropout2"].id,)


def test_reorder_forgets_the_place_that_was_given_by_hand(edits, project):
    net = project.architecture
    relu1, pool1, conv2 = (net.by_name[name].id for name in ("relu1", "pool1", "conv2"))
    edits.move({relu1: Point(800, 0)})
    assert project.architecture.by_id[relu1].x == 800
    edits.reorder(relu1, pool1, conv2)
    assert chain(project.architecture)[:5] == ["input", "conv1", "pool1", "relu1", "conv2"]
    assert project.architecture.by_id[relu1].x is None


def test_delete_joins_the_neighbours_and_selects_the_one_before(edits, project):
    net = project.architecture
    edits.delete([net.by_name["relu1"].id, net.by_name["pool1"].id])
    assert chain(project.architecture)[:4] == ["input", "conv1", "conv2", "relu2"]
    assert project.builder.selected == (net.by_name["conv1"].id,)


def test_duplicates_keep_their_settings_and_their_order(edits, project, history):
    net = project.architecture
    edits.duplicate([net.by_name["conv1"].id, net.by_name["relu1"].id])
    assert chain(project.architecture)[1:6] == ["conv1", "relu1", "conv3", "relu5", "pool1"]
    assert project.architecture.by_name["conv3"].layer == Conv(filters=6, kernel=5, padding=2)
    edits.duplicate([net.by_name["input"].id])
    history.undo()
    assert project.architecture == net and not history.can_undo


def test_a_dragged_spinner_is_one_step(edits, project, history):
    start = project.architecture
    conv1 = start.by_name["conv1"].id
    for filters in (7, 8, 9):
        edits.set_layer(conv1, Conv(filters=filters, kernel=5, padding=2), "filters")
    edits.end_gesture()
    edits.set_layer(conv1, Conv(filters=10, kernel=5, padding=2), "filters")
    history.undo()
    assert project.architecture.by_id[conv1].layer.filters == 9
    history.undo()
    assert project.architecture == start and not history.can_undo


def test_arrange_takes_back_what_was_moved_and_is_no_step_otherwise(edits, project, history):
    start = project.architecture
    edits.arrange()
    assert not history.can_undo
    edits.move({1: Point(5, 5)})
    edits.arrange()
    assert project.architecture == start and history.undo_label == "Arrange the layers"


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        ("conv1", "conv1", "cannot feed itself"),
        ("conv1", "input", "nothing flows into it"),
        ("conv1", "conv2", "already reads pool1"),
    ],
)
def test_why_a_wire_is_refused(edits, project, source, target, words):
    named = project.architecture.by_name
    assert words in edits.why_not(named[source].id, named[target].id, 0)


def test_a_circle_is_refused_and_an_open_port_is_not(edits, project):
    named = project.architecture.by_name
    conv1, relu1, pool1 = (named[name].id for name in ("conv1", "relu1", "pool1"))
    assert "circle" in edits.why_not(pool1, relu1, 0, lifted=(relu1, 0))
    edits.disconnect(relu1, 0)
    assert edits.why_not(conv1, relu1, 0) == ""
    edits.connect(conv1, relu1, 0)
    edits.rewire((pool1, 0), conv1, pool1, 0)
    assert {e.target for e in project.architecture.out_of(conv1)} == {relu1, pool1}


def test_names_are_refused_with_words(edits, project):
    with pytest.raises(GraphError):
        edits.rename(1, "conv1")
    with pytest.raises(GraphError):
        edits.set_title("  ")
    edits.rename(1, "picture")
    edits.set_title("Mine")
    assert project.architecture.by_id[1].name == "picture" and project.architecture.name == "Mine"


def test_a_net_that_is_full_becomes_a_notice(project, history, monkeypatch):
    monkeypatch.setattr("cvlab.engine.nets.architecture.MAX_NODES", 14)
    notices = Notices()
    assert NetEdits(project, history, notices).append("relu") is None
    assert "14 layers at most" in notices.all[0].text and not history.can_undo


@pytest.mark.parametrize("seed", range(3))
def test_a_monkey_of_300_edits_undone_gives_the_start(edits, project, history, seed):
    chance, start = random.Random(seed), project.architecture
    for _ in range(300):
        ids = list(project.architecture.by_id)
        some = chance.sample(ids, min(len(ids), chance.randint(0, 2)))
        project.builder.selected = tuple(some)
        edge = chance.choice(project.architecture.edges) if project.architecture.edges else None
        match chance.randrange(8):
            case 0:
                edits.append(chance.choice(list(REGISTRY)))
            case 1 if some and len(ids) > 3:
                edits.delete(some)
            case 2:
                edits.duplicate(some)
            case 3 if some and edge and some[0] not in (edge.source, edge.target):
                edits.reorder(some[0], edge.source, edge.target)
            case 4 if some:
                edits.move({i: Point(chance.randrange(900), chance.randrange(900)) for i in some})
            case 5 if edge:
                edits.disconnect(edge.target, edge.port)
            case 6 if len(ids) > 1:
                source, target = chance.sample(ids, 2)
                if not edits.why_not(source, target, 0):
                    edits.connect(source, target, 0)
            case _:
                edits.insert(Flatten(), None, None, Point(0, 0))
        Architecture.model_validate(project.architecture.model_dump())
    end = project.architecture
    steps = 0
    while history.can_undo:
        history.undo()
        steps += 1
    assert steps > 150 and project.architecture == start
    while history.can_redo:
        history.redo()
    assert project.architecture == end
