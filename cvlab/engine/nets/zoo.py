"""Ready nets: the ones that the course names, and the ones that made it famous at the size of CIFAR-10."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cvlab.engine.errors import NetError
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import (
    AvgPool,
    BatchNorm,
    Conv,
    Dropout,
    Flatten,
    GlobalPool,
    LayerSpec,
    Linear,
    MaxPool,
    Relu,
    Tanh,
)
from cvlab.engine.nets.sketch import Sketch

ImageShape = tuple[int, int, int]
DIGIT, PHOTO = (1, 28, 28), (3, 32, 32)


def lenet(image: ImageShape = DIGIT, classes: int = 10, dropout: float = 0.5) -> Architecture:
    """The course's LeNet (section 10): INPUT -> CONV -> RELU -> POOL -> CONV -> RELU -> POOL -> FC -> RELU -> FC -> RELU -> FC.

    dropout: share dropped before the first FC, as its author trained it; 0 leaves the layer out.
    """
    head = [Dropout(drop=dropout)] if dropout else []
    return _chain(
        "LeNet", image,
        Conv(filters=6, kernel=5, padding=2), Relu(), MaxPool(),
        Conv(filters=16, kernel=5), Relu(), MaxPool(),
        Flatten(), *head,
        Linear(units=120), Relu(), Linear(units=84), Relu(), Linear(units=classes),
    )  # fmt: skip


def lenet5(image: ImageShape = DIGIT, classes: int = 10) -> Architecture:
    """LeNet-5 of LeCun, Bottou, Bengio and Haffner, 1998: tanh and average pooling, 5x5 windows without padding on 32x32.

    As everybody builds it today: every filter sees all maps, and pooling learns nothing. 61,706 parameters; the original,
    with a sparse table of connections and trained pooling, has 60,000. Digits of 28x28 get the border of 2 that it had.
    """
    border = max(0, (32 - min(image[1:])) // 2)
    return _chain(
        "LeNet-5", image,
        Conv(filters=6, kernel=5, padding=min(border, 2)), Tanh(), AvgPool(),
        Conv(filters=16, kernel=5), Tanh(), AvgPool(),
        Flatten(), Linear(units=120), Tanh(), Linear(units=84), Tanh(), Linear(units=classes),
    )  # fmt: skip


def linear_classifier(image: ImageShape = DIGIT, classes: int = 10) -> Architecture:
    """f = Wx + b (section 3): one template a class."""
    return _chain("Linear classifier", image, Flatten(), Linear(units=classes))


def two_layer(image: ImageShape = DIGIT, classes: int = 10, hidden: int = 100) -> Architecture:
    """f = W2 max(0, W1 x) (section 7)."""
    return _chain("2-layer net", image, Flatten(), Linear(units=hidden), Relu(), Linear(units=classes))


def three_layer(image: ImageShape = DIGIT, classes: int = 10, hidden: tuple[int, int] = (100, 100)) -> Architecture:
    """f = W3 max(0, W2 max(0, W1 x)) (section 7)."""
    first, second = hidden
    return _chain(
        "3-layer net", image, Flatten(), Linear(units=first), Relu(), Linear(units=second), Relu(), Linear(units=classes)
    )  # fmt: skip


def alexnet_small(image: ImageShape = PHOTO, classes: int = 10) -> Architecture:
    """AlexNet (Krizhevsky, Sutskever and Hinton, 2012) at the size of CIFAR-10: its five convolutions, overlapping pools and
    two dropped FC layers, with a quarter of the widths and 5x5 instead of 11x11 filters at the start."""
    return _chain(
        "AlexNet-small", image,
        Conv(filters=24, kernel=5, border="same"), Relu(), MaxPool(kernel=3, stride=2),
        Conv(filters=64, kernel=5, border="same"), Relu(), MaxPool(kernel=3, stride=2),
        Conv(filters=96, border="same"), Relu(),
        Conv(filters=96, border="same"), Relu(),
        Conv(filters=64, border="same"), Relu(), MaxPool(kernel=3, stride=2),
        Flatten(), Dropout(), Linear(units=256), Relu(), Dropout(), Linear(units=256), Relu(), Linear(units=classes),
    )  # fmt: skip


def vgg_small(image: ImageShape = PHOTO, classes: int = 10) -> Architecture:
    """VGG (Simonyan and Zisserman, 2014) in small: [[CONV -> RELU]*2 -> POOL]*3 -> FC -> RELU -> FC, 3x3 filters only, whose
    number doubles whenever the maps are halved."""
    sketch = Sketch("VGG-small", image)
    for filters in (32, 64, 128):
        sketch.then(
            Conv(filters=filters, border="same"), Relu(), Conv(filters=filters, border="same"), Relu(), MaxPool()
        )
    sketch.then(Flatten(), Linear(units=256), Relu(), Dropout(), Linear(units=classes))
    return sketch.net


def nin_small(image: ImageShape = PHOTO, classes: int = 10) -> Architecture:
    """Network in network (Lin, Chen and Yan, 2013), half as wide: two 1x1 convolutions after each larger one, and no FC layer:
    the last maps, one a class, are averaged into the scores."""

    def block(kernel: int, *filters: int) -> list[LayerSpec]:
        first, *others = filters
        layers: list[LayerSpec] = [Conv(filters=first, kernel=kernel, border="same"), Relu()]
        for count in others:
            layers += [Conv(filters=count, kernel=1), Relu()]
        return layers

    return _chain(
        "NiN-small", image,
        *block(5, 96, 80, 48), MaxPool(kernel=3, stride=2, padding=1), Dropout(),
        *block(5, 96, 96, 96), AvgPool(kernel=3, stride=2, padding=1), Dropout(),
        *block(3, 96, 96, classes)[:-1], GlobalPool(), Flatten(),
    )  # fmt: skip


def all_conv(image: ImageShape = PHOTO, classes: int = 10) -> Architecture:
    """The all-convolutional net All-CNN-C (Springenberg and others, 2014): strides instead of pooling, no FC layer.
    1.37 M parameters; the paper says 1.3 M."""

    def conv(filters: int, kernel: int = 3, stride: int = 1) -> list[LayerSpec]:
        return [Conv(filters=filters, kernel=kernel, stride=stride, padding=kernel // 2), Relu()]

    return _chain(
        "All-conv net", image,
        *conv(96), *conv(96), *conv(96, stride=2), Dropout(),
        *conv(192), *conv(192), *conv(192, stride=2), Dropout(),
        *conv(192), *conv(192, kernel=1), *conv(classes, kernel=1)[:-1], GlobalPool(), Flatten(),
    )  # fmt: skip


def resnet20(image: ImageShape = PHOTO, classes: int = 10) -> Architecture:
    """ResNet-20 (He, Zhang, Ren and Sun, 2015): three stages of three residual blocks, 0.27 M parameters.

    A stage's first block halves the maps and doubles the filters; its skip is a strided 1x1 convolution (option B of the
    paper). The blocks after it are one block that repeats.
    """
    sketch = Sketch("ResNet-20", image)
    sketch.then(Conv(filters=16, border="same", bias=False), BatchNorm(), Relu())
    for stage, filters in enumerate((16, 32, 64)):
        if stage:
            start = sketch.end
            sketch.then(Conv(filters=filters, stride=2, padding=1, bias=False), BatchNorm(), Relu())
            body = sketch.then(Conv(filters=filters, border="same", bias=False), BatchNorm())
            sketch.then(Conv(filters=filters, kernel=1, stride=2, bias=False), BatchNorm(), after=start)
            sketch.add(body)
            sketch.then(Relu())
        start = sketch.end
        sketch.then(Conv(filters=filters, border="same", bias=False), BatchNorm(), Relu())
        sketch.then(Conv(filters=filters, border="same", bias=False), BatchNorm())
        sketch.add(start)
        sketch.then(Relu())
        sketch.block(start, times=3 if stage == 0 else 2, name=f"stage{stage + 1}")
    sketch.then(GlobalPool(), Flatten(), Linear(units=classes))
    return sketch.net


def resnet9(image: ImageShape = PHOTO, classes: int = 10, width: int = 64) -> Architecture:
    """A fast ResNet-9 for CIFAR-10, after David Page's entry to DAWNBench (2018): eight convolutions, two short skips, one FC;
    6.57 M parameters at width 64. It reaches 94 % in a few dozen epochs."""
    sketch = Sketch("ResNet-9", image)

    def conv(filters: int) -> list[LayerSpec]:
        return [Conv(filters=filters, border="same", bias=False), BatchNorm(), Relu()]

    def residual(filters: int) -> None:
        start = sketch.end
        sketch.then(*conv(filters), *conv(filters))
        sketch.add(start)

    sketch.then(*conv(width), *conv(2 * width), MaxPool())
    residual(2 * width)
    sketch.then(*conv(4 * width), MaxPool(), *conv(8 * width), MaxPool())
    residual(8 * width)
    sketch.then(GlobalPool(mode="max"), Flatten(), Linear(units=classes))
    return sketch.net


def convnet_small(image: ImageShape = PHOTO, classes: int = 10) -> Architecture:
    """[[CONV -> BN -> RELU]*2 -> POOL]*2 -> CONV -> BN -> RELU, averaged into the scores: five 3x3 convolutions and 36,000
    parameters, for small photos on a processor. 7.5 million multiplications an image of 32x32, a fifth of ResNet-20's."""
    sketch = Sketch("ConvNet-small", image)

    def conv(filters: int) -> list[LayerSpec]:
        return [Conv(filters=filters, border="same", bias=False), BatchNorm(), Relu()]

    for filters in (16, 32):
        sketch.then(*conv(filters), *conv(filters), MaxPool())
    sketch.then(*conv(64), GlobalPool(), Flatten(), Linear(units=classes))
    return sketch.net


def suited(image: ImageShape, classes: int) -> Architecture:
    """A net that learns such images in minutes on a processor: LeNet for small grey ones, else ConvNet-small."""
    channels, height, width = image
    is_digit = channels == 1 and min(height, width) >= 12 and max(height, width) <= 32
    return (lenet if is_digit else convnet_small)(image, classes)


def _chain(name: str, image: ImageShape, *layers: LayerSpec) -> Architecture:
    sketch = Sketch(name, image)
    sketch.then(*layers)
    return sketch.net


@dataclass(frozen=True)
class ReadyNet:
    """One net of the zoo. image: the size that it was made for. words: what it is, in a line. Called, it makes the net."""

    title: str
    words: str
    make: Callable[..., Architecture]
    image: ImageShape

    def __call__(self, image: ImageShape | None = None, classes: int = 10) -> Architecture:
        return self.make(image or self.image, classes)


ZOO: dict[str, ReadyNet] = {
    "lenet": ReadyNet("LeNet", "the course's: two convolutions, three linear layers", lenet, DIGIT),
    "linear": ReadyNet("Linear classifier", "f = Wx + b, one template a class", linear_classifier, DIGIT),
    "two-layer": ReadyNet("2-layer net", "one hidden layer", two_layer, DIGIT),
    "three-layer": ReadyNet("3-layer net", "two hidden layers", three_layer, DIGIT),
    "lenet5": ReadyNet("LeNet-5", "1998: tanh and average pooling", lenet5, DIGIT),
    "alexnet-small": ReadyNet("AlexNet-small", "2012: overlapping pools, dropout", alexnet_small, PHOTO),
    "vgg-small": ReadyNet("VGG-small", "2014: pairs of 3×3 filters", vgg_small, PHOTO),
    "nin-small": ReadyNet("NiN-small", "2013: 1×1 filters, no FC layer", nin_small, PHOTO),
    "all-conv": ReadyNet("All-conv net", "2014: strides instead of pooling", all_conv, PHOTO),
    "convnet-small": ReadyNet("ConvNet-small", "five 3×3 filters deep, quick on a processor", convnet_small, PHOTO),
    "resnet20": ReadyNet("ResNet-20", "2015: nine residual blocks", resnet20, PHOTO),
    "resnet9": ReadyNet("ResNet-9", "2018: wide, shallow and fast", resnet9, PHOTO),
}


def make(zoo_id: str, image: ImageShape | None = None, classes: int = 10) -> Architecture:
    """A zoo net fitted to the data (left out: to the images that it was made for); raises `NetError` that lists the ids."""
    if zoo_id not in ZOO:
        raise NetError("There is no such net.", received=zoo_id[:60], remedy=f"Choose one of: {', '.join(ZOO)}.")
    return ZOO[zoo_id](image, classes)
