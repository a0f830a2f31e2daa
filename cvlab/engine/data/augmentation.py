"""Augmentation: every training image changed a little, anew each time it is seen, and every image of a batch in its own way.

Two steps, so that what was drawn can be shown, held still and tested: `draw` makes the parameters of every image (on the CPU,
from one generator, so that all devices see the same), `change` applies them to a batch where it lies.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import Field

from cvlab.engine.data.resampling import pixel_grid, sample, to_bytes
from cvlab.engine.spec import Spec

if TYPE_CHECKING:
    import torch
    from torch import Tensor

LUMA = (0.2989, 0.587, 0.114)
"""Grey = 0.2989 R + 0.587 G + 0.114 B (ITU-R BT.601)."""


class Augmentation(Spec):
    """How far training images may be changed. All at zero, as they are at first, changes nothing."""

    flip: float = Field(
        0.0,
        ge=0.0,
        le=1.0,
        title="Mirror",
        description="Share of the images that are mirrored left to right. Not for digits: a mirrored 3 is no 3.",
    )
    rotate: float = Field(
        0.0,
        ge=0.0,
        le=180.0,
        title="Rotate",
        description="Each image is turned by up to this many degrees, either way. 10 to 15 suits digits.",
    )
    crop: float = Field(
        0.0,
        ge=0.0,
        le=0.9,
        title="Crop",
        description="Up to this share of the side is cut away at random and what is left is enlarged. 0.2 suits photos.",
    )
    shift: int = Field(
        0,
        ge=0,
        le=16,
        title="Shift",
        description="Each image is moved by up to this many pixels each way; the same as padding by so much and cropping.",
    )
    colour: float = Field(
        0.0,
        ge=0.0,
        le=1.0,
        title="Colour",
        description="Brightness, contrast and saturation are each multiplied by 1 ± up to this.",
    )
    hue: float = Field(
        0.0,
        ge=0.0,
        le=0.5,
        title="Hue",
        description="Colours are turned around the colour circle by up to this share of it. Greys stay as they are.",
    )
    cutout: float = Field(
        0.0,
        ge=0.0,
        le=1.0,
        title="Cut-out",
        description="A square with this share of the side, anywhere, takes the image's mean colour: no part may be relied on.",
    )
    mixup: float = Field(
        0.0,
        ge=0.0,
        le=2.0,
        title="Mix-up",
        description="α: each image and its label are blended with another one. A share is drawn from Beta(α, α); the "
        "image keeps the larger of it and the rest. 0.2 is usual.",
    )

    @property
    def changes(self) -> bool:
        """Whether it does anything at all."""
        return any(getattr(self, name) for name in type(self).model_fields)


@dataclass(frozen=True, eq=False)
class Draw:
    """What is done to each of B images, all on the CPU.

    flip (B,) bool. angle (B,) degrees, counter-clockwise. box (B, 4) integers: top, left, height, width of the part that is
    kept and enlarged. shift (B, 2) integers: pixels down and right. brightness, contrast, saturation (B,) factors. hue (B,)
    turns. hole (B, 4) integers: top, left, bottom, right, within the image. partner (B,) which image is blended in,
    and share (B,) how much of the own image stays.
    """

    flip: Tensor
    angle: Tensor
    box: Tensor
    shift: Tensor
    brightness: Tensor
    contrast: Tensor
    saturation: Tensor
    hue: Tensor
    hole: Tensor
    partner: Tensor
    share: Tensor


def augment(
    images: Tensor, labels: Tensor, spec: Augmentation, generator: torch.Generator, classes: int
) -> tuple[Tensor, Tensor]:
    """A training batch, changed: what a learner calls at each step.

    images: (B, C, H, W) uint8, left alone. labels: (B,) int64. generator: on the CPU. Returns images of the same shape and
    type on the same device, and the targets: the labels themselves, or with mix-up (B, classes) float32 probabilities;
    `cross_entropy` takes either. With everything at zero the very same tensors come back.
    """
    if not spec.changes:
        return images, labels
    drawn = draw(spec, len(images), tuple(images.shape[-2:]), generator)
    images = change(images, spec, drawn)
    return images, soft_targets(labels, drawn, classes) if spec.mixup else labels


def draw(spec: Augmentation, count: int, size: tuple[int, int], generator: torch.Generator) -> Draw:
    """Parameters for `count` images of (height, width) pixels.

    The same random numbers are spent whatever the settings are: with one generator state, turning one dial changes that one
    thing and leaves the others as they fell.
    """
    import torch

    height, width = size
    u = torch.rand((14, count), generator=generator, dtype=torch.float64)  # one row a parameter
    partner = torch.randperm(count, generator=generator)
    either = 2 * u - 1  # -1..1

    kept = 1 - spec.crop * u[2]  # of the side
    box_h = (kept * height).round().clamp(1, height).long()
    box_w = (kept * width).round().clamp(1, width).long()
    box = torch.stack((_below(u[3], height - box_h), _below(u[4], width - box_w), box_h, box_w), dim=1)
    shift = torch.stack((_below(u[5], 2 * spec.shift), _below(u[6], 2 * spec.shift)), dim=1) - spec.shift

    side_h, side_w = round(spec.cutout * height), round(spec.cutout * width)
    top, left = _below(u[11], height - 1) - side_h // 2, _below(u[12], width - 1) - side_w // 2  # the centre is inside
    hole = torch.stack((top, left, top + side_h, left + side_w), dim=1)
    hole = hole.clamp(min=0).minimum(torch.tensor((height, width, height, width)))
    return Draw(
        flip=u[0] < spec.flip,
        angle=either[1] * spec.rotate,
        box=box,
        shift=shift,
        brightness=1 + either[7] * spec.colour,
        contrast=1 + either[8] * spec.colour,
        saturation=1 + either[9] * spec.colour,
        hue=either[10] * spec.hue,
        hole=hole,
        partner=partner,
        share=_shares(u[13], spec.mixup),
    )


def _below(u: Tensor, most: Tensor | int) -> Tensor:
    """Integers in 0..most, each as likely, from u in [0, 1)."""
    return (u * (most + 1)).floor().long()


def _shares(u: Tensor, alpha: float) -> Tensor:
    """Beta(alpha, alpha), folded so that the own image keeps the larger share; all follow from u (B,)."""
    import numpy as np
    import torch

    if not alpha:
        return torch.ones(len(u), dtype=torch.float64)
    rng = np.random.default_rng((u * 2**53).long().tolist())
    share = torch.from_numpy(rng.beta(alpha, alpha, len(u)))
    return torch.maximum(share, 1 - share)


def change(images: Tensor, spec: Augmentation, drawn: Draw) -> Tensor:
    """The images with what was drawn done to them, in the order mirror, rotate, crop, shift, colour, hue, cut-out, mix-up.

    images: (B, C, H, W) uint8 -> the same, on the same device. What is at zero in `spec` is skipped and costs nothing.
    Every step ends in bytes, as torchvision's do.
    """
    if spec.flip:
        images = flipped(images, drawn.flip)
    if spec.rotate:
        images = rotated(images, drawn.angle)
    if spec.crop:
        images = cropped(images, drawn.box)
    if spec.shift:
        images = shifted(images, drawn.shift)
    if spec.colour:
        images = brightened(images, drawn.brightness)
        images = contrasted(images, drawn.contrast)
        images = saturated(images, drawn.saturation)
    if spec.hue:
        images = recoloured(images, drawn.hue)
    if spec.cutout:
        images = cut_out(images, drawn.hole)
    if spec.mixup:
        images = mixed(images, drawn.partner, drawn.share)
    return images


def soft_targets(labels: Tensor, drawn: Draw, classes: int) -> Tensor:
    """share * one-hot of the own label + (1 - share) * one-hot of the partner's: (B, classes) float32, rows sum to 1."""
    from torch.nn.functional import one_hot

    own = one_hot(labels, classes).float()
    share = drawn.share.float().to(labels.device)[:, None]
    return share * own + (1 - share) * own[drawn.partner.to(labels.device)]


# -- one change each: images (B, C, H, W) uint8, one parameter an image ----------------------------------------------------


def flipped(images: Tensor, flip: Tensor) -> Tensor:
    """Mirrored left to right where `flip` (B,) is true."""
    return images.flip(-1).where(_each(flip, images), images)


def rotated(images: Tensor, angle: Tensor) -> Tensor:
    """Turned counter-clockwise around the centre by `angle` (B,) degrees; black comes in at the corners."""
    turn = angle.to(images.device).mul(math.pi / 180).float()[:, None, None]
    y, x = pixel_grid(*images.shape[-2:], images.device)
    cos, sin = turn.cos(), turn.sin()
    return to_bytes(sample(images, cos * y + sin * x, cos * x - sin * y))


def cropped(images: Tensor, box: Tensor) -> Tensor:
    """The part in `box` (B, 4: top, left, height, width) enlarged to the whole, linear between its pixels."""
    height, width = images.shape[-2:]
    top, left, box_h, box_w = box.to(images.device).float().T[:, :, None, None]
    y, x = pixel_grid(height, width, images.device)
    # Pixel centres of the whole, laid over the box; at its edge its own last pixels count, not their neighbours outside.
    rows = ((y / height + 0.5) * box_h - 0.5).clamp(min=0).minimum(box_h - 1) + top
    columns = ((x / width + 0.5) * box_w - 0.5).clamp(min=0).minimum(box_w - 1) + left
    return to_bytes(sample(images, rows - (height - 1) / 2, columns - (width - 1) / 2, "border"))


def shifted(images: Tensor, by: Tensor) -> Tensor:
    """Moved by `by` (B, 2) whole pixels down and right; black comes in."""
    import torch

    height, width = images.shape[-2:]
    down, right = by.to(images.device).T
    rows = torch.arange(height, device=images.device) - down[:, None]  # (B, H), where each row comes from
    columns = torch.arange(width, device=images.device) - right[:, None]
    inside = ((rows >= 0) & (rows < height))[:, None, :, None] & ((columns >= 0) & (columns < width))[:, None, None, :]
    index = torch.arange(len(images), device=images.device)[:, None, None]
    moved = images.permute(0, 2, 3, 1)[
        index, rows.clamp(0, height - 1)[:, :, None], columns.clamp(0, width - 1)[:, None]
    ]
    return moved.permute(0, 3, 1, 2).mul(inside)


def brightened(images: Tensor, factor: Tensor) -> Tensor:
    """Every value times `factor` (B,)."""
    return _cut(images.float() * _each(factor, images))


def contrasted(images: Tensor, factor: Tensor) -> Tensor:
    """mean + factor * (x - mean), around the mean grey of each image."""
    mean = _grey(images).floor().mean(dim=(1, 2, 3), keepdim=True)
    return _cut(_towards(images.float(), mean, _each(factor, images)))


def saturated(images: Tensor, factor: Tensor) -> Tensor:
    """grey + factor * (x - grey), pixel by pixel; an image of one channel stays as it is."""
    if images.shape[1] != 3:
        return images
    return _cut(_towards(images.float(), _grey(images).floor(), _each(factor, images)))


def recoloured(images: Tensor, turn: Tensor) -> Tensor:
    """Hues turned around the colour circle by `turn` (B,) of it, in HSV; an image of one channel stays as it is."""
    import torch

    if images.shape[1] != 3:
        return images
    x = images.float() / 255
    value, most = x.max(dim=1)  # (B, H, W)
    chroma = value - x.min(dim=1).values
    red, green, blue = x.unbind(1)
    safe = chroma.where(chroma > 0, torch.ones_like(chroma))
    hue = torch.stack(((green - blue) / safe, 2 + (blue - red) / safe, 4 + (red - green) / safe), dim=1)
    hue = hue.gather(1, most[:, None])[:, 0] + 6 * _each(turn, images)[:, 0]  # in sixths of the circle
    # Smith 1978, without the six cases: each channel is a trapezium over the circle.
    starts = torch.arange(5, 0, -2, dtype=x.dtype, device=x.device)  # 5, 3, 1
    place = (starts[:, None, None] + hue[:, None]) % 6  # (B, 3, H, W)
    out = value[:, None] - chroma[:, None] * place.minimum(4 - place).clamp(0, 1)
    return to_bytes(out * 255)


def cut_out(images: Tensor, hole: Tensor) -> Tensor:
    """`hole` (B, 4: top, left, bottom, right) filled with each image's own mean colour (DeVries and Taylor, 2017)."""
    import torch

    height, width = images.shape[-2:]
    top, left, bottom, right = hole.to(images.device).T[:, :, None]
    rows, columns = torch.arange(height, device=images.device), torch.arange(width, device=images.device)
    inside = ((rows >= top) & (rows < bottom))[:, None, :, None] & ((columns >= left) & (columns < right))[
        :, None, None
    ]
    return torch.where(inside, to_bytes(images.float().mean(dim=(2, 3), keepdim=True)), images)


def mixed(images: Tensor, partner: Tensor, share: Tensor) -> Tensor:
    """share * own + (1 - share) * partner's (Zhang et al., 2018)."""
    other = images[partner.to(images.device)].float()
    return to_bytes(_towards(images.float(), other, _each(share, images)))


def _each(parameter: Tensor, images: Tensor) -> Tensor:
    """(B,) -> (B, 1, 1, 1) beside the images; numbers as float32."""
    parameter = parameter.to(images.device)
    return (parameter.float() if parameter.is_floating_point() else parameter)[:, None, None, None]


def _towards(x: Tensor, other: Tensor, share: Tensor) -> Tensor:
    return share * x + (1 - share) * other


def _grey(images: Tensor) -> Tensor:
    """(B, 1, H, W) float32; one channel is its own grey."""
    if images.shape[1] != 3:
        return images.float()[:, :1]
    red, green, blue = images.float().split(1, dim=1)
    return LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue


def _cut(values: Tensor) -> Tensor:
    """To bytes as torchvision's colour functions do: cut off, not rounded."""
    import torch

    return values.clamp_(0, 255).to(torch.uint8)
