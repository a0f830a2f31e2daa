"""A tiny data set that a small net can learn in a second: three classes of bars on 8 x 8 pixels."""

import pytest
import torch

from cvlab.engine.data.dataset import Dataset, Split
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import Conv, Dropout, Flatten, Input, Linear, MaxPool, Relu


def bars(count: int, seed: int) -> Split:
    dice = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % 3
    images = torch.randint(0, 60, (count, 1, 8, 8), generator=dice, dtype=torch.uint8)
    for i, label in enumerate(labels.tolist()):
        place = int(torch.randint(1, 7, (1,), generator=dice))
        if label == 0:
            images[i, 0, place, :] = 255
        elif label == 1:
            images[i, 0, :, place] = 255
        else:
            images[i, 0].fill_diagonal_(255)
    return Split(images, labels)


@pytest.fixture(scope="session")
def data() -> Dataset:
    return Dataset("bars", "Bars", ("row", "column", "diagonal"), bars(300, 0), bars(90, 1), "0" * 64)


@pytest.fixture(scope="session")
def net() -> Architecture:
    return Architecture.chain(
        "small",
        [Input(height=8, width=8), Conv(filters=4, padding=1), Relu(), MaxPool(), Flatten(), Dropout(drop=0.2),
         Linear(units=16), Relu(), Linear(units=3)],
    )  # fmt: skip
