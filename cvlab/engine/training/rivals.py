"""The rivals that `cvlab bench` measures beside the engine: training loops as people usually write them.

Run as a module, it measures one of them in a process of its own and prints the figure.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

import torch
from torch import nn
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from cvlab.engine.data import catalogue
from cvlab.engine.data.dataset import Dataset, Split
from cvlab.engine.nets import code, zoo
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import Conv, Flatten, Input, Linear, MaxPool, Relu
from cvlab.engine.pace import WARM_UP, Pace
from cvlab.engine.training import device as devices
from cvlab.engine.training.control import Control
from cvlab.engine.training.events import EpochEnd, Noticed, StepEnd
from cvlab.engine.training.fit import fit
from cvlab.engine.training.learner import Learner
from cvlab.engine.training.recipe import Recipe

NETS = ("lenet", "cifar", "resnet9")
BATCH = {"lenet": 250, "cifar": 128, "resnet9": 128}
GPU_BATCH = BATCH | {"resnet9": 512}
USUAL_IMAGES = {"lenet": 0, "cifar": 10_000, "resnet9": 1_024}
"""Images of an epoch that is measured; 0: all of the data set."""
GPU_IMAGES = {"lenet": 0, "cifar": 50_000, "resnet9": 50_000}


@dataclass(frozen=True)
class Bout:
    """What all sides do: a net, by its name here, trained for an epoch on a device, in float32 or mixed precision."""

    net: str
    data: Dataset
    device: torch.device
    precision: str = "float32"

    @property
    def batch(self) -> int:
        return (BATCH if self.device.type == "cpu" else GPU_BATCH)[self.net]

    def short(self) -> Bout:
        """The same with a few batches: first uses load things and look for fast ways."""
        few = self.batch * (10 if self.net == "lenet" or self.device.type != "cpu" else 2)
        split = self.data.train
        return replace(self, data=replace(self.data, train=Split(split.images[:few], split.labels[:few])))

    def scores(self, net: nn.Module, x: torch.Tensor) -> torch.Tensor:
        """The forward pass, in mixed precision if that is asked for."""
        if self.precision == "float32":
            return net(x)
        with torch.autocast(self.device.type, dtype=torch.bfloat16):
            scores = net(x)
        return scores.float()

    def now(self) -> float:
        """The time, when the device has done all that it was given."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        elif self.device.type == "mps":
            torch.mps.synchronize()
        return perf_counter()


def net_of(name: str) -> Architecture:
    """The course's LeNet, a small net for CIFAR-10 (three convolutions), or the zoo's ResNet-9."""
    if name != "cifar":
        return zoo.make(name)
    blocks = [layer for filters in (32, 64, 64) for layer in (Conv(filters=filters, padding=1), Relu(), MaxPool())]
    return Architecture.chain(
        "CIFAR-small", [Input(channels=3, height=32, width=32), *blocks, Flatten(), Linear(units=10)]
    )


def plain_module(net: Architecture) -> nn.Module:
    """The net as a person writes it in PyTorch: the source that the builder shows, with torch.nn's own layers."""
    names: dict = {}
    exec("\n".join(code.definition(net)), names)  # our own source, from our own net
    return names["Net"]()


def noise(images: int) -> Dataset:
    """Random bytes in the shape of CIFAR-10: what is measured does not depend on what is on the images."""
    dice = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (images, 3, 32, 32), generator=dice, dtype=torch.uint8)
    split = Split(pixels, torch.randint(0, 10, (images,), generator=dice))
    return Dataset("noise", "Noise", tuple("0123456789"), split, Split(pixels[:100], split.labels[:100]), "0" * 64)


class _TransformedImages(TorchDataset):
    """A split as torchvision's sets serve it: a PIL image an item, then ToTensor and Normalize, one image at a time."""

    def __init__(self, split: Split) -> None:
        from cvlab.engine.data.vision import torchvision

        torchvision()
        from torchvision import transforms

        self._images, self._labels = split.images, split.labels
        means = (0.5,) * split.images.shape[1]
        self._transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize(means, means)])

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        from PIL import Image

        image = self._images[index]
        picture = Image.fromarray(image[0].numpy() if len(image) == 1 else image.permute(1, 2, 0).contiguous().numpy())
        return self._transform(picture), int(self._labels[index])


def dataloader_epoch(bout: Bout) -> float:
    """Seconds for one epoch (Adam 0.001) the way of the course's author: a shuffling `DataLoader` over per-image transforms, no
    workers, loss and accuracy read after every step. Without evaluation."""
    torch.manual_seed(0)
    net = plain_module(net_of(bout.net)).to(bout.device)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.001)
    loss_function = nn.CrossEntropyLoss()
    loader = DataLoader(_TransformedImages(bout.data.train), batch_size=bout.batch, shuffle=True)
    net.train()
    began = bout.now()
    for images, labels in loader:
        images, labels = images.to(bout.device), labels.to(bout.device)
        optimizer.zero_grad()
        scores = bout.scores(net, images)
        loss = loss_function(scores, labels)
        loss.backward()
        optimizer.step()
        loss.item()
        (scores.argmax(1) == labels).float().mean().item()
    return bout.now() - began


def minimal_epoch(bout: Bout) -> float:
    """Seconds for the same epoch in the shortest loop that a person who knows PyTorch would tune by hand: all images on the
    device as bytes, batches by index, channels last, a fused optimizer, nothing else around it. On a GPU the figures are added
    up there and read once, at the end."""
    torch.manual_seed(0)
    devices.use_threads()
    devices.prepare(bout.device)
    net = plain_module(net_of(bout.net)).to(bout.device, memory_format=torch.channels_last).train()
    optimizer = torch.optim.Adam(net.parameters(), lr=0.001, fused=bout.device.type in ("cpu", "cuda"))
    images, labels = bout.data.train.images.to(bout.device), bout.data.train.labels.to(bout.device)
    at_once = bout.device.type == "cpu"
    total, right = torch.zeros((), device=bout.device), torch.zeros((), dtype=torch.int64, device=bout.device)
    began = bout.now()
    for chosen in torch.randperm(len(labels)).to(bout.device).split(bout.batch):
        x = (images[chosen].float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)
        y = labels[chosen]
        optimizer.zero_grad(set_to_none=True)
        scores = bout.scores(net, x)
        loss = nn.functional.cross_entropy(scores, y)
        loss.backward()
        optimizer.step()
        correct = (scores.argmax(1) == y).sum()
        if at_once:
            loss.item(), correct.item()
        else:
            total += loss.detach()
            right += correct
    total.item(), right.item()
    return bout.now() - began


def engine_epoch(bout: Bout, graphs: str = "auto") -> float:
    """Seconds for the same epoch with this engine, telling loss and accuracy of every step as it does. On a GPU it is the second
    epoch of a run: in the first, a step may be recorded."""
    recipe = Recipe(
        data=bout.data.id, held_out=0.0, epochs=1, batch_size=bout.batch, device=bout.device.type, precision=bout.precision,
        graphs=graphs,
    )  # fmt: skip
    if bout.device.type == "cuda":
        recipe = recipe.changed(epochs=3)  # so many that a recording is worth its while
    learner = Learner(net_of(bout.net), bout.data, recipe)
    measured = 2 if bout.device.type == "cuda" else 1
    began = perf_counter()
    for event in fit(learner):
        if isinstance(event, Noticed):
            sys.stderr.write(f"{event.words}\n")
        elif isinstance(event, EpochEnd) and event.epoch == measured - 1:
            began = bout.now()
        elif isinstance(event, StepEnd) and event.step == measured * learner.steps_per_epoch:
            break
    return bout.now() - began


def eager_epoch(bout: Bout) -> float:
    """As the engine's, with every kernel launched anew."""
    return engine_epoch(bout, graphs="off")


def arithmetic_epoch(bout: Bout) -> float:
    """Seconds for an epoch's steps on one batch that lies ready, without reading, shuffling or looking at anything: what
    PyTorch's own operations cost, which no loop around them can undercut."""
    torch.manual_seed(0)
    devices.use_threads()
    devices.prepare(bout.device)
    net = plain_module(net_of(bout.net)).to(bout.device, memory_format=torch.channels_last).train()
    optimizer = torch.optim.Adam(net.parameters(), lr=0.001, fused=bout.device.type in ("cpu", "cuda"))
    images, y = (part[: bout.batch].to(bout.device) for part in (bout.data.train.images, bout.data.train.labels))
    x = (images.float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)
    began = bout.now()
    for _ in range(math.ceil(len(bout.data.train) / bout.batch)):
        optimizer.zero_grad(set_to_none=True)
        nn.functional.cross_entropy(bout.scores(net, x), y).backward()
        optimizer.step()
    return bout.now() - began


EPOCHS: dict[str, Callable[[Bout], float]] = {
    "dataloader": dataloader_epoch,
    "minimal": minimal_epoch,
    "engine": engine_epoch,
    "eager": eager_epoch,
    "arithmetic": arithmetic_epoch,
}


def headless_pace(data: Dataset) -> dict:
    """The pace of a run without any window, which goes on until nobody wants more of it."""
    pace, start, is_warm = Pace(), perf_counter(), False
    recipe = Recipe(data=data.id, epochs=10_000)
    for event in fit(Learner(zoo.lenet(), data, recipe), Control()):
        if isinstance(event, StepEnd):
            pace.mark(event.step * recipe.batch_size)
        if not is_warm and perf_counter() - start > WARM_UP:
            is_warm = True
            pace.begin()
        if pace.is_over:
            break
    return {"marks": pace.marks}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=(*EPOCHS, "pace"))
    parser.add_argument("--net", choices=NETS, default="lenet")
    parser.add_argument("--data", required=True)
    parser.add_argument("--images", type=int, default=0)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", default="float32")
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--bundled", type=Path, required=True)
    options = parser.parse_args()
    device = devices.choose(options.device)
    usual = USUAL_IMAGES if device.type == "cpu" else GPU_IMAGES
    count = options.images or usual[options.net]
    if options.net == "lenet":
        data = catalogue.load(options.data, root=options.root, bundled=options.bundled)
        if count:
            data = replace(data, train=Split(data.train.images[:count], data.train.labels[:count]))
    else:
        data = noise(count)
    if options.what == "pace":
        result = headless_pace(data)
    else:
        epoch, bout = EPOCHS[options.what], Bout(options.net, data, device, options.precision)
        epoch(bout.short())
        result = {"seconds": epoch(bout), "images": len(data.train), "device": devices.describe(device)}
    json.dump(result, sys.stdout)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
