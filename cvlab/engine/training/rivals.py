"""The rivals that `cvlab bench` measures beside the engine: training loops as people usually write them.

Run as a module, it measures one of them in a process of its own and prints the figure.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import torch
from torch import nn
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from cvlab.engine.data import catalogue
from cvlab.engine.data.dataset import Dataset, Split
from cvlab.engine.nets import zoo
from cvlab.engine.nets.build import build
from cvlab.engine.training.control import Control
from cvlab.engine.training.events import StepEnd
from cvlab.engine.training.fit import fit
from cvlab.engine.training.learner import Learner
from cvlab.engine.training.recipe import Recipe


class _TransformedImages(TorchDataset):
    """A split as torchvision's MNIST serves it: a PIL image an item, then ToTensor and Normalize, one image at a time."""

    def __init__(self, split: Split) -> None:
        from cvlab.engine.data.vision import torchvision

        torchvision()
        from torchvision import transforms

        self._images, self._labels = split.images, split.labels
        self._transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        from PIL import Image

        image = Image.fromarray(self._images[index, 0].numpy())
        return self._transform(image), int(self._labels[index])


def dataloader_epoch(data: Dataset) -> float:
    """Seconds for one epoch of LeNet (dropout 0.5, Adam 0.001, batch 250) the way of the course's author: a shuffling
    `DataLoader` over per-image transforms, no workers, loss and accuracy read after every step. Without evaluation."""
    torch.manual_seed(0)
    net = build(zoo.lenet())
    optimizer = torch.optim.Adam(net.parameters(), lr=0.001)
    loss_function = nn.CrossEntropyLoss()
    loader = DataLoader(_TransformedImages(data.train), batch_size=250, shuffle=True)
    net.train()
    began = perf_counter()
    for images, labels in loader:
        optimizer.zero_grad()
        scores = net(images)
        loss = loss_function(scores, labels)
        loss.backward()
        optimizer.step()
        loss.item()
        (scores.argmax(1) == labels).float().mean().item()
    return perf_counter() - began


def engine_epoch(data: Dataset) -> float:
    """Seconds for the same epoch with this engine, reading loss and accuracy after every step as it does."""
    learner = Learner(zoo.lenet(), data, Recipe(data=data.id, held_out=0.0, epochs=1))
    began = perf_counter()
    for event in fit(learner):
        if isinstance(event, StepEnd) and event.step == learner.steps_per_epoch:
            break
    return perf_counter() - began


def headless_rate(data: Dataset, seconds: float) -> dict:
    """Images a second of a long run, without any window, after two seconds of warming up."""
    control = Control()
    images, began = 0, None
    start = perf_counter()
    for event in fit(Learner(zoo.lenet(), data, Recipe(data=data.id, epochs=10_000)), control):
        now = perf_counter()
        if began is None:
            began = now if now - start > 2.0 else None
        elif isinstance(event, StepEnd):
            images += event.images
        if began is not None and now - began > seconds:
            break
    return {"images_per_second": images / (perf_counter() - began)}  # type: ignore[operator]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("dataloader", "engine", "rate"))
    parser.add_argument("--data", required=True)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--images", type=int, default=0)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--bundled", type=Path, required=True)
    options = parser.parse_args()
    data = catalogue.load(options.data, root=options.root, bundled=options.bundled)
    if options.images:
        few = Split(data.train.images[: options.images], data.train.labels[: options.images])
        data = replace(data, train=few)
    if options.what == "rate":
        result = headless_rate(data, options.seconds)
    else:
        epoch = dataloader_epoch if options.what == "dataloader" else engine_epoch
        epoch(replace(data, train=Split(data.train.images[:2500], data.train.labels[:2500])))  # first uses load things
        result = {"seconds": epoch(data), "images": len(data.train)}
    json.dump(result, sys.stdout)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
