"""Every layer kind keeps the promises of `LayerSpec`."""

import ast

import pytest
import torch
from pydantic import ValidationError

from cvlab.engine.nets import modules
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.code import HELPERS
from cvlab.engine.nets.layers import REGISTRY, Misfit, from_dict
from cvlab.engine.nets.shapes import infer

KINDS = sorted(REGISTRY)
SPACE = {"nn": torch.nn, **{name: getattr(modules, name) for name in (*HELPERS, "Add", "Concat")}}
EXAMPLES = [(3, 8, 8), (12,)]


@pytest.fixture(params=KINDS)
def spec(request):
    return REGISTRY[request.param]()


def accepted(spec):
    """The example shapes that this layer takes."""
    if spec.arity == 0:
        return [()]
    found = []
    for shape in EXAMPLES:
        try:
            spec.output_shape(*[shape] * spec.arity)
        except Misfit as misfit:
            assert misfit.needs and misfit.hint, "a refusal says what is needed and what to do"
        else:
            found.append((shape,) * spec.arity)
    assert found, "a layer takes at least one of the example shapes"
    return found


def test_it_says_what_it_is(spec):
    assert spec.title and spec.stem and spec.role and spec.group
    assert len(spec.summary) > 30 and spec.summary.endswith(".")


def test_every_setting_has_a_title_a_help_text_and_a_range(spec):
    for name, field in type(spec).model_fields.items():
        if name == "kind":
            continue
        assert field.title and field.description and field.description.endswith("."), name
        if field.annotation in (int, float):
            bounds = [
                m
                for m in field.metadata
                if hasattr(m, "ge") or hasattr(m, "le") or hasattr(m, "gt") or hasattr(m, "lt")
            ]
            assert len(bounds) >= 2, f"{name} needs a lower and an upper bound"
            with pytest.raises(ValidationError):
                type(spec)(**{name: -1})


def test_json_round_trip(spec):
    assert from_dict(spec.model_dump()) == spec


def test_shape_costs_module_and_code_agree(spec):
    for shapes in accepted(spec):
        output = spec.output_shape(*shapes)
        module = spec.build(*shapes).eval()
        x = [torch.zeros(2, *shape) for shape in shapes] or [torch.zeros(2, *output)]
        assert tuple(module(*x).shape[1:]) == output
        assert spec.parameters(*shapes) == sum(p.numel() for p in module.parameters())
        assert spec.multiply_adds(*shapes) >= 0
        twin = eval(compile(ast.parse(spec.code(*shapes), mode="eval"), "code", "eval"), SPACE)
        assert repr(twin) == repr(module)


def test_it_stands_in_a_net(spec):
    layers = [REGISTRY["input"](channels=3, height=8, width=8), *([spec] if spec.arity else [])]
    net = Architecture.chain("one", layers)
    report = infer(net)
    if report.errors:
        net = Architecture.chain("one", [layers[0], REGISTRY["flatten"](), spec])
        report = infer(net)
    if spec.arity > 1:
        net = Architecture.chain("one", layers)
        for port in range(1, spec.arity):
            net = net.connect(1, 2, port)
        report = infer(net)
    assert not report.errors
    assert Architecture.from_json(net.model_dump_json()) == net


@pytest.mark.parametrize("format", [torch.contiguous_format, torch.channels_last])
def test_it_trains_as_the_first_layer(spec, format):
    """Images need no gradient, which some of PyTorch's kernels do not expect; a run keeps them channels-last."""
    for shapes in accepted(spec):
        module = spec.build(*shapes).train()
        if not list(module.parameters()):
            continue
        volumes = all(len(shape) == 3 for shape in shapes)
        inputs = [torch.randn(2, *shape) for shape in shapes]
        if volumes:
            module = module.to(memory_format=format)
            inputs = [x.contiguous(memory_format=format) for x in inputs]
        module(*inputs).square().sum().backward()
        assert all(p.grad is not None and p.grad.isfinite().all() for p in module.parameters())
