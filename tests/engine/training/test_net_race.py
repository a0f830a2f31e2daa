"""The race on LeNet: each rule against torch.optim on the same batches, the same curves each time, and limits in words."""

import numpy as np
import pytest
import torch

from cvlab.core import paths
from cvlab.engine.data import catalogue
from cvlab.engine.data.preprocessing import Preprocessing
from cvlab.engine.errors import RecipeError
from cvlab.engine.nets import zoo
from cvlab.engine.nets.build import build
from cvlab.engine.optimizers import SGD
from cvlab.engine.race import Racer
from cvlab.engine.training.net_race import NetRaceSettings, net_race, usual_net_racers

STEPS, BATCH = 5, 20


@pytest.fixture(scope="module")
def data():
    return catalogue.load("mnist-mini", root=paths.resources() / "data", bundled=paths.resources() / "data")


def curves(data, racers, seed=0, steps=STEPS):
    events = list(net_race(data, NetRaceSettings(tuple(racers), steps, BATCH, seed)))
    return {name: np.array([event.losses[name] for event in events]) for name in events[0].losses}, events[-1]


class Uncorrected(torch.optim.Optimizer):
    """The course's first Adam, which torch does not have, as its formula says it."""

    def __init__(self, parameters, lr, beta1=0.9, beta2=0.999, eps=1e-8):
        super().__init__(parameters, {"lr": lr, "beta1": beta1, "beta2": beta2, "eps": eps})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                state = self.state[p]
                m, v = state.get("m", torch.zeros_like(p)), state.get("v", torch.zeros_like(p))
                state["m"] = m = group["beta1"] * m + (1 - group["beta1"]) * p.grad
                state["v"] = v = group["beta2"] * v + (1 - group["beta2"]) * p.grad**2
                p -= group["lr"] * m / (v.sqrt() + group["eps"])


RIVALS = {
    "SGD": lambda p: torch.optim.SGD(p, 0.1),
    "Momentum": lambda p: torch.optim.SGD(p, 0.02, momentum=0.9),
    # torch's parameter is where our rule looks ahead, and that is where both meet their losses.
    "Nesterov": lambda p: torch.optim.SGD(p, 0.02, momentum=0.9, nesterov=True),
    "Adagrad": lambda p: torch.optim.Adagrad(p, 0.01, eps=1e-8),
    "RMSprop": lambda p: torch.optim.RMSprop(p, 0.001),
    "Adam": lambda p: torch.optim.Adam(p, 0.001),
    "Adam, no correction": lambda p: Uncorrected(p, 0.001),
    "AdamW": lambda p: torch.optim.AdamW(p, 0.001),
    "SGD, short step": lambda p: torch.optim.SGD(p, 0.01),
}


def test_all_nine_follow_torch_optim_on_the_same_batches(data, monkeypatch):
    """In float64 throughout, so that nothing but the rule could tell the two apart."""
    from cvlab.engine.nets import build as module_of_build

    monkeypatch.setattr(module_of_build, "build", lambda net, seed: build(net, seed=seed).double())
    found, last = curves(data, usual_net_racers())
    assert set(found) == {racer.name for racer in usual_net_racers()} == set(last.accuracies) == set(RIVALS)
    images, labels = Preprocessing(kind="signed").apply(data.train.images).double(), data.train.labels
    for name, make in RIVALS.items():
        module = build(zoo.lenet(dropout=0.0), seed=0).double()
        optimizer = make(module.parameters())
        order = np.random.default_rng(0).permutation(len(labels))
        for t in range(STEPS):
            chosen = torch.from_numpy(order[t * BATCH : (t + 1) * BATCH])
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(module(images[chosen]), labels[chosen])
            loss.backward()
            optimizer.step()
            assert found[name][t] == pytest.approx(loss.item(), rel=1e-7), (name, t)


def test_the_same_seed_is_the_same_race_bit_for_bit_and_another_is_not(data):
    racers = usual_net_racers()[:2]
    first, again, other = (curves(data, racers, seed)[0] for seed in (3, 3, 4))
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first["SGD"], other["SGD"])
    assert first["SGD"][0] == first["Momentum"][0], "all begin at one place, with one batch"


def test_who_flies_off_stops_and_the_others_go_on(data):
    found, last = curves(data, [Racer("wild", SGD(learning_rate=100.0)), usual_net_racers()[5]], steps=8)
    assert np.isnan(found["wild"][-1]) and np.isfinite(found["Adam"]).all()
    assert 0 <= last.accuracies["wild"] <= 1


NINE = usual_net_racers()


@pytest.mark.parametrize(("racers", "steps", "batch"), [((), 5, 5), (NINE[:1] * 2, 5, 5), (NINE, 0, 5), (NINE, 5, 0)])
def test_what_cannot_be_run_is_said(data, racers, steps, batch):
    with pytest.raises(RecipeError):
        next(net_race(data, NetRaceSettings(tuple(racers), steps, batch)))
