"""The document: edits are pure, reading refuses what is not one, and a monkey's edits can all be taken back."""

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvlab.engine.errors import GraphError, NotOurFile
from cvlab.engine.nets import zoo
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import REGISTRY, Conv, Input, Linear, MaxPool, Missing, Relu
from tests.engine.nets.strategies import chains


def names(net):
    return [net.by_id[i].name for i in net.order]


def test_insert_between_two_layers():
    net = zoo.linear_classifier()
    flatten = net.by_name["flatten1"].id
    edited, node_id = net.insert(Relu(), after=1, before=flatten)
    assert names(edited) == ["input", "relu1", "flatten1", "fc1"]
    assert edited.by_id[node_id].layer == Relu()
    assert names(net) == ["input", "flatten1", "fc1"], "the old value is untouched"


def test_remove_heals_and_reorder_moves():
    net = zoo.lenet()
    without = net.remove([net.by_name["relu1"].id])
    assert names(without)[:3] == ["input", "conv1", "pool1"]
    moved = net.reorder(net.by_name["relu1"].id, after=net.by_name["pool1"].id, before=net.by_name["conv2"].id)
    assert names(moved)[:5] == ["input", "conv1", "pool1", "relu1", "conv2"]
    assert moved.by_name["relu1"].id == net.by_name["relu1"].id
    to_end = net.reorder(net.by_name["relu1"].id, after=net.by_name["fc3"].id)
    assert names(to_end)[-1] == "relu1"


def test_remove_several_neighbours_heals_across_them():
    net = zoo.lenet()
    ids = [net.by_name[name].id for name in ("relu1", "pool1", "conv2")]
    assert names(net.remove(ids))[:3] == ["input", "conv1", "relu2"]


def test_names_are_unique_and_ids_never_reused():
    net = zoo.lenet()
    net, a = net.add(Conv())
    net = net.remove([a])
    net, b = net.add(Conv())
    assert b > a
    with pytest.raises(GraphError, match="Another layer"):
        net.renamed(b, "conv1")
    with pytest.raises(GraphError, match="not a name"):
        net.renamed(b, "import os")
    assert net.renamed(b, "edge_filter").by_id[b].name == "edge_filter"


def test_circles_are_refused_while_wiring():
    net = zoo.lenet()
    with pytest.raises(GraphError, match="circle"):
        net.connect(net.by_name["fc1"].id, net.by_name["conv1"].id)
    with pytest.raises(GraphError, match="takes 0 wires"):
        net.connect(net.by_name["fc1"].id, net.by_name["input"].id)


@given(chains())
@settings(max_examples=60, deadline=None)
def test_json_round_trip(net):
    again = Architecture.from_json(net.model_dump_json())
    assert again == net
    assert names(again) == names(net)


def test_an_unknown_kind_becomes_a_missing_layer_and_is_kept_word_for_word():
    data = json.loads(zoo.lenet().model_dump_json())
    data["nodes"][1]["layer"] = {"kind": "capsule", "routing": 3}
    net = Architecture.from_json(json.dumps(data))
    assert isinstance(net.by_name["conv1"].layer, Missing)
    assert json.loads(net.model_dump_json()) == data


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"nodes": 3}', '{"nodes": [{"id": 0, "name": "a", "layer": {"kind": "relu"}}]}',
     '{"nodes": [{"id": 1, "name": "__init__", "layer": {"kind": "relu"}}], "next_id": 2}',
     '{"nodes": [], "edges": [{"source": 1, "target": 2}]}',
     '{"nodes": [{"id": 1, "name": "c", "layer": {"kind": "conv", "filters": 99999999}}], "next_id": 2}',
     '{"nodes": [{"id": 5, "name": "c", "layer": {"kind": "relu"}}], "next_id": 2}'],
)  # fmt: skip
def test_what_is_not_an_architecture_is_refused_in_words(text):
    with pytest.raises(NotOurFile, match="not an architecture"):
        Architecture.from_json(text)


def test_a_circle_in_a_file_is_found():
    data = {
        "nodes": [{"id": i, "name": f"r{i}", "layer": {"kind": "relu"}} for i in (1, 2)],
        "edges": [{"source": 1, "target": 2}, {"source": 2, "target": 1}],
        "next_id": 3,
    }
    net = Architecture.from_json(data)
    with pytest.raises(GraphError, match="circle"):
        _ = net.order


@given(st.integers(0, 2**32))
@settings(max_examples=15, deadline=None)
def test_a_monkey_keeps_the_document_valid(seed):
    dice = random.Random(seed)
    net = zoo.lenet()
    before = net.model_dump_json()
    start = net
    for _ in range(60):
        ids = [node.id for node in net.nodes]
        if not ids:
            net, _ = net.add(Input())
            continue
        match dice.randrange(6):
            case 0:
                net, _ = net.insert(
                    REGISTRY[dice.choice(["conv", "relu", "maxpool", "linear"])](), after=dice.choice(ids)
                )
            case 1:
                net = net.remove(dice.sample(ids, min(2, len(ids))))
            case 2:
                edge = dice.choice(net.edges) if net.edges else None
                if edge:
                    try:
                        net = net.reorder(dice.choice(ids), after=edge.source, before=edge.target)
                    except GraphError:
                        pass
            case 3:
                net = net.with_layer(dice.choice(ids), MaxPool()) if len(ids) > 1 else net
            case 4:
                net = net.moved({dice.choice(ids): (dice.random(), dice.random())})
            case 5:
                try:
                    net = net.connect(dice.choice(ids), dice.choice(ids))
                except GraphError:
                    pass
        assert Architecture.from_json(net.model_dump_json()) == net
    assert start.model_dump_json() == before


def test_the_head_stays_where_linear_is_changed():
    net = zoo.lenet()
    changed = net.with_layer(net.by_name["fc3"].id, Linear(units=26))
    assert changed.by_name["fc3"].layer.units == 26
    assert names(changed) == names(net)


def test_equal_nets_are_equal_whatever_has_been_worked_out_on_them():
    one, other = zoo.make("lenet"), zoo.make("lenet")
    for net in (one, other):
        assert net.order and net.by_name and net.flat is net
    assert one == other and one is not other
    assert one != other.renamed(2, "first") and one != other.titled("else")


def test_what_was_worked_out_can_be_forgotten():
    net = zoo.make("resnet20")
    told = net.order, net.by_name, [node.id for node in net.flat.nodes], net.into(net.order[3])
    net.forget()
    assert not net.__dict__.keys() - type(net).model_fields.keys()
    assert told == (net.order, net.by_name, [node.id for node in net.flat.nodes], net.into(net.order[3]))
