"""Backgrounds to get lost in, and a guess at where in an image its object is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from cvlab.engine.data import dice
from cvlab.engine.data.resampling import pixel_grid, smooth_field

if TYPE_CHECKING:
    import torch
    from torch import Tensor

_BARS = 5


def outline(images: Tensor) -> Tensor:
    """Where the object is, (N, 1, H, W) float32 in 0..1.

    One channel: ink, how far a pixel is from the paper, the median of the image's border. Three channels, where nothing says
    what belongs together: the middle of the picture, since people point cameras at things; 1 there, 0 towards the corners.
    """
    if images.shape[1] == 1:
        x = images.float()
        edge = (x[..., 0, :], x[..., -1, :], x[..., :, 0], x[..., :, -1])
        import torch

        paper = torch.cat(edge, dim=-1).median(dim=-1).values[..., None, None]
        return ((x - paper).abs() / 192).clamp(0, 1)  # full ink a little before the extreme: pens are soft
    height, width = images.shape[-2:]
    y, x = pixel_grid(height, width, images.device)
    radius = ((y / height) ** 2 + (x / width) ** 2).sqrt()  # 0.5 at the middle of a side
    return ((0.5 - radius) / 0.18).clamp(0, 1).expand(len(images), 1, height, width)


def clutter(keys: np.ndarray, channels: int, size: tuple[int, int], device: torch.device | None = None) -> Tensor:
    """(N, C, H, W) float32 in 0..255, one background for each key: slow colours, blotches, and bars across.

    Grey ones are as dark and as bright as strokes of a pen are, since they have to be mistaken for them.
    """
    import torch

    height, width = size
    slow = smooth_field(keys, channels, 3, size, device, stream=11)
    blotch = smooth_field(keys, channels, 9, size, device, stream=12)
    image = 120 + 70 * slow + 75 * blotch if channels == 3 else 45 + 30 * slow + 45 * blotch
    y, x = pixel_grid(height, width, device)
    u = torch.from_numpy(dice.uniforms(keys, _BARS * 8, stream=13)).float().to(device).view(len(keys), _BARS, 8, 1, 1)
    for bar in range(_BARS):
        angle, offset, place, length, thick, *colour = u[:, bar].unbind(1)
        angle = angle * math.pi
        across = x * angle.cos() + y * angle.sin() - (offset - 0.5) * max(size)
        along = y * angle.cos() - x * angle.sin() - (place - 0.5) * max(size)
        inside = (0.5 + (0.02 + 0.05 * thick) * max(size) - across.abs()).clamp(0, 1)
        inside = inside * (0.5 + (0.1 + 0.25 * length) * max(size) - along.abs()).clamp(0, 1)
        paint = torch.stack([255 * c for c in colour], dim=1) if channels == 3 else (130 + 125 * colour[0])[:, None]
        image = image + (paint - image) * inside[:, None]
    return image.clamp_(0, 255)
