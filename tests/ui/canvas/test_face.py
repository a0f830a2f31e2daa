"""What a block says, and where a layer may land."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cvlab.engine.nets import zoo
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import Conv, Input, Linear, Relu
from cvlab.engine.nets.shapes import infer
from cvlab.ui.canvas.face import count_text
from cvlab.ui.canvas.face import faces as all_faces
from cvlab.ui.canvas.landing import landings, nearest
from cvlab.ui.canvas.layout import arrange
from cvlab.ui.canvas.sketch import sketch


def faces(net, report, batch=1):
    return all_faces(net, report, sketch(net), batch)


def test_lenet_says_the_course_s_numbers():
    net = zoo.lenet()
    said = {face.name: face for face in faces(net, infer(net)).values()}
    assert said["conv1"].volume == "28×28×6" and said["conv1"].parameters == 156
    assert said["pool2"].volume == "5×5×16"
    assert said["fc1"].gives == "vector of 120"
    assert not any(face.error or face.waiting for face in said.values())


def test_blocks_after_a_failing_one_wait_for_it_by_name():
    net = zoo.lenet()
    net = net.remove([net.by_name["flatten1"].id])
    said = {face.name: face for face in faces(net, infer(net)).values()}
    assert said["fc1"].error == "fc1 needs a vector." and said["fc1"].remedy == "Insert a flatten layer before it."
    assert {said[name].waiting for name in ("relu3", "fc2", "relu4", "fc3")} == {"waiting for fc1"}
    assert not said["dropout1"].waiting


def test_blocks_in_a_circle_say_so():
    net = Architecture.chain("circle", [Input(), Relu(), Relu()])
    edge = net.edges[1]
    looped = Architecture.model_construct(
        name="c", nodes=net.nodes, next_id=4, edges=(edge, edge.model_copy(update={"source": 3, "target": 2}))
    )
    assert {face.waiting for face in faces(looped, infer(looped)).values()} == {"waiting: the wires run in a circle"}


def test_counts_are_short():
    assert [count_text(n) for n in (0, 48_120, 1_234_567, 4.5e9)] == ["0", "48,120", "1.23 M", "4.5 G"]


def choices(net: Architecture, arity: int = 1, moving: tuple[int, ...] = ()):
    laid = arrange(net, sketch(net), 3)
    return landings(sketch(net), laid.places, laid.sides, arity, moving), laid.places


def test_a_layer_lands_on_every_wire_and_at_the_end():
    net = zoo.linear_classifier()
    found, _ = choices(net)
    assert {(each.after, each.before) for each in found} == {(1, 2), (2, 3), (3, None)}
    assert {(e.after, e.before) for e in choices(net, moving=(2,))[0]} == {(3, None)}


def test_an_input_lands_only_before_an_open_start():
    headless = zoo.linear_classifier().remove([1])
    assert [(e.after, e.before) for e in choices(headless, arity=0)[0]] == [(None, 2)]
    assert choices(zoo.linear_classifier(), arity=0)[0] == []


@given(st.floats(-300, 900), st.floats(-300, 900))
def test_the_nearest_landing_is_the_nearest_of_many_points_tried(x, y):
    found, places = choices(zoo.lenet())
    landing = nearest(found, places, x, y)

    def walked(each) -> float:
        steps = [i / 60 for i in range(61)]
        return min(
            ((each.start.x + s * (each.end.x - each.start.x) - x) ** 2
             + (each.start.y + s * (each.end.y - each.start.y) - y) ** 2) ** 0.5 for s in steps
        )  # fmt: skip

    if landing is not None:
        assert walked(landing) <= min(map(walked, found)) + 1.0
    else:
        assert min(map(walked, found)) > 47


def test_over_a_block_a_wire_is_always_at_hand_and_far_away_none():
    net = Architecture.chain("net", [Input(), Conv(), Linear()])
    found, places = choices(net)
    assert nearest(found, places, places[2].x + 70, places[2].y + 44) is not None
    assert nearest(found, places, 3000, 3000) is None
