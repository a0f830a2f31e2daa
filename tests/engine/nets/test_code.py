"""The generated source runs on its own and computes the same, bit for bit."""

import subprocess
import sys

import torch
from hypothesis import given, settings

from cvlab.engine.data.preprocessing import Preprocessing
from cvlab.engine.nets import zoo
from cvlab.engine.nets.build import build
from cvlab.engine.nets.code import source
from cvlab.engine.nets.shapes import infer
from tests.engine.nets.strategies import chains


def load(code: str):
    space = {"__name__": "generated"}
    exec(compile(code, "generated.py", "exec"), space)  # our own text, made a line above
    return space


@given(chains())
@settings(max_examples=60, deadline=None)
def test_same_weights_same_output(net):
    if infer(net).errors:
        return
    module = build(net, seed=1).eval()
    twin = load(source(net))["Net"]()
    twin.load_state_dict(module.state_dict())
    layer = net.by_name["input"].layer
    x = torch.randn(3, layer.channels, layer.height, layer.width, generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        assert torch.equal(twin.eval()(x), module(x))


def test_the_file_runs(tmp_path):
    path = tmp_path / "lenet.py"
    path.write_text(source(zoo.lenet(), Preprocessing(kind="standardize", mean=(0.13,), std=(0.31,))), encoding="utf-8")
    done = subprocess.run([sys.executable, path], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "torch.Size([1, 10])"


def test_the_written_preprocessing_is_the_one_that_is_applied():
    images = torch.randint(0, 256, (5, 1, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    for preprocessing in (
        Preprocessing(kind="unit"),
        Preprocessing(kind="signed"),
        Preprocessing(kind="standardize", mean=(0.1307,), std=(0.3081,)),
        Preprocessing(kind="mean-channel", mean=(0.1307,)),
        Preprocessing(kind="contrast"),
    ):
        written = load(source(zoo.lenet(), preprocessing))["preprocess"](images)
        torch.testing.assert_close(written, preprocessing.apply(images), rtol=0, atol=1e-6)


def test_a_name_cannot_break_out_of_its_docstring():
    net = zoo.lenet().titled('x"""\nimport os\n"""')
    assert "import os" not in [line.strip() for line in source(net).splitlines()]
    load(source(net))
