"""Recipes with a name: complete, made for one net and one set of images, and a start for others like them."""

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
    # As its five seeds were trained, 5,000 images held out: to choose it by, and still when the test set was read once.
    "lenet-best": Preset(
        "LeNet, the best found here",
        "AdamW, cosine, images moved and turned, smooth labels, running average, 50 epochs: with dropout 0.2 in the net, 99.5 % "
        "on MNIST over five seeds",
        "lenet",
        Recipe(data="mnist", held_out=0.0833333, shift=2, averaging=0.999, batch_size=250, epochs=50).changed(
            **{
                "optimizer.kind": "adamw", "optimizer.learning_rate": 0.003, "optimizer.weight_decay": 0.02,
                "schedule.kind": "cosine",
                "augmentation.rotate": 8.0, "loss.label_smoothing": 0.05,
            }
        ),
    ),
    # The net is that of an entry to DAWNBench that read 94 % of CIFAR-10 after 24 epochs (Page, 2018), and so is what is done to
    # the images: moved by up to 4 pixels, mirrored, a hole of 8 x 8. He took Nesterov momentum at 0.4 and divided the scores by
    # 8; ours are not divided, and at such a rate nothing is learned: AdamW does not mind how large the scores are. Its rate and
    # decay over one cycle are near those of Gugger and Howard (2018).
    "resnet9-fast": Preset(
        "ResNet-9, quickly on a large GPU",
        "AdamW in one cycle, smooth labels, shift, mirror, cut-out, mixed precision, 30 epochs; its figure is not known yet",
        "resnet9",
        Recipe(data="cifar10", held_out=0.0, preprocessing="standardize", batch_size=512, epochs=30, precision="mixed").changed(
            **{
                "optimizer.kind": "adamw", "optimizer.learning_rate": 0.005, "optimizer.weight_decay": 0.1,
                "schedule.kind": "one-cycle", "schedule.peak_at": 0.2, "loss.label_smoothing": 0.1, "augmentation.flip": 0.5,
                "augmentation.shift": 4, "augmentation.cutout": 0.25,
            }
        ),
    ),
}  # fmt: skip
