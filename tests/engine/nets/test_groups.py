"""Groups that repeat, copies as data, and merges that grow: the document side of graphs."""

import json

import pytest
from hypothesis import given, settings

from cvlab.engine.errors import GraphError, NotOurFile
from cvlab.engine.nets import zoo
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.build import build
from cvlab.engine.nets.layers import Add, Concat, Conv, Flatten, Input, Linear, MaxPool, Relu
from cvlab.engine.nets.shapes import check_classifier, infer
from tests.engine.nets.strategies import grouped_graphs


def block_net(times: int = 3) -> tuple[Architecture, int]:
    """input -> conv1 -> [conv2 -> relu1 -> + skip]*times -> flatten1 -> fc1."""
    net = Architecture.chain(
        "blocks",
        [
            Input(channels=3, height=8, width=8),
            Conv(border="same"),
            Conv(border="same"),
            Relu(),
            Add(),
            Flatten(),
            Linear(),
        ],
    )
    net = net.connect(net.by_name["conv1"].id, net.by_name["add1"].id, 1)
    return net.grouped([net.by_name[name].id for name in ("conv2", "relu1", "add1")], times=times)


def test_a_block_is_written_out_with_nested_names():
    net, group = block_net()
    assert net.group_by_id[group].name == "block1" and net.next_id > group
    flat = net.flat
    names = [flat.by_id[i].name for i in flat.order]
    assert names == ["input", "conv1", *(f"block1_{k}_{n}" for k in (1, 2, 3) for n in ("conv2", "relu1", "add1")),
                     "flatten1", "fc1"]  # fmt: skip
    skip = [flat.by_id[edge.source].name for edge in flat.into(flat.by_name["block1_3_add1"].id)]
    assert skip == ["block1_3_relu1", "block1_2_add1"], "the skip of a repetition starts at the one before it"
    assert sum(p.numel() for p in build(net).parameters()) == infer(net).parameters
    assert "block1_2_conv2.weight" in build(net).state_dict()


def tapped(net: Architecture) -> Architecture:
    """A second wire leaves the block, from its middle."""
    net, merge = net.insert(Add(), after=net.by_name["add1"].id, before=net.by_name["flatten1"].id)
    return net.connect(net.by_name["conv2"].id, merge, 1)


def test_reports_of_a_repeated_layer_are_summed_and_kept():
    net, _ = block_net()
    report = check_classifier(net, (3, 8, 8), 10)
    conv = report.layers[net.by_name["conv2"].id]
    assert len(conv.copies) == 3 and conv.parameters == 3 * (8 * (72 + 1)) and conv.output == (8, 8, 8)
    assert [copy.receptive_field for copy in conv.copies] == [(5, 5), (7, 7), (8, 8)]
    assert conv.last is conv.copies[2] and report.flat.parameters == report.parameters
    once = net.with_group(net.groups[0].id, times=1)
    assert once.flat is once and not infer(once).layers[conv_id(once)].copies


def conv_id(net: Architecture) -> int:
    return net.by_name["conv2"].id


def test_an_error_in_a_later_repetition_is_shown_at_its_layer():
    net = Architecture.chain("shrinks", [Input(height=8, width=8), Conv(), MaxPool(), Flatten(), Linear()])
    net, _ = net.grouped([2, 3], times=3)
    report = infer(net)
    assert report.layers[3].error is report.errors[0]
    assert "block1_2_pool1 needs at least 2×2" in str(report.errors[0])  # 8, 6, 3, 1


def test_groups_nest():
    net, outer = block_net(times=2)
    net, _ = net.grouped([net.by_name["relu1"].id], times=2, name="bend")
    names = set(net.flat.by_name)
    assert {"block1_1_bend_1_relu1", "block1_2_bend_2_relu1"} <= names and len(net.flat.nodes) == 4 + 2 * 4
    with pytest.raises(GraphError, match="cuts through block1"):
        net.grouped([net.by_name["conv1"].id, net.by_name["conv2"].id])
    with pytest.raises(GraphError, match="a group already"):
        net.grouped(net.group_by_id[outer].members)


@pytest.mark.parametrize(
    ("break_it", "words"),
    [
        (
            lambda net: net.disconnect(net.by_name["conv2"].id).disconnect(net.by_name["add1"].id, 1),
            "no wire leads into it",
        ),
        (lambda net: net.connect(net.by_name["input"].id, net.by_name["add1"].id, 1), "must come from one layer"),
        (lambda net: tapped(net), "must give the result"),
        (lambda net: net.renamed(net.by_name["conv1"].id, "block1_2_conv2"), "second block1_2_conv2"),
    ],
)
def test_a_block_that_cannot_repeat_says_why_and_stands_once(break_it, words):
    net = break_it(block_net()[0])
    report = infer(net)
    assert any(words in str(error) for error in report.problems)
    assert report.layers[2].output == (8, 8, 8), "the rest still has its numbers"
    with pytest.raises(GraphError):
        build(net)


def test_too_many_repetitions_get_words():
    net = Architecture.chain("long", [Input(), *[Relu()] * 40])
    net, group = net.grouped(range(2, 42), times=64)
    assert "more than 2000 layers" in str(infer(net).errors[0])
    with pytest.raises(GraphError, match="1 to 64"):
        net.with_group(group, times=65)


def test_layers_put_between_members_join_the_group_and_deleted_ones_leave_it():
    net, group = block_net()
    net, new = net.insert(Relu(), after=net.by_name["conv2"].id, before=net.by_name["relu1"].id)
    assert new in net.group_by_id[group].members
    outside, other = net.insert(Relu(), after=net.by_name["add1"].id, before=net.by_name["flatten1"].id)
    assert other not in outside.group_by_id[group].members
    assert net.remove(net.group_by_id[group].members).groups == ()
    assert Architecture.from_json(net.model_dump_json()) == net


def test_unroll_and_ungroup():
    net, group = block_net()
    assert net.ungrouped(group).groups == () and net.ungrouped(group).nodes == net.nodes
    written = net.unrolled(group)
    assert written.groups == () and infer(written).parameters == infer(net).parameters
    assert Architecture.from_json(written.model_dump_json()) == written
    with pytest.raises(GraphError, match="Another group"):
        two, second = net.grouped([1])
        two.with_group(second, name="block1")


@given(grouped_graphs())
@settings(max_examples=60, deadline=None)
def test_groups_survive_the_file_and_the_clipboard(net):
    assert Architecture.from_json(net.model_dump_json()) == net
    part = Architecture.from_json(net.part(net.by_id).model_dump_json())
    twice, new = net.pasted(part, 10, 10)
    assert Architecture.from_json(twice.model_dump_json()) == twice
    assert len(twice.nodes) == 2 * len(net.nodes) and len(twice.groups) == 2 * len(net.groups)
    assert {(new[e.source], new[e.target], e.port) for e in net.edges} <= {
        (e.source, e.target, e.port) for e in twice.edges
    }
    assert twice.part(net.by_id).nodes == net.nodes, "the first is untouched"
    assert twice.part(new.values()).flat.order is not None


def test_a_part_takes_its_inner_wires_and_gets_free_names():
    net = zoo.lenet().moved({2: (5.0, 6.0)})
    part = net.part([2, 3, 4])
    assert [(e.source, e.target) for e in part.edges] == [(2, 3), (3, 4)]
    pasted, new = net.pasted(part, 100, 0)
    assert [pasted.by_id[new[i]].name for i in (2, 3, 4)] == ["conv3", "relu5", "pool3"]
    assert (pasted.by_id[new[2]].x, pasted.by_id[new[2]].y) == (105.0, 6.0) and pasted.by_id[new[3]].x is None
    named, _ = net.renamed(2, "edge_filter").pasted(net.renamed(2, "edge_filter").part([2]))
    assert "edge_filter2" in named.by_name


@pytest.mark.parametrize(
    "groups",
    [
        [{"id": 20, "name": "a", "members": [1, 99]}],
        [{"id": 1, "name": "a", "members": [2]}],
        [{"id": 20, "name": "a", "members": [2, 3]}, {"id": 21, "name": "b", "members": [3, 4]}],
        [{"id": 20, "name": "a", "members": [2]}, {"id": 21, "name": "a", "members": [3]}],
        [{"id": 20, "name": "a", "members": []}],
        [{"id": 20, "name": "a", "members": [2], "times": 1000}],
        [{"id": 20, "name": "A b", "members": [2]}],
        [{"id": 50, "name": "a", "members": [2]}],
    ],
)
def test_groups_that_are_none_are_refused(groups):
    data = json.loads(zoo.lenet().model_dump_json()) | {"groups": groups, "next_id": 30}
    with pytest.raises(NotOurFile, match="not an architecture"):
        Architecture.from_json(data)


def test_a_merge_grows_with_its_wires_and_shrinks_by_its_setting():
    net = Architecture.chain("m", [Input(height=4, width=4), Relu()])
    net, merge = net.insert(Add(), after=2)
    assert "1 open input" in str(infer(net).errors[0])
    net = net.connect(1, merge, 1).connect(2, merge, 2)
    assert net.by_id[merge].layer.inputs == 3 and not infer(net).errors
    with pytest.raises(GraphError, match="takes 8 wires"):
        net.connect(1, merge, 8)
    fewer = net.with_layer(merge, Add(inputs=2))
    assert [edge.port for edge in fewer.into(merge)] == [0, 1] and not infer(fewer).errors
    other = net.with_layer(merge, Relu())
    assert [edge.source for edge in other.into(merge)] == [2]


def test_a_file_with_a_wire_to_a_port_that_is_not_there_gets_words():
    data = json.loads(Architecture.chain("x", [Input(), Relu()]).model_dump_json())
    data["edges"].append({"source": 1, "target": 2, "port": 3})
    assert "1 wire and has 1 too many" in str(infer(Architecture.from_json(data)).errors[0])
    data["edges"] = [{"source": 1, "target": 2, "port": 1}]
    assert infer(Architecture.from_json(data)).errors


def test_merges_of_unequal_volumes_say_what_came():
    net = Architecture.chain("m", [Input(channels=3, height=8, width=8), Conv(filters=4)])
    for layer, words in ((Add(), "one shape, and gets 6×6×4 and 8×8×3"), (Concat(), "one width and height")):
        bad, merge = net.insert(layer, after=2)
        assert words in str(infer(bad.connect(1, merge, 1)).errors[0])
