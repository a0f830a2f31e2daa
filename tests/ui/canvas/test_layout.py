"""Where blocks stand: never on each other, always the same, in the person's place where there is one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvlab.engine.nets import zoo
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import Flatten, Input, Relu
from cvlab.ui.canvas.layout import (
    BLOCK_HEIGHT,
    BLOCK_WIDTH,
    GAP_X,
    GAP_Y,
    MARGIN,
    STEP_X,
    STEP_Y,
    port_point,
)
from cvlab.ui.canvas.layout import arrange as arranged
from cvlab.ui.canvas.layout import best_columns as columns_of
from cvlab.ui.canvas.sketch import Point, sketch


def arrange(net, columns):
    return arranged(net, sketch(net), columns).places


def best_columns(net, width, height):
    return columns_of(net, sketch(net), width, height)


@st.composite
def forests(draw) -> Architecture:
    """Any wiring that layers of one input allow: every block feeds from an earlier one, or from none."""
    count = draw(st.integers(1, 24))
    net, made = Architecture(name="forest").add(Input())
    ids = [made]
    for _ in range(count):
        net, made = net.add(Relu())
        source = draw(st.sampled_from([None, *ids]))
        net = net.connect(source, made) if source is not None else net
        ids.append(made)
    return net


@settings(max_examples=80, deadline=None)
@given(forests(), st.integers(1, 6))
def test_no_block_stands_on_another(net, columns):
    places = arrange(net, columns)
    assert places.keys() == net.by_id.keys()
    spots = sorted(places.values())
    for index, one in enumerate(spots):
        for other in spots[index + 1 :]:
            assert abs(one.x - other.x) >= BLOCK_WIDTH or abs(one.y - other.y) >= BLOCK_HEIGHT
    assert arrange(net, columns) == places
    assert min(place.y for place in spots) == 0


@given(st.integers(1, 60), st.integers(1, 9))
def test_a_chain_winds_so_that_every_wire_is_one_step_long(count, columns):
    net = Architecture.chain("chain", [Input(), *[Relu()] * count])
    places = arrange(net, columns)
    for edge in net.edges:
        across = abs(places[edge.source].x - places[edge.target].x)
        down = places[edge.target].y - places[edge.source].y
        assert (across, down) in ((STEP_X, 0), (0, STEP_Y))


def test_a_circle_is_laid_out_too():
    net = Architecture.chain("circle", [Input(), Relu(), Relu()])
    looped = Architecture.model_construct(
        name="circle", nodes=net.nodes, edges=(net.edges[1], net.edges[1].model_copy(update={"source": 3, "target": 2})),
        next_id=4,
    )  # fmt: skip
    assert arrange(looped, 3).keys() == {1, 2, 3}


def test_branches_stand_beside_each_other():
    net = Architecture.chain("branch", [Input(), Relu()])
    for _ in range(2):
        net, made = net.add(Flatten())
        net = net.connect(2, made)
    places = arrange(net, 3)
    assert places[3].x == places[4].x == places[2].x + STEP_X
    assert abs(places[3].y - places[4].y) == STEP_Y


def test_one_branch_does_not_make_a_tower_of_a_net():
    net = zoo.lenet()
    branched, _ = net.insert(Relu(), after=net.by_name["pool1"].id)
    places = arrange(branched, 3)
    assert max(place.y for place in places.values()) <= 6 * STEP_Y
    assert max(place.x for place in places.values()) == 2 * STEP_X


def test_the_person_has_the_last_word():
    net = zoo.lenet()
    before = arrange(net, 3)
    after = arrange(net.moved({5: (-400.0, 16.0)}), 3)
    assert after[5] == (-400, 16)
    assert {i: p for i, p in after.items() if i != 5} == {i: p for i, p in before.items() if i != 5}


def test_a_part_placed_by_hand_leaves_no_hole():
    net = zoo.linear_classifier()
    loose, first = net.add(Relu(), x=900.0, y=900.0)
    loose, second = loose.add(Relu())
    assert arrange(loose, 3)[second].y < 2 * STEP_Y
    assert arrange(loose, 3)[first] == (900, 900)


@pytest.mark.parametrize(
    ("width", "height", "columns"), [(600, 760, 3), (300, 2000, 1), (4000, 150, 14), (1400, 500, 6)]
)
def test_lenet_takes_the_columns_that_show_it_largest(width, height, columns):
    net = zoo.lenet()
    assert best_columns(net, width, height) == columns
    scales = []
    for tried in range(1, 15):
        rows = -(-14 // tried)
        across, down = tried * STEP_X - GAP_X + 2 * MARGIN, rows * STEP_Y - GAP_Y + 2 * MARGIN
        scales.append(min(width / across, height / down, 1.0))
    assert scales[columns - 1] == max(scales)


def test_ports_of_one_side_are_spread_evenly():
    levels = [port_point(Point(0, 0), "left", index, 3).y for index in range(3)]
    assert levels == [BLOCK_HEIGHT / 4, BLOCK_HEIGHT / 2, BLOCK_HEIGHT * 3 / 4]


def test_no_net_at_all():
    assert arrange(Architecture(), 3) == {}
    assert best_columns(Architecture(), 600, 600) == 1
