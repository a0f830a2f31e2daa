"""No step of training makes a device wait for the processor. Shown without a device: on PyTorch's "meta" one, which has shapes
but no numbers, nothing can be read back, and whatever is brought over is seen."""

import pytest
import torch
from torch.utils._python_dispatch import _disable_current_modes

from cvlab.engine.data.dataset import Dataset, Split
from cvlab.engine.data.preprocessing import KINDS, Preprocessing
from cvlab.engine.nets import zoo
from cvlab.engine.training import checkpoint
from cvlab.engine.training import device as devices
from cvlab.engine.training.checkpoint import restore, resume_bytes
from cvlab.engine.training.host_reads import HostRead, HostReads
from cvlab.engine.training.learner import Learner
from cvlab.engine.training.presets import PRESETS
from cvlab.engine.training.recipe import Recipe

RECIPE = Recipe(data="bars", batch_size=32, epochs=3, held_out=0.2, threads=1)
META = torch.device("meta")


@pytest.fixture
def on_meta(monkeypatch):
    """A function that makes a learner whose device is "meta". Its `sent` lists what was brought there by the way meant for it."""

    def make(net, data, recipe):
        images = data.train.images
        fitted = Preprocessing.fit(recipe.preprocessing, images, recipe.whitening_epsilon)
        monkeypatch.setattr(Preprocessing, "fit", lambda *_: fitted)
        monkeypatch.setattr(devices, "choose", lambda wanted: META)
        learner = Learner(net, data, recipe)
        learner.sent = []

        def send(tensor, device):
            learner.sent.append(tensor)
            with _disable_current_modes():
                return tensor.to(device)

        monkeypatch.setattr(devices, "send", send)
        return learner

    return make


def steps_without_waiting(learner, count=2):
    learner.advance()  # the first makes what is kept: the optimizer's state, the numbers of the preprocessing
    for _ in range(count):
        if learner.epoch_is_over:
            learner.end_epoch()
        with HostReads():
            result = learner.advance()
        assert result.loss.device == result.correct.device == META
    return learner


@pytest.mark.parametrize(
    "change",
    [
        *({"optimizer.kind": kind} for kind in ("sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw")),
        *({"schedule.kind": kind} for kind in ("step", "exponential", "1/t", "cosine", "warm-up", "one-cycle")),
        *({"preprocessing": kind} for kind in KINDS),
        {"loss.kind": "hinge"}, {"loss.kind": "hinge", "augmentation.mixup": 0.4}, {"loss.label_smoothing": 0.2},
        {"optimizer.weight_decay": 0.1, "regularisation.l1": 0.01}, {"optimizer.kind": "adamw", "optimizer.weight_decay": 0.1},
        {"regularisation.max_norm": 3.0}, {"regularisation.clip": 0.1}, {"averaging": 0.99}, {"channels_last": False},
        {"shift": 2}, {"early_stopping.patience": 3},
    ],
    ids=str,
)  # fmt: skip
def test_no_setting_of_the_recipe_reads_back(net, data, on_meta, change):
    learner = steps_without_waiting(on_meta(net, data, RECIPE.changed(**change)))
    assert len(learner.sent) == 1 + 3 * (("shift" in change) + any(key.startswith("augmentation") for key in change))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("flip", 0.5),
        ("rotate", 20),
        ("crop", 0.2),
        ("shift", 2),
        ("colour", 0.3),
        ("hue", 0.2),
        ("cutout", 0.3),
        ("mixup", 0.4),
    ],
)
def test_no_augmentation_reads_back_and_all_goes_over_in_one_table(on_meta, name, value):
    learner = on_meta(zoo.linear_classifier(zoo.PHOTO), colours(), RECIPE.changed(**{f"augmentation.{name}": value}))
    steps_without_waiting(learner)
    tables = [tensor for tensor in learner.sent if tensor.ndim == 2]
    assert len(learner.sent) == len(tables) + 1 and len(tables) == 3, "the order of the epoch, and a table a step"


def colours():
    dice = torch.Generator().manual_seed(0)
    train = Split(torch.randint(0, 256, (200, 3, 32, 32), generator=dice, dtype=torch.uint8), torch.arange(200) % 10)
    return Dataset("noise", "Noise", tuple("0123456789"), train, train, "0" * 64)


@pytest.mark.parametrize("name", [name for name, net in zoo.ZOO.items() if net.image == zoo.PHOTO])
def test_no_layer_of_the_zoo_reads_back(on_meta, name):
    steps_without_waiting(on_meta(zoo.make(name), colours(), RECIPE.changed(batch_size=8)), count=1)


def test_the_fast_recipe_reads_nothing_back_and_brings_a_table_a_step(on_meta):
    recipe = PRESETS["resnet9-fast"].recipe.changed(batch_size=32, precision="float32")
    learner = steps_without_waiting(on_meta(zoo.resnet9(width=4), colours(), recipe))
    assert [tuple(tensor.shape) for tensor in learner.sent] == [(200,), *[(18, 32)] * 3]


def test_evaluation_reads_back_only_at_its_end(net, data, on_meta):
    learner = on_meta(net, data, RECIPE)
    with pytest.raises((RuntimeError, NotImplementedError), match="meta"):
        learner.evaluate(*learner.held_out)


@pytest.mark.parametrize(
    "sin",
    [
        lambda x: x.sum().item(), lambda x: bool((x > 0).any()), lambda x: float(x[0]), lambda x: x.nonzero(),
        lambda x: x[x > 0], lambda x: x.cpu(), lambda x: x + torch.ones(3).to(x.device), lambda x: x.copy_(torch.ones(3)),
        lambda x: torch.tensor([1.0, 2.0, 3.0], device=x.device) * x, lambda x: torch.masked_select(x, x > 0),
        lambda x: torch.equal(x, x), lambda x: x.long().unique(),
    ],
)  # fmt: skip
def test_what_waits_is_noticed(sin):
    with HostReads(), pytest.raises(HostRead):
        sin(torch.empty(3, device=META))


@pytest.mark.parametrize("backwards", [False, True])
def test_what_does_not_wait_passes(backwards):
    x = torch.empty((4, 3), device=META, requires_grad=True)
    with HostReads():
        y = torch.nn.functional.cross_entropy(x + torch.tensor(1.0), torch.zeros(4, dtype=torch.long, device=META))
        if backwards:
            y.backward()
        assert float(torch.tensor(3.0)) == 3.0
    assert (x.grad is not None) == backwards


def test_numbers_come_back_whole_and_in_order():
    tensors = [torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last), torch.arange(3), torch.tensor(2.0)]
    back = devices.fetch(tensors)
    assert all(torch.equal(a, b) and a.is_contiguous() for a, b in zip(back, tensors, strict=True))
    assert devices.send(tensors[1], torch.device("cpu")) is tensors[1]


@pytest.mark.filterwarnings("ignore:for .* copying from a non-meta parameter:UserWarning")
@pytest.mark.parametrize("beside", [True, False])
def test_counters_of_a_resumed_run_are_where_the_optimizer_looks_for_them(net, data, on_meta, monkeypatch, beside):
    first = Learner(net, data, RECIPE)
    first.advance()
    saved = resume_bytes(first)
    again = on_meta(net, data, RECIPE)
    monkeypatch.setattr(
        checkpoint, "make_optimizer", lambda module, *_: torch.optim.Adam(module.parameters(), capturable=beside)
    )
    restore(again, saved)
    for parameter in again.parameters:
        state = again.optimizer.state[parameter]
        assert state["exp_avg"].device == META and state["step"].device == (META if beside else torch.device("cpu"))
