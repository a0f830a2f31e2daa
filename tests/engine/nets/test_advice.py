"""Advice: each rule speaks where it should and nowhere else, and its change does what it says."""

import pytest
import torch
from hypothesis import given, settings

from cvlab.engine.nets import zoo
from cvlab.engine.nets.advice import advise, fitted
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.build import build
from cvlab.engine.nets.layers import (
    Add,
    AvgPool,
    BatchNorm,
    Conv,
    Dropout,
    Flatten,
    GlobalPool,
    GroupNorm,
    Input,
    Linear,
    MaxPool,
    Relu,
    Softmax,
    Upsample,
)
from cvlab.engine.nets.shapes import infer
from tests.engine.nets.strategies import chains, graphs


def net_of(*layers, image=(3, 32, 32)):
    channels, height, width = image
    return Architecture.chain("net", [Input(channels=channels, height=height, width=width), *layers])


def only(net, rule, **options):
    found = [advice for advice in advise(net, **options) if advice.rule == rule]
    assert len(found) == 1, [advice.rule for advice in advise(net, **options)]
    return found[0]


def kinds(net):
    return [net.by_id[i].layer.kind for i in net.order]


HEAD = (Flatten(), Linear(units=10))
CASES = {
    "input-halves": net_of(*[Conv(border="same"), Relu(), MaxPool()] * 3, *HEAD, image=(1, 28, 28)),
    "large-filter": net_of(Conv(kernel=7, border="same"), Relu(), *HEAD),
    "even-filter": net_of(Conv(kernel=4), Relu(), *HEAD),
    "shrinking-conv": net_of(Conv(kernel=5), Relu(), *HEAD),
    "undivided-stride": net_of(MaxPool(kernel=3, stride=2), *HEAD),
    "fc-share": net_of(Conv(filters=64, border="same"), Relu(), Flatten(), Linear(units=100), Relu(), Linear(units=10)),
    "no-bend": net_of(Flatten(), Linear(units=50), Dropout(), Linear(units=10)),
    "softmax-before-loss": net_of(*HEAD, Softmax()),
    "dropout-at-end": net_of(*HEAD, Dropout()),
    "bend-at-end": net_of(*HEAD, Relu()),
    "small-view": net_of(Conv(border="same"), Relu(), GlobalPool(), Flatten(), Linear(units=10)),
    "vanished": net_of(Conv(kernel=31, stride=2), Relu(), Conv(border="same"), Relu(), *HEAD),
    "idle-bias": net_of(Conv(border="same"), BatchNorm(), Relu(), *HEAD),
}


@pytest.mark.parametrize("rule", CASES)
def test_each_rule_speaks_gives_its_reason_and_its_change_silences_it(rule):
    net = CASES[rule]
    advice = only(net, rule)
    assert advice.what.endswith(".") and len(advice.why) > 40 and advice.why.endswith(".") and advice.change
    changed = advice.apply(net)
    assert not infer(changed).errors
    assert rule not in [other.rule for other in advise(changed)] or rule == "small-view"
    assert Architecture.from_json(changed.model_dump_json()) == changed


def test_the_changes_are_the_ones_that_are_meant():
    def after(rule):
        return only(CASES[rule], rule).apply(CASES[rule])

    assert kinds(after("large-filter")) == ["input", *["conv", "relu"] * 3, "flatten", "linear"]
    assert infer(after("large-filter")).layers[2].output[1:] == (32, 32)
    assert after("no-bend").by_name["relu1"] and kinds(after("no-bend"))[2:4] == ["linear", "relu"]
    assert kinds(after("softmax-before-loss"))[-1] == "linear"
    assert after("idle-bias").by_name["conv1"].layer.bias is False
    padded = after("input-halves")
    assert infer(padded).layers[padded.by_name["pad1"].id].output == (1, 32, 32)
    assert infer(after("fc-share")).parameters < infer(CASES["fc-share"]).parameters / 50
    sees = infer(after("small-view")).layers
    assert max(layer.sight.field for layer in list(sees.values())[:-3]) > (3, 3)


def test_a_large_filter_and_its_stack_see_the_same():
    net = CASES["large-filter"]
    changed = only(net, "large-filter").apply(net)
    assert infer(changed).layers[changed.by_name["conv1"].id].receptive_field == (7, 7)


@pytest.mark.parametrize(
    ("net", "change", "mended"),
    [
        (net_of(Conv(), Linear()), "Insert a flatten layer", ["input", "conv", "flatten", "linear"]),
        (net_of(Conv(kernel=31), Conv(kernel=5), *HEAD), "Set Kernel F 2", ["input", "conv", "conv", "flatten", "linear"]),
        (net_of(GroupNorm(groups=4), *HEAD), "Set Groups 3", ["input", "groupnorm", "flatten", "linear"]),
        (net_of(Conv(groups=2, filters=6), *HEAD), "Set Groups 1", ["input", "conv", "flatten", "linear"]),
        (net_of(Flatten(), MaxPool(), Linear()), "Move it before flatten1", ["input", "maxpool", "flatten", "linear"]),
        (net_of(*[AvgPool()] * 6, *HEAD), "Set Window F 1", ["input", *["avgpool"] * 6, "flatten", "linear"]),
        (net_of(Flatten(), Linear(), Upsample(), Linear()), "Delete it", ["input", "flatten", "linear", "linear"]),
    ],
)  # fmt: skip
def test_shape_errors_are_mended(net, change, mended):
    advice = only(net, "shape")
    assert advice.level == "error" and advice.change == change
    assert advice is advise(net)[0] or advise(net)[0].level == "error"
    changed = advice.apply(net)
    assert not infer(changed).errors and kinds(changed) == mended


def test_branches_of_unequal_volumes_are_matched_by_a_projection():
    net = net_of(Conv(filters=8, stride=2, padding=1), Relu(), Add(), *HEAD)
    net = net.connect(1, net.by_name["add1"].id, 1)
    advice = only(net, "shape")
    changed = advice.apply(net)
    assert "1×1" in advice.change and not infer(changed).errors
    projection = changed.by_name["conv2"].layer
    assert (projection.filters, projection.kernel, projection.stride) == (8, 1, 2)


def test_loose_ends_are_cut():
    net = net_of(Conv(border="same"), Relu(), *HEAD)
    net, loose = net.insert(Relu(), after=2)
    net, _ = net.insert(Relu(), after=loose)
    advice = only(net, "ends")
    changed = advice.apply(net)
    assert not infer(changed).errors and kinds(changed) == ["input", "conv", "relu", "flatten", "linear"]
    net, alone = changed.add(Relu())
    assert only(net, "loose").node == alone and not infer(only(net, "loose").apply(net)).errors


def test_data_that_do_not_fit_are_told_and_fitted():
    net = zoo.lenet()
    found = {advice.rule: advice for advice in advise(net, image=(3, 32, 32), classes=26)}
    assert "28×28×1; the images are 32×32×3" in found["data-image"].what
    assert "fc3 gives 10 scores; the data have 26 classes" in found["data-classes"].what
    ready = fitted(net, (3, 32, 32), 26)
    assert infer(ready).layers[ready.order[-1]].output == (26,) and not infer(ready).errors
    assert not [a for a in advise(ready, image=(3, 32, 32), classes=26) if a.level == "error"]
    assert fitted(net, (1, 28, 28), 10) == net


@pytest.mark.parametrize("zoo_id", ["vgg-small", "all-conv", "resnet20", "resnet9", "nin-small", "two-layer"])
def test_good_nets_get_no_warning(zoo_id):
    assert [a.rule for a in advise(zoo.make(zoo_id)) if a.level != "note"] == []


def test_a_conv_that_reads_all_is_no_large_filter():
    net = net_of(Conv(kernel=31, filters=10), Relu(), Conv(kernel=2, filters=10), Flatten())
    assert "even-filter" not in [a.rule for a in advise(net) if a.node == 4]


@given(graphs(most=7))
@settings(max_examples=80, deadline=None)
def test_every_change_of_a_net_without_errors_gives_a_net_without_errors(net):
    for advice in advise(net, image=(3, 9, 9), classes=4):
        if advice.apply is not None:
            changed = advice.apply(net)
            assert not infer(changed).errors
            build(changed, seed=0).eval()(torch.zeros(1, *infer(changed).layers[changed.order[0]].output))


@given(chains())
@settings(max_examples=80, deadline=None)
def test_every_change_of_a_net_with_errors_takes_the_first_one_away(net):
    before = infer(net).errors
    for advice in advise(net):
        if advice.apply is not None and advice.level == "error":
            after = infer(advice.apply(net)).errors
            assert before and (not after or str(after[0]) != str(before[0]))
