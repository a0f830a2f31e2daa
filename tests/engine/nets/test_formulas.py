"""The formulas that are shown for a layer against what PyTorch and the shape rules make of it."""

import math

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cvlab.engine.nets.formulas import layer_formulas
from cvlab.engine.nets.layers import REGISTRY, Concat, Conv, LayerSpec, Linear, Misfit, Missing, TransposedConv
from tests.engine.nets.strategies import any_layer

shapes = st.tuples(st.integers(1, 8), st.integers(3, 14), st.integers(3, 14))


def values(layer: LayerSpec, x: np.ndarray, training: bool = False) -> np.ndarray:
    """The layer's own numbers for one image, with the weights that it starts with."""
    module = layer.build(x.shape).double().train(training)
    return module(torch.from_numpy(x)[None])[0].detach().numpy()


def check(layer: LayerSpec, shape: tuple[int, int, int], seed: int) -> set[str]:
    """Compares every formula of the layer; the captions that were compared."""
    rng = np.random.default_rng(seed)
    vector = layer.kind == "linear"
    given_shape = (math.prod(shape),) if vector else shape
    output = layer.output_shape(given_shape)
    D, H, W = shape
    compared = set()
    for formula in layer_formulas(layer):
        f, caption = formula.compute, formula.caption
        if caption == "Side of the output":
            assert (f(H), f(W)) == output[1:]
        elif caption in ("Width", "Height"):
            assert f({"Width": W, "Height": H}[caption]) == output[{"Width": 2, "Height": 1}[caption]]
        elif caption.startswith("Parameters"):
            if isinstance(layer, Conv | TransposedConv):
                count = f(D)
            else:
                count = f(given_shape[0]) if vector else f(W, H, D)
            assert count == layer.parameters(given_shape)
            assert count == sum(p.numel() for p in layer.build(given_shape).parameters())
        elif caption in ("Numbers in the volume", "Length", "What must agree"):
            assert f(W, H, D) == math.prod(shape) and (layer.kind == "input" or f(W, H, D) == math.prod(output))
        elif caption == "Padding that keeps the size at stride 1":
            kept = f()
            if kept == int(kept) and kept <= 15:
                same = layer.model_copy(update={"border": "number", "padding": int(kept), "stride": 1})
                assert same.output_shape((D, H + 60, W + 60))[1:] == (H + 60, W + 60)
        elif caption.startswith("One window"):
            square = rng.normal(size=(1, layer.kernel, layer.kernel))
            plain = layer.model_copy(update={"padding": 0} if "padding" in type(layer).model_fields else {})
            np.testing.assert_allclose(values(plain, square)[0, 0, 0], f(square[0]))
            if "zeros counted" in caption:
                padded = np.pad(square[0], layer.padding)[: layer.kernel, : layer.kernel]
                np.testing.assert_allclose(values(layer, square)[0, 0, 0], f(padded))
        elif caption in ("Mean of a map", "Maximum of a map"):
            x = rng.normal(size=shape)
            np.testing.assert_allclose(values(layer, x)[:, 0, 0], [f(plane) for plane in x])
        elif caption in ("ReLU", "Leaky ReLU", "GELU", "Sigmoid", "Tanh", "Below zero"):
            x = rng.normal(size=(1, 1, 40)) * 3
            x = -np.abs(x) if caption == "Below zero" else x
            np.testing.assert_allclose(values(layer, x)[0, 0], f(x[0, 0]), rtol=1e-9, atol=1e-12)
        elif caption == "Its slope":
            x = torch.from_numpy(rng.normal(size=50) * 3).requires_grad_(True)
            torch.sigmoid(x).sum().backward()
            np.testing.assert_allclose(x.grad.numpy(), f(x.detach().numpy()))
            assert f(np.linspace(-9, 9, 1001)).max() == pytest.approx(0.25)
        elif caption == "Without it":
            W1, W2, x = rng.normal(size=(5, 4)), rng.normal(size=(3, 5)), rng.normal(size=4)
            np.testing.assert_allclose(f(W1, W2, x), W2 @ (W1 @ x))
        elif caption == "Probability of class k":
            x = rng.normal(size=(6, 1, 1))
            np.testing.assert_allclose(values(layer, x)[:, 0, 0], f(x[:, 0, 0]))
        elif caption.endswith("neighboring channels"):
            x = rng.normal(size=(2 * layer.pieces, 1, 1))
            np.testing.assert_allclose(values(layer, x)[:, 0, 0], [f(part) for part in np.split(x[:, 0, 0], 2)])
        elif caption == "Scores":
            module = layer.build(given_shape).double()
            x, bias = rng.normal(size=given_shape), module.bias
            expected = module(torch.from_numpy(x)).detach().numpy()
            b = None if bias is None else bias.detach().numpy()
            np.testing.assert_allclose(f(module.weight.detach().numpy(), x, b), expected)
        elif caption == "While training, over the batch, for each channel":
            x = torch.from_numpy(rng.normal(size=(4, *shape)))
            expected = layer.build(shape).double().train()(x).detach().numpy()
            np.testing.assert_allclose(expected[:, 0], f(x[:, 0].numpy()), rtol=1e-6, atol=1e-9)
        elif caption == "Over all numbers of one image":
            x = rng.normal(size=shape)
            np.testing.assert_allclose(values(layer, x), f(x), rtol=1e-6, atol=1e-9)
        elif caption == "Over each group of one image":
            x = rng.normal(size=shape)
            parts = np.concatenate([f(part) for part in np.split(x, layer.groups)])
            np.testing.assert_allclose(values(layer, x), parts, rtol=1e-6, atol=1e-9)
        elif caption == "While training, to drop a share d":
            torch.manual_seed(seed)
            x = np.abs(rng.normal(size=(1, 64, 64))) + 0.1
            y = values(layer, x, training=True)
            # On the CPU, d is rounded to a multiple of 2^-16.
            np.testing.assert_allclose(y, f(x, y != 0), rtol=2**-17 / (1 - layer.drop) + 1e-6)
            assert (y == 0).mean() == pytest.approx(layer.drop, abs=0.05)
        elif caption == "While training, maps that stay of D":
            torch.manual_seed(seed)
            y = values(layer, np.ones((3000, 1, 1)), training=True)
            assert (y != 0).sum() == pytest.approx(f(3000), abs=150)
        else:
            raise AssertionError(f"nothing compares “{caption}” of {layer.kind}")
        compared.add(caption)
    return compared


@given(any_layer, shapes, st.integers(0, 2**31))
@settings(max_examples=150, deadline=None)
def test_a_layer_computes_what_its_formulas_show(layer, shape, seed):
    try:
        layer.output_shape((math.prod(shape),) if isinstance(layer, Linear) else shape)
    except Misfit:
        assume(False)
    check(layer, shape, seed)


@pytest.mark.parametrize("kind", sorted(set(REGISTRY) - {"add", "concat", "reshape"}))
def test_every_kind_is_compared_with_its_first_settings(kind):
    layer = REGISTRY[kind]()
    compared = check(layer, (4, 9, 7), 1)
    assert compared == {formula.caption for formula in layer_formulas(layer)} and compared


def test_merging_and_reshaping():
    residual, slope = layer_formulas(REGISTRY["add"]())
    x = torch.linspace(-1, 1, 5, dtype=torch.double, requires_grad=True)
    y = REGISTRY["add"]().build((5,), (5,))(x, torch.sin(x))
    np.testing.assert_allclose(y.detach(), residual.compute(x.detach(), torch.sin(x.detach())))
    y.sum().backward()
    np.testing.assert_allclose(x.grad, slope.compute(torch.cos(x.detach())))
    (depth,) = layer_formulas(Concat(inputs=3))
    assert depth.compute(2, 3, 4) == Concat(inputs=3).output_shape((2, 5, 5), (3, 5, 5), (4, 5, 5))[0]
    (count,) = layer_formulas(REGISTRY["reshape"]())
    output = REGISTRY["reshape"](channels=0, height=2, width=6).output_shape((4, 3, 3))
    assert count.compute(3, 3, 4) == math.prod(output) == count.compute(*output)
    assert layer_formulas(Missing(original={"kind": "later"})) == ()


def text(layer: LayerSpec, caption: str) -> str:
    return next(formula.tex for formula in layer_formulas(layer) if formula.caption.startswith(caption))


def test_the_text_follows_the_settings():
    assert r"d\,(F - 1)" not in text(Conv(), "Side") and r"d\,(F - 1)" in text(Conv(dilation=2), "Side")
    assert text(Conv(), "Parameters") == r"K\,(F \cdot F \cdot D + 1)"
    assert text(Conv(groups=2, bias=False), "Parameters") == r"K \cdot F \cdot F \cdot \frac{D}{g}"
    assert "2P" in text(REGISTRY["maxpool"](), "Side")
    assert text(TransposedConv(), "Side") == r"(W - 1)\,S - 2P + F"
    assert text(TransposedConv(dilation=2, output_padding=1), "Side") == r"(W - 1)\,S - 2P + d\,(F - 1) + 1 + OP"
    assert r"\frac{D}{g}" in text(TransposedConv(groups=2), "Parameters")
    assert text(Linear(bias=False), "Scores") == "f = W x"
