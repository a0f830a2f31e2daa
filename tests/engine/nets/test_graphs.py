"""Random graphs of every layer kind: shapes, parameters, multiply-adds and source against what PyTorch makes of them."""

import copy
import os

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode

from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.build import build
from cvlab.engine.nets.code import source
from cvlab.engine.nets.layers import Add, Concat, Conv, Input, L2Pool, MaxPool, Relu
from cvlab.engine.nets.shapes import infer
from tests.engine.nets.strategies import convs, graphs, grouped_graphs
from tests.engine.nets.test_code import load

EXAMPLES = int(os.environ.get("CVLAB_EXAMPLES", "100"))
"""A long run: CVLAB_EXAMPLES=3000 pytest tests/engine/nets/test_graphs.py --hypothesis-seed=7"""

nets = st.one_of(graphs(), graphs(), grouped_graphs())
often = settings(max_examples=EXAMPLES, deadline=None)


def image(net: Architecture, count: int = 2) -> torch.Tensor:
    layer = next(node.layer for node in net.nodes if isinstance(node.layer, Input))
    dice = torch.Generator().manual_seed(3)
    return torch.randn(count, layer.channels, layer.height, layer.width, generator=dice)


@given(nets)
@often
def test_what_is_inferred_is_what_torch_computes(net):
    report = infer(net).flat
    assert not report.errors
    module, x = build(net, seed=0).eval(), image(net)
    outputs: dict[str, torch.Tensor] = {}
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        module(x, outputs)
    flops = counter.get_flop_counts()
    for node_id, layer in report.layers.items():
        name = net.flat.by_id[node_id].name
        assert tuple(outputs[name].shape[1:]) == layer.output
        assert 2 * len(x) * layer.multiply_adds == sum(flops.get(f"GraphNet.{name}", {}).values()), name
        child = getattr(module, name, torch.nn.Identity())
        assert layer.parameters == sum(p.numel() for p in child.parameters())
        spec = net.flat.by_id[node_id].layer
        for words, count in (
            (spec.parameter_words(*layer.inputs), layer.parameters),
            (spec.multiply_add_words(*layer.inputs), layer.multiply_adds),
        ):
            assert _product(words) == count
    whole = infer(net)
    assert whole.parameters == sum(p.numel() for p in module.parameters())
    assert whole.multiply_adds * 2 * len(x) == counter.get_total_flops()
    assert whole.activation_bytes == report.activation_bytes


def _product(words: str) -> int:
    """Works out "6 · (5·5·1 + 1)", which is arithmetic and nothing else."""
    assert set(words) <= set("0123456789 ·+()")
    return eval(words.replace("·", "*")) if words else 0  # digits and signs only, checked a line above


@given(nets)
@often
def test_the_written_source_computes_the_same_bit_for_bit(net):
    module = build(net, seed=1).eval()
    twin = load(source(net))["Net"]()
    twin.load_state_dict(module.state_dict())
    with torch.inference_mode():
        assert torch.equal(twin.eval()(image(net)), module(image(net)))


def same_in_training(net: Architecture, x: torch.Tensor) -> None:
    """The module with its shortcuts, and the same one layer by layer: scores, gradients and running averages to the bit."""
    quick = build(net, seed=0).train()
    plain = copy.deepcopy(quick)
    results = []
    for module, keep in ((quick, None), (plain, {})):
        torch.manual_seed(5)
        given_x = x.clone().requires_grad_(True)
        scores = module(given_x, keep)
        scores.square().sum().backward()
        results.append([scores, given_x.grad, *(p.grad for p in module.parameters()), *module.buffers()])
    for a, b in zip(*results, strict=True):
        assert (a is None and b is None) or torch.equal(a.nan_to_num(0.5), b.nan_to_num(0.5))


@given(nets)
@often
def test_reordered_and_overwriting_relus_change_no_bit(net):
    same_in_training(net, image(net, 3))


@given(
    graphs(layers=st.one_of(convs, st.just(Relu()), st.just(Relu()), st.builds(MaxPool, kernel=st.integers(1, 2)))),
)
@often
def test_relus_pools_and_branches_change_no_bit(net):
    same_in_training(net, image(net, 3))


def test_relus_before_pools_in_branches_run_after_them():
    net = Architecture.chain("branches", [Input(height=8, width=8), Conv(), Relu(), MaxPool()])
    net, other = net.insert(Relu(), after=2)
    net, pool = net.insert(MaxPool(), after=other)
    net, merge = net.insert(Add(), after=4)
    net = net.connect(pool, merge, 1)
    steps = build(net, seed=0)._steps
    order = [step.module for step in steps]
    assert order.index("pool1") < order.index("relu1") and order.index("pool2") < order.index("relu2")
    same_in_training(net, image(net))


def test_a_relu_of_a_shared_volume_does_not_write_over_it():
    net = Architecture.chain("shared", [Input(height=6, width=6), Conv(filters=2), Relu()])
    net, merge = net.insert(Concat(), after=3)
    net = net.connect(2, merge, 1)
    module = build(net, seed=0)
    assert not any(step.in_place for step in module._steps)
    out = module(image(net))
    assert (out[:, :2] >= 0).all() and (out[:, 2:] < 0).any()


def test_the_gradient_of_l2_pooling_at_zero_is_zero():
    x = torch.zeros(1, 1, 4, 4, requires_grad=True)
    L2Pool().build((1, 4, 4))(x).sum().backward()
    assert torch.equal(x.grad, torch.zeros_like(x))
    y = torch.randn(2, 3, 6, 6)
    ours = L2Pool(kernel=3, stride=2).build((3, 6, 6))(y)
    torch.testing.assert_close(ours, torch.nn.LPPool2d(2, 3, stride=2)(y))
