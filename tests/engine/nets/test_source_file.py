"""Source that was written is read back as the same net; anything else is refused in words and never run."""

# ruff: noqa: E501 - one case a line

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cvlab.engine.errors import CvlabError, NetError, NotOurFile, ShapeError
from cvlab.engine.nets import zoo
from cvlab.engine.nets.build import build
from cvlab.engine.nets.code import source
from cvlab.engine.nets.exchange.assembler import NotHere
from cvlab.engine.nets.exchange.source_file import read_source
from cvlab.engine.nets.shapes import infer
from tests.engine.nets.strategies import graphs, grouped_graphs
from tests.engine.nets.test_graphs import image


@given(st.one_of(graphs(), grouped_graphs()))
@settings(max_examples=100, deadline=None)
def test_what_was_written_is_read_as_the_same_net(net):
    again = read_source(source(net)).net
    assert not infer(again).errors
    first, second = build(net, seed=1).eval(), build(again, seed=2).eval()
    assert list(first.state_dict()) == list(second.state_dict())
    second.load_state_dict(first.state_dict())
    with torch.inference_mode():
        assert torch.equal(first(image(net)), second(image(net)))


@pytest.mark.parametrize("zoo_id", zoo.ZOO)
def test_ready_nets_come_back_layer_for_layer(zoo_id):
    net = zoo.make(zoo_id).flat
    again = read_source(source(net)).net
    assert again.name == net.name
    assert [n.layer for n in again.nodes] == [net.by_id[i].layer for i in net.order]
    assert sorted(again.by_name) == sorted(net.by_name)


GOOD = source(zoo.lenet())


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (("class Net", "class Other"), NotOurFile, "no class Net"),
        (("nn.Linear(400, 120)", "nn.Linear(256, 120)"), NotHere, "Linear expects 256 inputs; it gets 400"),
        (("nn.Linear(400, 120)", "nn.Linear(20 * 20, 120)"), NotOurFile, "not in the form"),
        (("nn.Linear(400, 120)", "nn.LSTM(400, 120)"), NotHere, "nn.LSTM has no layer here"),
        (("nn.Linear(400, 120)", "__import__('os').system('echo')"), NotHere, "has no layer here"),
        (("nn.Linear(400, 120)", "eval('1')"), NotHere, "eval has no layer here"),
        (("nn.Linear(400, 120)", "nn.Linear(**{})"), NotOurFile, "not in the form"),
        (("nn.Linear(400, 120)", "nn.Linear('a', 120)"), NotHere, "cannot be made so"),
        (("nn.Linear(400, 120)", "nn.Linear(400, 999999)"), NotHere, "from 1 to 16,384"),
        (("x = self.flatten1(x)", "x = x.view(-1, 400)"), NotOurFile, "not in the form"),
        (("x = self.flatten1(x)", "import os"), NotOurFile, "not in the form"),
        (("x = self.flatten1(x)", "x = self.nothing(x)"), NotOurFile, "makes no nothing"),
        (("x = self.flatten1(x)", "x = self.flatten1(y)"), NotOurFile, "y has no value yet"),
        (("x = self.relu4(x)", "x = self.fc2(x)"), NotHere, "fc2 is used twice"),
        (("        x = self.flatten1(x)\n", ""), ShapeError, "fc1 needs a vector"),
        (("        return x\n", ""), NotOurFile, "returns nothing"),
        (("kernel_size=5, padding=2", "kernel_size=(5, 3), padding=2"), NotHere, "only squares"),
        (("kernel_size=5, padding=2", "kernel_size=5, padding_mode='circular'"), NotHere, "padding_mode='circular'"),
        (("torch.zeros", "torch.ones"), NotOurFile, "how large the images are"),
    ],
)  # fmt: skip
def test_what_is_not_ours_is_refused_with_its_line(change, error, words):
    text = GOOD.replace("nn.Dropout(0.5)", "nn.Dropout(0.25)").replace(*change)
    assert text != GOOD
    with pytest.raises(error) as caught:
        read_source(text)
    assert words in str(caught.value)


def test_a_changed_number_is_read_and_nothing_is_run(tmp_path):
    marker = tmp_path / "ran"
    text = GOOD.replace("nn.Dropout(0.5)", "nn.Dropout(0.25)") + f"\nopen({str(marker)!r}, 'w')\n"
    assert read_source(text).net.by_name["dropout1"].layer.drop == 0.25
    assert not marker.exists()


@pytest.mark.parametrize(
    "text", ["", "\x00", "class Net:", "def f(:", "class Net:\n  pass", "(" * 500, "x" * 1_000_001]
)
def test_broken_files_get_words(text):
    with pytest.raises(NotOurFile):
        read_source(text)


@given(st.integers(0, len(GOOD)))
@settings(max_examples=60, deadline=None)
def test_a_cut_file_is_a_net_or_refused(length):
    try:
        assert not infer(read_source(GOOD[:length]).net).errors
    except CvlabError as error:
        assert error.what


@pytest.mark.parametrize(
    "call",
    [
        "MaxPool2d(None)", "MaxPool2d('a')", "MaxPool2d('3')", "MaxPool2d((2, None))", "MaxPool2d(2.5)", "AvgPool2d(None)", "LPPool2d(None, 2)",
        "LPPool2d(2, None)", "BatchNorm2d('a')", "BatchNorm2d(1, None)", "BatchNorm2d(1, 1e999)", "LeakyReLU('a')", "LeakyReLU(None)", "ELU(None)",
        "ELU(1e999)", "Flatten(None)", "Upsample(scale_factor=None)", "Upsample(scale_factor=(2, None))", "Upsample(scale_factor=1e308)",
        "ZeroPad2d(None)", "ZeroPad2d((1, 2))", "ZeroPad2d((1, 2, 3, None))", "AdaptiveAvgPool2d('a')", "GroupNorm(1, None)", "Conv2d(1, 1, None)",
        "Conv2d(1, 1, 3, None)", "Conv2d(1, 1, (3, None))", "Conv2d(1, 1, ())", "Linear(None, 1)", "Linear(1, 'a')",
    ],
)  # fmt: skip
def test_a_number_that_is_none_is_said_in_words(call):
    text = (
        "from torch import nn\n\n\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        f"        self.layer = nn.{call}\n\n    def forward(self, x):\n        x = self.layer(x)\n        return x\n"
    )
    with pytest.raises((NetError, NotOurFile)):
        read_source(text, (1, 8, 8))


@pytest.mark.parametrize(
    "value",
    [
        "x" + " + x" * 5000,
        "x" + ".a" * 5000,
        "-" * 500 + "x",
        "(" * 150 + "x" + ")" * 150,
        "self" + "[0]" * 500 + "(x)",
        "not " * 500 + "x",
    ],
)
def test_expressions_may_be_nested_however_deeply(value):
    text = (
        "from torch import nn\n\n\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        f"        self.layer = nn.ReLU()\n\n    def forward(self, x):\n        x = {value}\n        return x\n"
    )
    with pytest.raises(CvlabError):
        read_source(text, (1, 8, 8))
