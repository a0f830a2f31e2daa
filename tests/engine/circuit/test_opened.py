"""Layers of nets as circuits: the sum is the one that the net itself computes, and what is too large is refused."""

import pytest
import torch

from cvlab.engine.circuit.opened import layer_text, neuron_text, neuron_vector_text, openable, why_closed
from cvlab.engine.circuit.passes import evaluate
from cvlab.engine.circuit.reader import read
from cvlab.engine.data.preprocessing import Preprocessing
from cvlab.engine.errors import NetError
from cvlab.engine.nets import zoo
from cvlab.engine.nets.build import build
from cvlab.engine.nets.shapes import infer
from cvlab.engine.nets.trained import TrainedNet

CLASSES = tuple(map(str, range(10)))


@pytest.fixture(scope="module")
def lenet():
    return TrainedNet(zoo.lenet(), build(zoo.lenet(), seed=3).eval(), Preprocessing(), CLASSES, "LeNet")


@pytest.fixture(scope="module")
def image():
    return torch.randint(0, 256, (1, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


def test_what_can_be_opened(lenet):
    layers = {layer.name: layer for layer in openable(lenet.architecture)}
    assert [(n, layer.units, layer.inputs, layer.activation) for n, layer in layers.items()] == [
        ("conv1", (6, 28, 28), 25, "relu"), ("conv2", (16, 10, 10), 150, "relu"), ("fc1", (120,), 400, "relu"),
        ("fc2", (84,), 120, "relu"), ("fc3", (10,), 84, ""),
    ]  # fmt: skip
    assert [layer.fits_whole for layer in layers.values()] == [False, False, False, False, True]


@pytest.mark.parametrize(
    ("name", "unit", "inputs"),
    [
        ("conv1", (2, 14, 9), 25),
        ("conv1", (0, 0, 0), 9),
        ("conv2", (7, 3, 3), 150),
        ("fc1", (5,), 400),
        ("fc3", (9,), 84),
    ],
)
def test_the_sum_is_the_nets_own(lenet, image, name, unit, inputs):
    layer = next(each for each in openable(lenet.architecture) if each.name == name)
    wanted = float(lenet.activations(image)[name][unit])
    for text in (neuron_text(lenet, image, layer, unit, 5, "a test"), neuron_vector_text(lenet, image, layer, unit)):
        evaluation = evaluate(read(text))
        s = evaluation.circuit.by_name["s"]
        assert evaluation.values[s.id] == pytest.approx(wanted, abs=2e-4)
        if layer.activation:
            assert evaluation.output == max(evaluation.values[s.id], 0)
    assert len(read(text).by_name["w"].value) == inputs
    scalar = neuron_text(lenet, image, layer, unit, 5, "a test")
    assert f"the other {inputs - 5} add up to rest" in scalar and scalar.count("*") == 5 and "a test" in scalar


def test_the_whole_last_layer_with_its_loss(lenet, image):
    layer = openable(lenet.architecture)[-1]
    evaluation = evaluate(read(layer_text(lenet, image, layer, 4)))
    scores = lenet.activations(image)["fc3"]
    s = evaluation.circuit.by_name["s"]
    assert evaluation.values[s.id] == pytest.approx(scores, abs=2e-3)
    assert evaluation.output == pytest.approx(
        float(torch.nn.functional.cross_entropy(torch.tensor(scores), torch.tensor(4))), abs=2e-3
    )


def test_a_small_hidden_layer_ends_in_its_sum(image):
    net = zoo.two_layer((1, 28, 28), hidden=2)
    trained = TrainedNet(net, build(net, seed=0).eval(), Preprocessing(), CLASSES)
    first, last = openable(net)
    with pytest.raises(NetError, match="circuit's text holds"):
        neuron_vector_text(trained, image, first, (0,))[:0] or layer_text(trained, image, first)
    evaluation = evaluate(read(layer_text(trained, image, last, 1)))
    assert evaluation.circuit.by_name["W"].shape == (10, 2)


def test_what_cannot_be_opened_is_said(lenet, image):
    layers = {layer.name: layer for layer in openable(lenet.architecture)}
    with pytest.raises(NetError, match="48,520 numbers"):
        layer_text(lenet, image, layers["fc1"])
    with pytest.raises(NetError, match="convolution"):
        layer_text(lenet, image, layers["conv1"])
    with pytest.raises(NetError, match="no neuron"):
        neuron_text(lenet, image, layers["fc3"], (10,))


def test_why_a_layer_stays_closed_is_said():
    net = zoo.lenet()
    report = infer(net)
    reasons = {node.name: why_closed(node, report.layers[node.id].output) for node in net.nodes}
    assert {name for name, reason in reasons.items() if not reason} == {layer.name for layer in openable(net)}
    assert "learns no weighted sum" in reasons["pool1"]
    assert "mend the net" in why_closed(net.by_name["fc1"], None)
