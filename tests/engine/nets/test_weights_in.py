"""Weights that come along with a net from elsewhere: the same numbers, laid out as they must be; damage gets sentences."""

import io
import pickle
import zipfile

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save
from torch import nn

from cvlab.engine.data.preprocessing import Preprocessing
from cvlab.engine.errors import CvlabError, NotOurFile
from cvlab.engine.nets import zoo
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.build import build
from cvlab.engine.nets.code import source
from cvlab.engine.nets.exchange.pth_file import read_pth
from cvlab.engine.nets.exchange.source_file import read_source, weights_beside
from cvlab.engine.nets.exchange.traced import read_model, read_torchvision
from cvlab.engine.nets.exchange.weights_file import read_weights_file
from cvlab.engine.nets.layers import Add, BatchNorm, Conv, Flatten, Input, Linear, Relu, Reshape
from cvlab.engine.nets.trained import load_weights
from cvlab.engine.nets.weights import checked, fitting, named_as, weight_shapes
from tests.engine.nets.strategies import graphs, grouped_graphs
from tests.engine.nets.test_graphs import EXAMPLES, image

SMALL = Architecture.chain(
    "small", [Input(channels=1, height=6, width=6), Conv(filters=2), BatchNorm(), Relu(), Flatten(), Linear(units=3)]
)


def trained(net: Architecture, seed: int = 1) -> dict[str, np.ndarray]:
    """Weights such as training leaves: running averages that are not a fresh net's."""
    module, dice = build(net, seed=seed), torch.Generator().manual_seed(seed)
    for name, value in module.state_dict().items():
        if "running" in name:
            value.copy_(torch.rand(value.shape, generator=dice) + 0.5)
        elif "num_batches" in name:
            value.fill_(7)
    return {name: value.numpy().copy() for name, value in module.state_dict().items()}


def scores(net: Architecture, weights, x: torch.Tensor) -> torch.Tensor:
    module = build(net)
    load_weights(module, weights)
    with torch.inference_mode():
        return module.to(x.dtype).eval()(x)


# -- source --------------------------------------------------------------------------------------------------------------


@given(st.one_of(graphs(), graphs(), grouped_graphs()))
@settings(max_examples=EXAMPLES, deadline=None)
def test_source_and_the_weights_beside_it_come_back_bit_for_bit(net):
    weights = trained(net)
    text = source(net, Preprocessing(), "net.safetensors")
    assert weights_beside(text) == "net.safetensors"
    again = read_source(text, weights=weights)
    assert list(again.weights) == list(weights)
    assert all(again.weights[name].tobytes() == value.tobytes() for name, value in weights.items())
    assert torch.equal(scores(net, weights, image(net)), scores(again.net, again.weights, image(net)))
    assert again.preprocessing == (Preprocessing() if weights else None)


def test_a_layer_with_a_name_that_is_none_of_ours_keeps_its_weights():
    text = source(SMALL).replace("conv1", "Conv_One")
    weights = {name.replace("conv1", "Conv_One"): value for name, value in trained(SMALL).items()}
    again = read_source(text, weights=weights)
    assert again.net.by_name["conv_one"].layer == Conv(filters=2)
    np.testing.assert_array_equal(again.weights["conv_one.weight"], weights["Conv_One.weight"])
    with pytest.raises(NotOurFile, match="of no layer in __init__"):
        read_source(text, weights=weights | {"fc9.weight": np.zeros(3)})


@pytest.mark.parametrize(
    "preprocessing",
    [
        Preprocessing(kind="unit"), Preprocessing(kind="signed"), Preprocessing(kind="contrast"),
        Preprocessing(kind="standardize", mean=(0.1307,), std=(0.30811,)),
        Preprocessing(kind="mean-channel", mean=(0.25,)),
    ],
)  # fmt: skip
def test_the_preprocessing_in_a_source_is_known_again(preprocessing):
    text = source(SMALL, preprocessing, "w.safetensors")
    assert read_source(text, weights=trained(SMALL)).preprocessing == preprocessing
    changed = text.replace(".float()", ".double()")
    assert read_source(changed, weights=trained(SMALL)).preprocessing is None


@pytest.mark.parametrize(
    "name", ["../w.safetensors", "/etc/w.safetensors", "a\\\\w.safetensors", "w.pkl", "..", "", "c:w.safetensors"]
)
def test_weights_that_would_lie_elsewhere_are_not_looked_for(name):
    assert weights_beside(source(SMALL, None, "w.safetensors").replace("w.safetensors", name)) == ""


# -- traced models -------------------------------------------------------------------------------------------------------


def randomised(model: nn.Module) -> nn.Module:
    for name, value in model.state_dict().items():
        if name.endswith("running_var"):
            value.uniform_(0.5, 2)
        elif name.endswith("running_mean"):
            value.normal_()
    return model.eval()


class Every(nn.Module):
    """A layer of each kind that has weights, transposed and grouped ones among them."""

    def __init__(self):
        super().__init__()
        self.grouped = nn.Conv2d(2, 6, 3, padding=1, groups=2, bias=False)
        self.norm = nn.BatchNorm2d(6)
        self.up = nn.ConvTranspose2d(6, 4, 3, stride=2, output_padding=1, groups=2)
        self.group_norm = nn.GroupNorm(2, 4)
        self.flat = nn.Flatten()
        self.linear = nn.Linear(4 * 18 * 18, 5)
        self.layer_norm = nn.LayerNorm(5)
        self.plain = nn.BatchNorm1d(5, affine=False)

    def forward(self, x):
        x = self.group_norm(self.up(torch.relu(self.norm(self.grouped(x)))))
        return self.plain(self.layer_norm(self.linear(self.flat(x))))


def test_a_traced_model_computes_the_same_in_double_precision():
    torch.manual_seed(0)
    model = randomised(Every())
    found = read_model(model, (2, 8, 8))
    x = torch.randn(3, 2, 8, 8, dtype=torch.float64)
    with torch.inference_mode():
        torch.testing.assert_close(scores(found.net, found.weights, x), model.double()(x), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("old_form", [False, True])
def test_torchvisions_model_with_a_published_file_is_that_model(old_form):
    from cvlab.engine.data.vision import torchvision

    torchvision()
    from torchvision.models import resnet18

    torch.manual_seed(2)
    model = randomised(resnet18(weights=None))
    file = io.BytesIO()
    torch.save(model.state_dict(), file, _use_new_zipfile_serialization=not old_form)
    found = read_torchvision("resnet18", (3, 32, 32), weights=read_weights_file(file.getvalue(), ".pth"))
    x = torch.randn(2, 3, 32, 32, dtype=torch.float64)
    with torch.inference_mode():
        torch.testing.assert_close(scores(found.net, found.weights, x), model.double()(x), rtol=1e-12, atol=1e-12)
    assert found.classes[:2] == ("tench", "goldfish") and len(set(found.classes)) == 1000
    assert found.preprocessing.mean == (0.485, 0.456, 0.406)


# -- weights files -------------------------------------------------------------------------------------------------------

TREE = {
    "a": torch.arange(12.0).reshape(3, 4).T, "b": torch.ones(1).expand(4, 3), "c": torch.tensor(3.5),
    "d": torch.randn(5, generator=torch.Generator().manual_seed(0)).bfloat16(), "e": torch.arange(4).half()[1:],
    "f": torch.zeros(0, 3), "g": torch.arange(5), "h": torch.tensor([True, False]), "i": torch.ones(2).double(),
}  # fmt: skip


def saved(tree, **options) -> bytes:
    file = io.BytesIO()
    torch.save(tree, file, **options)
    return file.getvalue()


@pytest.mark.parametrize("options", [{}, {"_use_new_zipfile_serialization": False}])
def test_pytorchs_files_are_read_without_unpickling(options, monkeypatch):
    data = saved({"state_dict": TREE, "epoch": 3, "best": (0.5, None)}, **options)
    parameters = saved(dict(Every().named_parameters()), **options)

    def refuse(*_, **__):
        raise AssertionError("something was unpickled")

    for name in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, name, refuse)
    found = read_pth(data)
    assert list(found) == list(TREE)
    for name, value in TREE.items():
        np.testing.assert_array_equal(found[name], value.float().numpy() if name == "d" else value.numpy())
    assert set(read_pth(parameters)) == set(dict(Every().named_parameters()))


class Bomb:
    def __reduce__(self):
        return (print, ("it ran",))


@pytest.mark.parametrize(
    ("tree", "words"),
    [
        ({"a": Bomb()}, "asks for code to be run"),
        (Every(), "not the net"),
        ({"a": 3}, "something else than tensors"),
        ([1, 2], "no tensors by name"),
        ({}, "no tensors by name"),
        ({"a": np.ones(3)}, "asks for code to be run"),
        ({1: torch.ones(2)}, "something else than tensors"),
    ],
)
@pytest.mark.parametrize("options", [{}, {"_use_new_zipfile_serialization": False}])
def test_what_is_no_state_dict_is_refused_and_nothing_runs(tree, words, options, capsys):
    with pytest.raises(NotOurFile) as caught:
        read_pth(saved(tree, **options))
    assert words in str(caught.value)
    assert capsys.readouterr().out == ""


NEW, OLD = saved({"w": torch.ones(40)}), saved({"w": torch.ones(40)}, _use_new_zipfile_serialization=False)


@given(st.sampled_from([NEW, OLD]), st.data())
@settings(max_examples=100, deadline=None)
def test_cut_and_damaged_weights_files_are_read_or_refused(data, draw):
    at = draw.draw(st.integers(0, len(data) - 1))
    damaged = bytearray(data[:at] if draw.draw(st.booleans()) else data)
    if at < len(damaged):
        damaged[at] ^= draw.draw(st.integers(1, 255))
    for suffix in (".pth", ".safetensors"):
        try:
            assert all(isinstance(value, np.ndarray) for value in read_weights_file(bytes(damaged), suffix).values())
        except CvlabError as error:
            assert error.what


def test_a_small_file_that_would_become_huge_is_refused():
    assert read_pth(saved({"w": torch.ones(1).expand(10, 10)}))["w"].shape == (10, 10)
    with pytest.raises(NotOurFile, match="larger than 2 GB"):
        read_pth(saved({"w": torch.ones(1).expand(100_000, 100_000)}))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x/data.pkl", b"\0" * 60_000_000)
    with pytest.raises(NotOurFile, match="larger"):
        read_pth(packed.getvalue())


def test_safetensors_of_half_precision_are_read():
    found = read_weights_file(save({"a": torch.ones(3).bfloat16() * 1.5, "b": torch.ones(2).half()}), ".safetensors")
    assert found["a"].dtype == np.float32 and found["a"].tolist() == [1.5] * 3
    with pytest.raises(NotOurFile, match="only a part"):
        read_weights_file(b"nothing", ".safetensors")
    with pytest.raises(NotOurFile, match="are read from"):
        read_weights_file(b"", ".h5")


# -- held against the net ------------------------------------------------------------------------------------------------


@given(st.one_of(graphs(), grouped_graphs()))
@settings(max_examples=EXAMPLES, deadline=None)
def test_shapes_are_those_of_the_built_net(net):
    state = build(net).state_dict()
    assert weight_shapes(net) == {name: tuple(value.shape) for name, value in state.items()}
    whole = checked(net, {name: value.double().numpy() for name, value in state.items()})
    assert all(torch.equal(torch.as_tensor(whole[name]), value) for name, value in state.items())


def changed(**changes):
    weights = trained(SMALL)
    for name, value in changes.items():
        key = name.replace("__", ".")
        if value is None:
            del weights[key]
        else:
            weights[key] = value
    return weights


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"fc1__weight": None}, "fc1.weight is missing"),
        ({"fc1__weight": np.zeros((3, 9), np.float32)}, "fc1.weight is (3, 9), the net needs (3, 32)"),
        ({"fc2__weight": np.zeros(3)}, "fc2.weight belongs to no layer"),
        ({"conv1__bias": np.array([1, np.nan], np.float32)}, "conv1.bias has 1 of 2 numbers that are not finite"),
        ({"conv1__bias": np.array([1e300, 1.0])}, "not finite"),
        ({"conv1__bias": np.array(["a", "b"])}, "holds no real numbers"),
        ({"conv1__bias": np.array([1j, 2])}, "holds no real numbers"),
        ({"bn1__running_var": np.array([-1, 1], np.float32)}, "a variance below 0"),
    ],
)
def test_weights_that_are_not_the_nets_get_a_sentence(changes, words):
    with pytest.raises(NotOurFile) as caught:
        checked(SMALL, changed(**changes))
    assert words in str(caught.value)


def test_a_batch_norm_without_its_count_and_other_numbers_are_taken():
    whole = checked(SMALL, changed(bn1__num_batches_tracked=None, conv1__bias=np.array([3, 4], np.int64)))
    assert whole["bn1.num_batches_tracked"] == 0 and whole["conv1.bias"].dtype == np.float32


def test_weights_that_cannot_be_held_are_refused_before_they_are():
    with pytest.raises(NotOurFile, match="more than 500,000,000"):
        checked(_wide(), {})


def _wide() -> Architecture:
    """Three linear layers of 200 million weights each, side by side."""
    net = Architecture.chain("wide", [Input(channels=3, height=256, width=256), Flatten(), Linear(units=1000)])
    net, merge = net.insert(Add(), after=3)
    for port in (1, 2):
        net, other = net.insert(Linear(units=1000), after=2)
        net = net.connect(other, merge, port)
    return net


def test_other_tools_names_are_known_and_a_new_head_begins_anew():
    net = Architecture.chain(
        "named", [Input(channels=1, height=4, width=4), Conv(filters=2), Flatten(), Linear(units=4)]
    )
    net = net.renamed(2, "layer1_0_conv1")
    theirs = {name.replace("layer1_0_conv1", "layer1.0.conv1"): value for name, value in trained(net).items()}
    assert set(named_as(net, theirs)) == set(trained(net))
    other = net.with_layer(4, Linear(units=7))
    taken, anew = fitting(other, trained(net))
    assert set(taken) == {"layer1_0_conv1.weight", "layer1_0_conv1.bias"} and anew == ("fc1",)
    assert fitting(net, trained(net))[1] == ()


def test_the_ready_nets_take_their_own_weights():
    for zoo_id in ("lenet", "resnet20"):
        net = zoo.make(zoo_id)
        assert list(checked(net, trained(net))) == list(weight_shapes(net))


def test_a_side_longer_than_may_be_asked_for_is_what_the_others_leave():
    assert Reshape.to(1, 1092, 1) == Reshape(channels=1, height=0, width=1)
    assert Reshape.to(3, 8, 8) == Reshape(channels=3, height=8, width=8)
