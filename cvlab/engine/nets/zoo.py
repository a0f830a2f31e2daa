"""Ready nets: the ones that the course names."""

from __future__ import annotations

from collections.abc import Callable

from cvlab.engine.errors import NetError
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import Conv, Dropout, Flatten, Input, Linear, MaxPool, Relu

ImageShape = tuple[int, int, int]


def lenet(image: ImageShape = (1, 28, 28), classes: int = 10, dropout: float = 0.5) -> Architecture:
    """The course's LeNet (section 10): INPUT -> CONV -> RELU -> POOL -> CONV -> RELU -> POOL -> FC -> RELU -> FC -> RELU -> FC.

    dropout: share dropped before the first FC, as its author trained it; 0 leaves the layer out.
    """
    head = [Dropout(drop=dropout)] if dropout else []
    return Architecture.chain(
        "LeNet",
        [
            _input(image),
            Conv(filters=6, kernel=5, padding=2), Relu(), MaxPool(),
            Conv(filters=16, kernel=5), Relu(), MaxPool(),
            Flatten(), *head,
            Linear(units=120), Relu(), Linear(units=84), Relu(), Linear(units=classes),
        ],
    )  # fmt: skip


def linear_classifier(image: ImageShape = (1, 28, 28), classes: int = 10) -> Architecture:
    """f = Wx + b (section 3): one template a class."""
    return Architecture.chain("Linear classifier", [_input(image), Flatten(), Linear(units=classes)])


def two_layer(image: ImageShape = (1, 28, 28), classes: int = 10, hidden: int = 100) -> Architecture:
    """f = W2 max(0, W1 x) (section 7)."""
    return Architecture.chain(
        "2-layer net", [_input(image), Flatten(), Linear(units=hidden), Relu(), Linear(units=classes)]
    )


def _input(image: ImageShape) -> Input:
    return Input(channels=image[0], height=image[1], width=image[2])


ZOO: dict[str, Callable[..., Architecture]] = {"lenet": lenet, "linear": linear_classifier, "two-layer": two_layer}


def make(zoo_id: str, image: ImageShape = (1, 28, 28), classes: int = 10) -> Architecture:
    """A zoo net fitted to the data; raises `NetError` that lists the known ids."""
    if zoo_id not in ZOO:
        raise NetError("There is no such net.", received=zoo_id[:60], remedy=f"Choose one of: {', '.join(ZOO)}.")
    return ZOO[zoo_id](image, classes)
