"""Whatever a layer kind is set to and whatever it is given: its output depends on its input, or it refuses, or the advice warns.

The oracle runs the layer on random inputs and compares what comes out. The smallest shapes are tried most: one image, maps of
1x1, a single channel, where a statistic is taken over a single value and padding is all that a window reads.
"""

import os

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cvlab.engine.nets.advice import advise
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import (
    REGISTRY,
    AvgPool,
    BatchNorm,
    Conv,
    Dropout,
    Flatten,
    GlobalPool,
    GroupNorm,
    Input,
    LayerNorm,
    Linear,
    Misfit,
    Relu,
    Reshape,
    Softmax,
    TransposedConv,
)
from cvlab.engine.nets.shapes import infer

EXAMPLES = int(os.environ.get("CVLAB_EXAMPLES", "20"))
"""A long run: CVLAB_EXAMPLES=3000 pytest tests/engine/nets/test_depends.py"""
TRIED = 12
"""Inputs that are compared."""


def fields(kind):
    """Any settings of a layer kind, small ones most."""
    drawn = {}
    for name, field in kind.model_fields.items():
        if name == "kind":
            continue
        bounds = {key: getattr(m, key) for m in field.metadata for key in ("ge", "le") if hasattr(m, key)}
        if field.annotation is bool:
            drawn[name] = st.booleans()
        elif field.annotation is int:
            low, high = bounds["ge"], bounds["le"]
            drawn[name] = st.one_of(st.integers(low, min(low + 3, high)), st.integers(low, min(16, high)))
        elif field.annotation is float:
            drawn[name] = st.floats(bounds["ge"], bounds["le"])
        else:
            drawn[name] = st.sampled_from(field.annotation.__args__)
    return st.builds(kind, **drawn)


sides = st.sampled_from([1, 1, 1, 2, 3, 5])
volumes = st.tuples(st.sampled_from([1, 1, 2, 3, 4, 6]), sides, sides)


@pytest.mark.parametrize("kind", sorted(set(REGISTRY) - {"input"}))
def test_a_layer_that_is_taken_passes_on_what_it_is_given(kind):
    @given(fields(REGISTRY[kind]), volumes, st.booleans(), st.booleans(), st.integers(0, 2**20))
    @settings(max_examples=EXAMPLES, deadline=None)
    def holds(layer, shape, is_flat, training, seed):
        start = [Input(channels=shape[0], height=shape[1], width=shape[2]), *([Flatten()] if is_flat else [])]
        net = Architecture.chain("start", start)
        before = net.order[-1]
        net, node_id = net.add(layer)
        for port in range(layer.arity):
            net = net.connect(before, node_id, port)
        report = infer(net)
        if report.errors:
            return
        assume(max(report.layers[node_id].output) < 5000 and report.parameters < 10**6)
        module = layer.build(*report.layers[node_id].inputs).train(training)
        first, dice = None, torch.Generator().manual_seed(seed)
        for _ in range(TRIED):
            x = 3 * torch.randn((1, *report.layers[node_id].inputs[0]), generator=dice)
            torch.manual_seed(seed)  # the same numbers are dropped
            output = module(*[x] * layer.arity).detach()
            first = output if first is None else first
            if not torch.equal(first, output):
                return
        # By chance dropout drops all, and a ReLU sees nothing above zero, each time.
        by_chance = kind == "relu" or (training and kind.startswith("dropout"))
        warned = any(advice.node == node_id and advice.rule in WARNED for advice in advise(net))
        assert by_chance or warned, (layer, report.layers[node_id].inputs)

    holds()


WARNED = ("two-values", "averaged-away")
ONE = Input(channels=4, height=1, width=1)


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        ([GroupNorm(groups=4)], "single number minus its own mean"),
        ([GroupNorm(groups=4, affine=False)], "single number minus its own mean"),
        ([Flatten(), GroupNorm(groups=4)], "single number minus its own mean"),
        ([Conv(filters=1, kernel=1), LayerNorm()], "single number minus its own mean"),
        ([Conv(filters=1, kernel=1), Flatten(), LayerNorm()], "single number minus its own mean"),
        ([Conv(filters=1, kernel=1), Softmax()], "always 1"),
        ([Flatten(), Linear(units=1), Softmax()], "always 1"),
        ([Conv(kernel=1, stride=2, padding=1)], "padding"),
        ([Conv(kernel=2, dilation=2, border="same")], "padding"),
        ([TransposedConv(kernel=1, stride=3, padding=1, output_padding=2)], "cut off"),
    ],
)
def test_what_gives_the_same_for_every_image_is_refused_with_a_change_that_helps(layers, words):
    net = Architecture.chain("constant", [ONE, *layers])
    (error,) = infer(net).errors
    assert words in str(error) and error.remedy.endswith(".")
    advice = next(advice for advice in advise(net) if advice.level == "error")
    assert advice.apply is not None and not infer(advice.apply(net)).errors
    with pytest.raises(Misfit):
        layers[-1].output_shape(infer(net).layers[net.order[-1]].inputs[0])


@pytest.mark.parametrize(
    ("layers", "rule"),
    [
        ([GroupNorm(groups=2)], "two-values"),
        ([Flatten(), GroupNorm(groups=2)], "two-values"),
        ([Flatten(), Linear(units=2), LayerNorm()], "two-values"),
        ([Reshape(channels=1, height=2, width=2), GroupNorm(groups=1), GlobalPool()], "averaged-away"),
        ([Reshape(channels=2, height=2, width=1), GroupNorm(groups=2), Dropout(), GlobalPool()], "averaged-away"),
        ([Reshape(channels=1, height=2, width=2), LayerNorm(affine=False), AvgPool(kernel=2)], "averaged-away"),
    ],
)
def test_what_tells_next_to_nothing_is_warned_of(layers, rule):
    net = Architecture.chain("poor", [ONE, *layers, *([] if len(layers) > 2 else [Relu()])])
    advice = next(advice for advice in advise(net) if advice.rule == rule)
    assert advice.level == "warning" and advice.apply is not None
    after = advice.apply(net)
    assert not infer(after).errors and rule not in [each.rule for each in advise(after)]


@pytest.mark.parametrize("norm", [GroupNorm(groups=1), LayerNorm(), GroupNorm(groups=2), BatchNorm()])
def test_norms_of_several_values_are_not_complained_of(norm):
    net = Architecture.chain(
        "rich", [Input(channels=4, height=4, width=4), norm, Relu(), GlobalPool(), Flatten(), Linear()]
    )
    assert not infer(net).errors and not [each for each in advise(net) if each.rule in WARNED]
