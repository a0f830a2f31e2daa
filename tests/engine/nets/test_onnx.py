"""ONNX: onnxruntime computes the same, the file comes back as the same net, and what is foreign is named.

Without the extra `onnx` these tests are skipped, loudly.
"""

import json

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cvlab.engine.data.preprocessing import Preprocessing
from cvlab.engine.errors import CvlabError, NotOurFile
from cvlab.engine.nets import zoo
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.build import build
from cvlab.engine.nets.exchange.assembler import NotHere
from cvlab.engine.nets.shapes import infer
from cvlab.engine.nets.trained import load_weights
from tests.engine.nets.strategies import graphs, grouped_graphs
from tests.engine.nets.test_graphs import EXAMPLES, image

onnx = pytest.importorskip("onnx", reason="ONNX IS NOT CHECKED: pip install cvlab[onnx]")
pytest.importorskip("onnxruntime", reason="ONNX IS NOT CHECKED: pip install cvlab[onnx]")

from cvlab.engine.nets.exchange.onnx_in import read_onnx  # noqa: E402
from cvlab.engine.nets.exchange.onnx_out import check_onnx, run_onnx, write_onnx  # noqa: E402


def weights_of(net: Architecture) -> dict[str, np.ndarray]:
    module = build(net, seed=1)
    dice = torch.Generator().manual_seed(0)
    for name, value in module.state_dict().items():
        if "running" in name:  # averages that are not those of a fresh net
            value.copy_(torch.rand(value.shape, generator=dice) + 0.5)
    return {name: value.numpy().copy() for name, value in module.state_dict().items()}


def against_double(data: bytes, net: Architecture, weights) -> float:
    """How far onnxruntime is from the net in double precision. In single precision ours may be the worse of the two: a group
    norm over a single number gives 0, and what is left of the difference of two products is 300 times their rounding."""
    module, x = build(net), image(net, 4)
    load_weights(module, weights)
    with torch.inference_mode():
        exact = module.double().eval()(x.double()).numpy()
    return float(np.abs(run_onnx(data, x.numpy()) - exact).max() / max(float(np.abs(exact).max()), 1.0))


@given(st.one_of(graphs(), grouped_graphs()))
@settings(max_examples=EXAMPLES * 6 // 10, deadline=None)
def test_onnxruntime_computes_the_same_and_the_net_comes_back(net):
    # PyTorch, and ONNX by its words, allow output padding below the stride or the dilation; the runtime only below the stride.
    assume(not any(getattr(node.layer, "output_padding", 0) >= getattr(node.layer, "stride", 1) for node in net.nodes))
    weights = weights_of(net)
    data = write_onnx(net, weights)
    assert against_double(data, net, weights) < 1e-5
    again = read_onnx(data)
    assert not infer(again.net).errors
    assert infer(again.net).parameters == infer(net).parameters
    ours, theirs = build(net), build(again.net)
    load_weights(ours, weights)
    load_weights(theirs, again.weights)
    with torch.inference_mode():
        assert torch.equal(ours.eval()(image(net)), theirs.eval()(image(net)))
    assert write_onnx(again.net, again.weights) == data or set(again.weights) != set(weights)


@pytest.mark.parametrize("zoo_id", ["lenet", "lenet5", "vgg-small", "nin-small", "resnet20"])
def test_ready_nets(zoo_id):
    net = zoo.make(zoo_id)
    weights = weights_of(net)
    data = write_onnx(net, weights, Preprocessing(kind="unit"), ("a", "b"))
    assert check_onnx(data, net, weights, count=1) < 1e-5
    again = read_onnx(data)
    assert set(again.weights) == set(weights), "layers with weights keep their names"
    for ours in net.flat.nodes:
        if ours.layer.kind in ("linear", "batchnorm", "dropout"):
            theirs = again.net.by_name[ours.name].layer
            assert theirs == ours.layer
    model = onnx.load_model_from_string(data)
    told = {p.key: json.loads(p.value) for p in model.metadata_props}
    assert again.preprocessing == Preprocessing(kind="unit") and again.classes == ()
    assert "names of classes" in " ".join(again.notes)  # two names for ten scores
    assert told == {"classes": ["a", "b"], "preprocessing": Preprocessing(kind="unit").model_dump(mode="json")}


def small(nodes, initializers=(), sides=(1, 1, 8, 8), out="y", rank=4):
    helper, f32 = onnx.helper, onnx.TensorProto.FLOAT
    y = helper.make_tensor_value_info(out, f32, [f"d{i}" for i in range(rank)])
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", f32, sides)], [y],
        [onnx.numpy_helper.from_array(value, name) for name, value in initializers],
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()


def node(op, inputs, output="y", **attributes):
    return onnx.helper.make_node(op, inputs, [output], **attributes)


W = np.arange(9, dtype=np.float32).reshape(1, 1, 3, 3)


@pytest.mark.parametrize(
    ("nodes", "initializers", "words"),
    [
        ([node("Relu", ["x"], "a"), node("Clip", ["a"], "b"), node("Sin", ["b"])], (), "Clip (1×), Sin (1×)"),
        ([node("Conv", ["x", "w"], pads=[1, 1, 1, 1])], [("w", W[:, :, :2])], "only squares"),
        ([node("Conv", ["x", "w"])], [("w", np.repeat(W, 3, 1))], "expects 3 channels"),
        ([node("Transpose", ["x"], perm=[0, 2, 3, 1])], (), "Transpose (1×)"),
        ([node("Add", ["x", "c"])], [("c", W)], "adding a constant"),
        ([node("MaxPool", ["x"], kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)], (), "ceil_mode"),
        ([node("AveragePool", ["x"], kernel_shape=[3, 3], pads=[1, 1, 1, 1])], (), "out of the mean"),
        ([node("Softmax", ["x"], axis=2)], (), "over axis 2"),
        ([node("Concat", ["x", "x"], axis=2)], (), "along their depth"),
        ([node("Reshape", ["x", "s"])], [("s", np.array([1, 2, 2, 2, 8]))], "has no layer here"),
    ],
)
def test_operators_without_a_layer_are_named(nodes, initializers, words):
    with pytest.raises(NotHere) as caught:
        read_onnx(small(nodes, initializers))
    assert words in str(caught.value)


def test_other_exporters_spellings_are_read():
    rng = np.random.default_rng(0)
    matrix, bias = rng.normal(size=(4, 5)).astype(np.float32), rng.normal(size=5).astype(np.float32)
    filters = rng.normal(size=(4, 1, 2, 2)).astype(np.float32)
    data = small(
        [node("Conv", ["x", "f"], "a", auto_pad="SAME_UPPER"), node("Relu", ["a"], "b"),
         node("ReduceMean", ["b"], "c", axes=[2, 3], keepdims=1), node("Squeeze", ["c", "axes"], "d"),
         node("Identity", ["d"], "e"), node("MatMul", ["e", "m"], "g"), node("Add", ["g", "v"], "y")],
        [("f", filters), ("axes", np.array([2, 3])), ("m", matrix), ("v", bias)],
        rank=2,
    )  # fmt: skip
    imported = read_onnx(data)
    kinds = [imported.net.by_id[i].layer.kind for i in imported.net.order]
    assert kinds == ["input", "zeropad", "conv", "relu", "globalpool", "flatten", "linear"]
    module = build(imported.net)
    load_weights(module, imported.weights)
    x = rng.normal(size=(1, 1, 8, 8)).astype(np.float32)
    with torch.inference_mode():
        ours = module.eval()(torch.as_tensor(x)).numpy()
    np.testing.assert_allclose(ours, run_onnx(data, x), rtol=1e-4, atol=1e-5)


def test_an_open_image_size_is_asked_for():
    data = small([node("GlobalAveragePool", ["x"])], sides=("N", 3, "H", "W"))
    with pytest.raises(NotHere, match="image size open"):
        read_onnx(data)
    assert infer(read_onnx(data, (3, 20, 30)).net).layers[2].output == (3, 1, 1)


def test_weights_outside_the_file_are_refused():
    model = onnx.load_model_from_string(small([node("Conv", ["x", "w"])], [("w", W)]))
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../etc/passwd")
    with pytest.raises(NotHere, match="in another file, which is not read"):
        read_onnx(model.SerializeToString())


@pytest.mark.parametrize(
    ("nodes", "initializers", "words"),
    [
        ([node("Conv", ["x", "w"])], [("w", W + np.nan)], "9 of 9 numbers that are not finite"),
        ([node("Conv", ["x", "w", "b"])], [("w", W), ("b", np.zeros(3, np.float32))], "(3,), the net needs (1,)"),
        ([node("Conv", ["x", "w"])], [("w", W.astype(np.float64) + 1e300)], "not finite"),
        (
            [node("BatchNormalization", ["x", "o", "o", "o", "m"])],
            [("o", np.ones(1, np.float32)), ("m", -np.ones(1, np.float32))],
            "a variance below 0",
        ),
    ],
)
def test_damaged_weights_get_a_sentence(nodes, initializers, words):
    with pytest.raises(CvlabError) as caught:
        read_onnx(small(nodes, initializers))
    assert words in str(caught.value)


@pytest.mark.parametrize("trans_b", [0, 1])
def test_matrices_are_turned_as_their_operator_says(trans_b):
    rng = np.random.default_rng(1)
    matrix, bias = rng.normal(size=(64, 5)).astype(np.float32), rng.normal(size=5).astype(np.float32)
    up = rng.normal(size=(1, 2, 3, 3)).astype(np.float32)
    wide = rng.normal(size=(2 * 17 * 17, 64)).astype(np.float32)
    data = small(
        [node("ConvTranspose", ["x", "u"], "a", strides=[2, 2], group=1), node("Flatten", ["a"], "b"),
         node("MatMul", ["b", "m"], "c"), node("Gemm", ["c", "w", "v"], transB=trans_b)],
        [("u", up), ("m", wide), ("w", matrix.T.copy() if trans_b else matrix), ("v", bias)],
        sides=("N", 1, 8, 8), rank=2,
    )  # fmt: skip
    found = read_onnx(data)
    np.testing.assert_array_equal(found.weights[f"{found.net.by_id[found.net.order[-1]].name}.weight"], matrix.T)
    assert against_double(data, found.net, found.weights) < 1e-5


def test_a_pool_that_rounds_up_behind_a_relu_is_read():
    window = {"kernel_shape": [3, 3], "strides": [2, 2], "ceil_mode": 1}
    data = small([node("Relu", ["x"], "a"), node("MaxPool", ["a"], **window)])
    found = read_onnx(data)
    assert [found.net.by_id[i].layer.kind for i in found.net.order] == ["input", "relu", "zeropad", "maxpool"]
    x = np.random.default_rng(0).normal(size=(1, 1, 8, 8)).astype(np.float32)
    np.testing.assert_array_equal(build(found.net)(torch.as_tensor(x)).numpy(), run_onnx(data, x))


@pytest.mark.parametrize(
    ("key", "value"),
    [("classes", "["), ("classes", '["a", "a"]'), ("classes", "3"), ("preprocessing", "{"),
     ("preprocessing", '{"kind": "whiten"}'), ("preprocessing", '{"kind": "standardize", "mean": [1, 2], "std": [1, 2]}')],
)  # fmt: skip
def test_metadata_that_cannot_be_used_is_a_note(key, value):
    model = onnx.load_model_from_string(LENET)
    onnx.helper.set_model_props(model, {key: value})
    found = read_onnx(model.SerializeToString())
    assert found.preprocessing is None and found.classes == () and len(found.notes) == 1 and found.weights


LENET = write_onnx(zoo.linear_classifier(), weights_of(zoo.linear_classifier()))


@given(st.integers(0, len(LENET)), st.binary(max_size=4))
@settings(max_examples=60, deadline=None)
def test_a_cut_or_damaged_file_is_a_net_or_refused(length, noise):
    try:
        read_onnx(LENET[:length] + noise)
    except CvlabError as error:
        assert error.what
    with pytest.raises(NotOurFile):
        read_onnx(b"not a model" + noise)
