"""The recipe's settings in groups that fold: what belongs together, and how many of each differ from the default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from cvlab.engine.data.preprocessing import TITLES
from cvlab.engine.training.recipe import Recipe
from cvlab.ui.theme.icons import icon
from cvlab.ui.widgets.controls import named
from cvlab.ui.widgets.form import FieldFacts, Form
from cvlab.ui.widgets.number import number_text

CAPTIONS = {
    "optimizer.kind": {
        "sgd": "SGD", "momentum": "Momentum", "nesterov": "Nesterov", "adagrad": "Adagrad", "rmsprop": "RMSprop",
        "adam": "Adam", "adamw": "AdamW",
    },
    "loss.kind": {"softmax": "Softmax", "hinge": "Multiclass hinge"},
    "preprocessing": TITLES,
    "schedule.kind": {
        "constant": "Constant", "step": "In steps", "exponential": "Exponential", "1/t": "1/t", "cosine": "Cosine to zero",
        "warm-up": "Warm-up, then cosine", "one-cycle": "One cycle",
    },
    "initialisation.kind": {
        "pytorch": "PyTorch's own", "zeros": "All zero", "small": "Small Gaussian", "large": "Large Gaussian",
        "xavier": "Xavier (1/n)", "glorot": "Glorot", "he": "He", "orthogonal": "Orthogonal",
    },
    "initialisation.bias": {"usual": "Usual", "set": "One number"},
    "device": {"auto": "Automatic", "cpu": "CPU", "cuda": "CUDA GPU", "mps": "Apple GPU"},
    "precision": {"float32": "float32", "mixed": "Mixed"},
    "graphs": {"auto": "Automatic", "on": "Always", "off": "Never"},
}  # fmt: skip


_USUAL = Recipe().flat()


def said(path: str, value: object) -> str:
    """A setting's value as the form would say it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return number_text(value)
    return f"{value:,}" if isinstance(value, int) else CAPTIONS.get(path, {}).get(value, str(value))


def differences(before: Recipe, after: Recipe) -> list[str]:
    """What another recipe has otherwise, each in a few words: "learning rate 0.01"."""
    changes = before.difference(after)
    return [f"{FieldFacts.of(Recipe, path).inline} {said(path, new)}" for path, (_, new) in changes.items()]


def plan_of(recipe: Recipe, data: Mapping[str, str]) -> str:
    """A recipe in a line. data: titles of data sets by their ids."""
    many = f"{recipe.epochs:,} epoch{'s' if recipe.epochs != 1 else ''}"
    rate = number_text(recipe.optimizer.learning_rate)
    kind = CAPTIONS["optimizer.kind"][recipe.optimizer.kind]
    where = data.get(recipe.data, recipe.data)
    return f"{kind}, learning rate {rate}, batch size {recipe.batch_size:,}, {many}, on {where}"


@dataclass(frozen=True)
class Group:
    """Settings that fold together. id: of its button. fields: dotted paths. prefix: of its controls' names."""

    id: str
    title: str
    tip: str
    fields: tuple[str, ...]
    prefix: str = "training"


MAIN = (
    "optimizer.kind", "optimizer.learning_rate", "optimizer.momentum", "batch_size", "epochs", "optimizer.weight_decay",
    "held_out",
)  # fmt: skip

GROUPS = (
    Group("input", "Input", "What the net is fed: scaling, and images that are moved a little.",
          ("preprocessing", "whitening_epsilon", "shift")),
    Group("augment", "Augmentation", "How training images are changed, each in its own way. Datasets shows what it does.",
          tuple(f"augmentation.{name}" for name in ("flip", "rotate", "crop", "shift", "colour", "hue", "cutout", "mixup")),
          "training.augmentation"),
    Group("loss", "Loss", "What counts as wrong, and by how much.", ("loss.kind", "loss.margin", "loss.label_smoothing")),
    Group("schedule", "Schedule", "How the learning rate changes while it trains.",
          ("schedule.kind", "schedule.factor", "schedule.every", "schedule.k", "schedule.warm", "schedule.peak_at")),
    Group("optimizer_more", "Optimizer, inside", "Memories of the adaptive rules. The defaults are nearly always right.",
          ("optimizer.beta1", "optimizer.beta2", "optimizer.decay_rate", "optimizer.eps")),
    Group("regularise", "Regularisation", "What keeps weights and steps small, and when to stop.",
          ("regularisation.l1", "regularisation.max_norm", "regularisation.clip", "early_stopping.patience",
           "early_stopping.watch", "early_stopping.diverged", "averaging")),
    Group("first", "First weights", "Where the weights start: too small, and nothing passes; too large, and all saturates.",
          ("initialisation.kind", "initialisation.small_std", "initialisation.large_std", "initialisation.bias",
           "initialisation.bias_value")),
    Group("machine", "Machine", "Seed, device and number formats: what makes a run repeatable, and fast.",
          ("seed", "device", "threads", "precision", "channels_last", "graphs")),
)  # fmt: skip


class Section(QWidget):
    """A heading that unfolds a form, and says how many of its settings are not the default's. Below the form, room for a picture.

    edited, released: as the form's.
    """

    edited = Signal(str, object)
    released = Signal(str)

    def __init__(self, group: Group, parent: QWidget) -> None:
        super().__init__(parent)
        self.group = group
        self.button = named(QPushButton(group.title, self), f"training.{group.id}_settings", group.title, group.tip)
        self.button.setProperty("role", "quiet fold")
        self.button.setCheckable(True)
        self.button.toggled.connect(self.unfold)
        self.form = Form(Recipe, group.fields, prefix=group.prefix, captions=CAPTIONS, parent=self)
        self.form.edited.connect(self.edited)
        self.form.released.connect(self.released)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(6)
        self.column.addWidget(self.button)
        self.column.addWidget(self.form)
        self.unfold(False)

    def unfold(self, opened: bool) -> None:
        self.button.setIcon(icon("up" if opened else "down", "muted"))
        self.button.setChecked(opened)
        for i in range(1, self.column.count()):
            self.column.itemAt(i).widget().setVisible(opened)

    def show_recipe(self, recipe: Recipe) -> None:
        self.form.show_values(recipe)
        changed = sum(recipe.look_up(path) != _USUAL[path] and recipe.uses(path) for path in self.group.fields)
        self.button.setText(f"{self.group.title}  ·  {changed} changed" if changed else self.group.title)
        # A setting that matters to nobody now (the optimizer's, of SGD) need not be offered.
        self.setVisible(any(recipe.uses(path) for path in self.group.fields))
