"""Shapes, parameters and multiply-adds against what PyTorch itself makes of the same net."""

from contextlib import suppress

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from cvlab.engine.errors import GraphError, ShapeError
from cvlab.engine.nets import zoo
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.build import build
from cvlab.engine.nets.layers import (
    Conv,
    Flatten,
    Input,
    Linear,
    MaxPool,
    Misfit,
    Relu,
    TransposedConv,
    fit_arithmetic,
    volume,
)
from cvlab.engine.nets.shapes import check_classifier, infer, infer_from
from tests.engine.nets.strategies import chains, graphs


def multiply_adds_counted(module: nn.Module, x: torch.Tensor, y: torch.Tensor) -> int:
    """Counted from the tensors that really went in and out, independent of the specs."""
    if isinstance(module, nn.Conv2d):
        return y[0].numel() * module.weight[0].numel()
    if isinstance(module, nn.Linear):
        return module.weight.numel()
    return 0


@given(chains())
@settings(max_examples=150, deadline=None)
def test_what_is_inferred_is_what_torch_computes(net):
    report = infer(net)
    if report.errors:
        # A net that is refused is refused by PyTorch, too, or gives the same output for every image.
        error = report.errors[0]
        assert isinstance(error, ShapeError)
        source = net.by_name["input"].layer
        images = torch.randn(
            2, source.channels, source.height, source.width, generator=torch.Generator().manual_seed(0)
        )
        with suppress(RuntimeError, AssertionError):
            for node_id in net.order[1:]:
                layer = net.by_id[node_id].layer
                images = layer.build(tuple(images.shape[1:])).eval()(images)
                if images.numel() == 0:
                    return
                if net.by_id[node_id].name == error.node:
                    break
            is_constant = torch.allclose(images[0], images[1], atol=1e-6)
            if not is_constant:
                pytest.fail(f"{error.node} is refused, and its output depends on the image: {error}")
        return
    module = build(net, seed=0)
    counted = {}
    for name, child in module.named_children():
        child.register_forward_hook(
            lambda m, args, y, name=name: counted.update(
                {name: (tuple(y.shape[1:]), multiply_adds_counted(m, args[0], y))}
            )
        )
    source = net.by_name["input"].layer
    # With `keep`, layer by layer: the hooks see every one.
    module.eval()(torch.zeros(2, source.channels, source.height, source.width), {})
    for node_id, layer in report.layers.items():
        node = net.by_id[node_id]
        if node.name == "input":
            continue
        shape, multiply_adds = counted[node.name]
        assert layer.output == shape
        assert layer.multiply_adds == multiply_adds
        assert layer.parameters == sum(p.numel() for p in getattr(module, node.name).parameters())
    assert report.parameters == sum(p.numel() for p in module.parameters())


def test_the_course_lenet():
    net = zoo.lenet()
    report = check_classifier(net, (1, 28, 28), 10)
    volumes = [volume(report.layers[i].output) for i in net.order]
    assert volumes[:8] == [
        "28×28×1", "28×28×6", "28×28×6", "14×14×6", "10×10×16", "10×10×16", "5×5×16", "400",
    ]  # fmt: skip
    assert report.parameters == 61_706
    assert report.layers[net.by_name["conv1"].id].arithmetic == "(28 − 5 + 2·2)/1 + 1 = 28"


def test_a_rest_is_explained():
    assert fit_arithmetic(10, 3, 2, 0) == "(10 − 3 + 2·0)/2 + 1 = 4.5 → 4 (the last row and column are not visited)"


def test_shape_errors_say_what_came_what_is_needed_and_what_to_do():
    net = Architecture.chain("bad", [Input(), Conv(kernel=5), Linear(units=10)])
    error = infer(net).errors[0]
    assert isinstance(error, ShapeError)
    assert (error.node, error.got, error.needs) == ("fc1", (8, 24, 24), "a vector")
    assert "flatten" in str(error).lower()

    error = infer(Architecture.chain("bad", [Input(height=4, width=4), Conv(kernel=7), Relu()])).errors[0]
    assert "7×7" in str(error) and "padding" in str(error)
    report = infer(Architecture.chain("bad", [Input(height=4, width=4), Conv(kernel=7), Relu(), Relu()]))
    assert len(report.errors) == 1, "layers after the failing one wait; they do not fail"
    assert report.layers[3].output is None


def test_the_hint_of_a_too_large_kernel_mends_it():
    net = Architecture.chain("bad", [Input(height=4, width=4), Conv(kernel=7, padding=0)])
    mended = net.with_layer(2, Conv(kernel=7, padding=2))
    assert "padding of at least 2" in str(infer(net).errors[0])
    assert not infer(mended).errors


@pytest.mark.parametrize(
    ("net", "words"),
    [
        (Architecture(name="empty"), "no input"),
        (Architecture.chain("x", [Relu(), Relu()]), "no input"),
        (Architecture.chain("x", [Input()]).add(Relu())[0], "open input"),
        (Architecture.chain("x", [Input()]).add(Input())[0], "two inputs"),
    ],
)
def test_wiring_errors_in_words(net, words):
    errors = infer(net).errors
    assert any(words in str(error) for error in errors)
    assert all(isinstance(error, GraphError) for error in errors)


def test_two_ends_are_one_too_many():
    net = Architecture.chain("x", [Input(), Flatten(), Linear(units=10)])
    net, other = net.add(Linear(units=3))
    net = net.connect(2, other)
    assert "2 ends" in str(infer(net).errors[0])


def test_a_giant_layer_is_refused_with_its_memory_and_not_attempted():
    net = Architecture.chain("big", [Input(height=1024, width=1024), Flatten(), Linear(units=16384)])
    error = infer(net).errors[0]
    assert "64.0 GB" in str(error)


def test_data_and_net_must_agree():
    with pytest.raises(ShapeError, match="images of 28×28×1"):
        check_classifier(zoo.lenet(), (3, 32, 32), 10)
    with pytest.raises(ShapeError, match="one score a class, 26"):
        check_classifier(zoo.lenet(), (1, 28, 28), 26)
    with pytest.raises(ShapeError, match="one score a class"):
        check_classifier(Architecture.chain("x", [Input(), MaxPool()]), (1, 28, 28), 10)


@given(graphs(), graphs(), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_after_an_edit_the_report_is_the_one_that_is_found_anew(net, other, dice):
    before = infer_from(net, None)
    node = dice.choice(net.nodes)
    edited = dice.choice(
        (
            net.with_layer(node.id, dice.choice(other.nodes).layer),
            net.remove([node.id]),
            net.renamed(node.id, "renamed"),
            net.moved({node.id: (1.0, 2.0)}),
            other,
        )
    )
    after = infer_from(edited, before)
    for kept, anew in zip(after.layers.items(), infer_from(edited, None).layers.items(), strict=True):
        assert kept[0] == anew[0] and str(kept[1].error) == str(anew[1].error)
        assert kept[1]._replace(error=None) == anew[1]._replace(error=None)


def test_what_an_edit_does_not_reach_keeps_its_report():
    net = zoo.make("resnet20")
    last = net.by_id[net.order[-1]]
    before = infer(net)
    after = infer(net.with_layer(last.id, last.layer.model_copy(update={"units": 7})))
    assert [i for i in net.by_id if after.layers[i] is not before.layers[i]] == [last.id]
    assert after.layers[last.id].output == (7,) and infer(net) is before


@pytest.mark.parametrize(("stride", "dilation"), [(1, 1), (2, 1), (3, 1), (1, 2), (2, 3)])
@pytest.mark.parametrize("more", range(4))
def test_output_padding_gives_the_shape_that_torch_gives_or_is_refused_as_torch_refuses_it(stride, dilation, more):
    layer = TransposedConv(filters=2, kernel=3, stride=stride, padding=1, dilation=dilation, output_padding=more)
    made = torch.nn.ConvTranspose2d(3, 2, 3, stride, 1, more, dilation=dilation)
    try:
        wanted = tuple(made(torch.zeros(1, 3, 5, 4)).shape[1:])
    except RuntimeError:
        with pytest.raises(Misfit) as refused:
            layer.output_shape((3, 5, 4))
        assert layer.model_copy(update=refused.value.mend).output_shape((3, 5, 4))
        return
    assert layer.output_shape((3, 5, 4)) == wanted
    assert layer.arithmetic((3, 5, 4)).count(f" + {more} = ") == (2 if more else 0)
