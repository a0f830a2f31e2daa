"""Recipes with a name: complete, proven for one net and one set of images, and a start for others like them."""

from __future__ import annotations

from dataclasses import dataclass

from cvlab.engine.training.recipe import Recipe


@dataclass(frozen=True)
class Preset:
    """A recipe and the net of the zoo that it was made for. words: what it is, in a line."""

    title: str
    words: str
    net: str
    recipe: Recipe


PRESETS: dict[str, Preset] = {
    "lenet-author": Preset(
        "LeNet, as its author trained it",
        "Adam 0.001, batch 250, 50 epochs, nothing held out: 99.4 % on MNIST",
        "lenet",
        Recipe(data="mnist", held_out=0.0, batch_size=250, epochs=50),
    ),
    # After the entries to DAWNBench that reached 94 % of CIFAR-10 on one GPU (Page, 2018, 24 epochs): Nesterov momentum with a
    # rate that rises for a fifth of the time and then falls to nothing, weight decay 5e-4, batches of 512; images moved by up to
    # 4 pixels, mirrored, with a hole of 8 x 8. His net divides its scores by 8; ours does not, so that the rate is lower, and
    # smoothed labels keep it from being too sure.
    "resnet9-fast": Preset(
        "ResNet-9 in half a minute of a large GPU",
        "Nesterov, one cycle, label smoothing, shift, mirror and cut-out, mixed precision, 30 epochs of CIFAR-10",
        "resnet9",
        Recipe(data="cifar10", held_out=0.0, preprocessing="standardize", batch_size=512, epochs=30, precision="mixed").changed(
            **{
                "optimizer.kind": "nesterov", "optimizer.learning_rate": 0.2, "optimizer.momentum": 0.9,
                "optimizer.weight_decay": 5e-4, "schedule.kind": "one-cycle", "schedule.peak_at": 0.2,
                "loss.label_smoothing": 0.1, "augmentation.flip": 0.5, "augmentation.shift": 4, "augmentation.cutout": 0.25,
            }
        ),
    ),
}  # fmt: skip
