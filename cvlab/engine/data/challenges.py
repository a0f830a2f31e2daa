"""Six of the course's seven challenges as dials: what makes pixels differ while the class stays the same (course 1.2).

Each takes a batch of images and an amount from 0, none, to 1, extreme. At 0 the very same bytes come back. What befalls an image
(which way it turns, where it is hidden) follows from its own bytes and the seed: alone or among thousands, the same.
The seventh, variation within a class, is no change of an image: see `variation`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cvlab.engine.data import dice
from cvlab.engine.data.clutter import clutter, outline
from cvlab.engine.data.resampling import pixel_grid, sample, smooth_field, to_bytes
from cvlab.engine.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

TILT = math.radians(65)
"""The viewpoint at its extreme: the image plane turned by so much around an axis that lies in it."""
ZOOM = 2.5
"""The scale at its extreme: so many times larger or smaller."""
BEND = 0.14
"""The deformation at its extreme: how far a point moves at most, in sides of the image, along either axis."""
PATCH = 0.7
"""The occlusion at its extreme: the patch's side, in sides of the image."""

Change = Callable[["Tensor", float, "np.ndarray", "Tensor | None"], "Tensor"]
"""(images (N, C, H, W) float32 0..255, amount in (0, 1], keys (N,), masks or None) -> floats of the same shape."""


@dataclass(frozen=True)
class Challenge:
    """id: permanent. dial: what the amount is called. says: what changes, and why it is hard."""

    id: str
    title: str
    dial: str
    says: str
    change: Change


def apply(challenge_id: str, images: Tensor, amount: float, seed: int = 0, masks: Tensor | None = None) -> Tensor:
    """These images under this challenge: (N, C, H, W) uint8 -> the same, on the same device; the input is left alone.

    amount: 0..1. At 0 a copy, byte for byte. seed: other ways for it to happen. masks: (N, 1, H, W) float32 in 0..1, where
    each image's object is; only background clutter asks, and guesses where it is not told.
    Raises DataError for an unknown challenge, an amount out of range or images that are not bytes.
    Cost on one core, 1,000 images of 3 x 32 x 32: 20 to 200 ms; one image: 0.4 to 1.6 ms.
    """
    import torch

    challenge = find(challenge_id)
    if not 0 <= amount <= 1:
        raise DataError("The amount of a challenge lies between 0 and 1.", received=f"{amount:g}")
    if images.ndim != 4 or images.dtype != torch.uint8:
        raise DataError("A challenge takes a batch of byte images.", received=f"{tuple(images.shape)} {images.dtype}")
    if amount == 0 or len(images) == 0:
        return images.clone()
    with torch.inference_mode():
        changed = challenge.change(images.float(), float(amount), dice.keys_of(images, seed), masks)
        return to_bytes(changed).clone()


def find(challenge_id: str) -> Challenge:
    """The challenge of this id. Raises DataError that names those there are."""
    if challenge_id not in CHALLENGES:
        raise DataError(
            "There is no challenge of this name.",
            received=challenge_id[:80],
            remedy=f"There are: {', '.join(CHALLENGES)}.",
        )
    return CHALLENGES[challenge_id]


def _viewpoint(images: Tensor, amount: float, keys: np.ndarray, masks: Tensor | None) -> Tensor:
    """The image is a plane that turns by amount * TILT around an axis in it; a camera two sides away looks at it.

    With R the turn and d the distance, the point (u, v) of the plane appears at d (X, Y) / (Z + d), (X, Y, Z) = R (u, v, 0).
    Solved for (u, v): a ray through the pixel (x, y) meets the plane where (u, v, 1) ~ H^-1 (x, y, 1).
    """
    height, width = images.shape[-2:]
    distance = 2.0 * max(height, width)
    axis, tilt = _uniform(keys, 0, images) * 2 * math.pi, amount * TILT
    H = homography(axis, tilt, distance).inverse().float()  # (N, 3, 3)
    y, x = pixel_grid(height, width, images.device)
    u, v, w = (H[:, i, 0, None, None] * x + H[:, i, 1, None, None] * y + H[:, i, 2, None, None] for i in range(3))
    return _framed(images, v / w, u / w)


def homography(axis: Tensor, tilt: float, distance: float) -> Tensor:
    """(N, 3, 3) float64: from (u, v, 1) of a plane turned by `tilt` radians around the direction `axis` (N,), to
    (x, y, 1) of its picture, up to a factor."""
    import torch

    a, b = axis.double().cos(), axis.double().sin()
    c, s = math.cos(tilt), math.sin(tilt)
    H = torch.zeros(len(axis), 3, 3, dtype=torch.float64, device=axis.device)
    H[:, 0, 0], H[:, 0, 1] = c + (1 - c) * a * a, (1 - c) * a * b  # Rodrigues' formula, the columns of u and v
    H[:, 1, 0], H[:, 1, 1] = (1 - c) * a * b, c + (1 - c) * b * b
    H[:, 2, 0], H[:, 2, 1] = -b * s / distance, a * s / distance
    H[:, 2, 2] = 1
    return H


def _scale(images: Tensor, amount: float, keys: np.ndarray, masks: Tensor | None) -> Tensor:
    """Half of the images become up to ZOOM times larger, half as much smaller. What shrinks is averaged, not skipped."""
    import torch

    y, x = pixel_grid(*images.shape[-2:], images.device)
    grows = _uniform(keys, 0, images) < 0.5
    steps = torch.where(grows, 1 / ZOOM**amount, ZOOM**amount)[
        :, None, None
    ]  # pixels of the original to one of the result
    spread = (steps - 1).clamp(min=0) / 3
    total = torch.zeros_like(images)
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            total += _framed(images, y * steps + dy * spread, x * steps + dx * spread)
    return total / 9


def _deformation(images: Tensor, amount: float, keys: np.ndarray, masks: Tensor | None) -> Tensor:
    """An elastic field: each point moves by a smooth random vector (Simard, Steinkraus and Platt, 2003)."""
    height, width = images.shape[-2:]
    y, x = pixel_grid(height, width, images.device)
    dy, dx = smooth_field(keys, 2, 5, (height, width), images.device).unbind(1)  # -1..1
    return sample(images, y + amount * BEND * height * dy, x + amount * BEND * width * dx, "reflection")


def _occlusion(images: Tensor, amount: float, keys: np.ndarray, masks: Tensor | None) -> Tensor:
    """A square patch grows from a point near the middle; grey, or of some colour. Its edge fades over one pixel."""
    import torch

    height, width = images.shape[-2:]
    u = torch.from_numpy(dice.uniforms(keys, 5)).float().to(images.device)
    rows, columns = (torch.arange(n, device=images.device) + 0.5 for n in (height, width))

    def covered(line: Tensor, centre: Tensor, side: float) -> Tensor:
        return (side / 2 + 0.5 - (line - centre[:, None]).abs()).clamp(0, 1) * min(1.0, side)

    down = covered(rows, (0.35 + 0.3 * u[:, 0]) * height, amount * PATCH * height)
    along = covered(columns, (0.35 + 0.3 * u[:, 1]) * width, amount * PATCH * width)
    patch = (down[:, :, None] * along[:, None, :])[:, None]  # (N, 1, H, W)
    colour = 40 + 175 * u[:, 2:, None, None] if images.shape[1] == 3 else torch.full_like(images[:, :1, :1, :1], 128)
    return images + (colour - images) * patch


def _illumination(images: Tensor, amount: float, keys: np.ndarray, masks: Tensor | None) -> Tensor:
    """Half of the images darken (gain 1 to 0.3, gamma 1 to 2), half are flooded (gamma 1 to 1/2, light added to 0.55); and on
    all a shadow with a soft straight edge falls, down to 0.35 of the light."""
    import torch

    u = torch.from_numpy(dice.uniforms(keys, 3)).float().to(images.device)[:, :, None, None, None]
    y, x = pixel_grid(*images.shape[-2:], images.device)
    darkens = u[:, 0] < 0.5
    value = images / 255
    dark = value ** (1 + amount) * (1 - 0.7 * amount)
    flooded = value ** (1 / (1 + amount))
    flooded = flooded + 0.55 * amount * (1 - flooded)
    direction = 2 * math.pi * u[:, 1]
    side = (x * direction.cos() + y * direction.sin()) / max(images.shape[-2:]) - 0.3 * (u[:, 2] - 0.5)
    shadow = 1 - 0.65 * amount * torch.sigmoid(side * 14)
    return torch.where(darkens, dark, flooded) * shadow * 255


def _clutter(images: Tensor, amount: float, keys: np.ndarray, masks: Tensor | None) -> Tensor:
    """Whatever is not the object fades into something loud: (1 - mask) of each pixel turns by `amount` into clutter."""
    mask = outline(images) if masks is None else masks.to(images.device)
    behind = clutter(keys, images.shape[1], images.shape[-2:], images.device)
    return images + (behind - images) * (amount * (1 - mask))


def _uniform(keys: np.ndarray, number: int, images: Tensor) -> Tensor:
    import torch

    return torch.from_numpy(dice.uniforms(keys, number + 1)[:, number]).float().to(images.device)


def _framed(images: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """The images at these places, on a ground of the mean colour of their border: of a drawing its paper, of a photo its tone."""
    import torch

    edges = (images[..., 0, :], images[..., -1, :], images[..., :, 0], images[..., :, -1])
    ground = torch.cat(edges, dim=-1).mean(dim=-1)[..., None, None]  # (N, C, 1, 1)
    return sample(images - ground, rows, columns) + ground


CHALLENGES: dict[str, Challenge] = {
    challenge.id: challenge
    for challenge in (
        Challenge(
            "viewpoint",
            "Viewpoint",
            "Turned away",
            "The camera moves and every pixel with it: the object is the same, the array of numbers is another one.",
            _viewpoint,
        ),
        Challenge(
            "scale",
            "Scale",
            "Larger or smaller",
            "Near or far, an object covers many pixels or few; what compares pixel by pixel meets the wrong ones.",
            _scale,
        ),
        Challenge(
            "deformation",
            "Deformation",
            "Bent",
            "Many things are not rigid. A cat lies, sits and stretches, and remains a cat.",
            _deformation,
        ),
        Challenge(
            "occlusion",
            "Occlusion",
            "Hidden",
            "Only a part is seen, sometimes as little as a few pixels, and it has to be enough.",
            _occlusion,
        ),
        Challenge(
            "illumination",
            "Illumination",
            "Light and shade",
            "Light changes the numbers more than the object does: a black cat in the sun is brighter than a white one at dusk.",
            _illumination,
        ),
        Challenge(
            "clutter",
            "Background clutter",
            "Loud background",
            "What lies behind has edges and colours of its own and may look more like the object than the object does.",
            _clutter,
        ),
    )
}
