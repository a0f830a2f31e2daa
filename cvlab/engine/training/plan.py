"""What a step will see, decided before it is taken: which images, how far each is moved, how each is changed.

All of it is drawn on the CPU, so that every device sees the same, and is brought to the device in one copy that nothing waits
for. What is done with it there reads no number back.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from cvlab.engine.data.augmentation import Augmentation, Draw, change, soft_targets
from cvlab.engine.training import device as devices


@dataclass(frozen=True, eq=False)
class Plan:
    """chosen: (B,) which images. offsets: (2, B) of the random shift, drawn: (18, B), see `table`; each None where the recipe
    has none of it. All on the device."""

    chosen: Tensor
    offsets: Tensor | None = None
    drawn: Tensor | None = None

    @property
    def tensors(self) -> list[Tensor]:
        return [part for part in (self.chosen, self.offsets, self.drawn) if part is not None]

    def like(self) -> Plan:
        """A copy in memory of its own, to be filled with other plans of the same size."""
        return Plan(*(None if part is None else part.clone() for part in (self.chosen, self.offsets, self.drawn)))

    def take(self, other: Plan) -> None:
        """Fills this plan's memory with another plan."""
        torch._foreach_copy_(self.tensors, other.tensors)


def table(draw: Draw, device: torch.device) -> Tensor:
    """What was drawn for B images as one table (18, B) on the device. float64 holds all of it exactly; Apple's GPUs have none."""
    parts = (
        draw.flip, draw.angle, *draw.box.T, *draw.shift.T, draw.brightness, draw.contrast, draw.saturation, draw.hue,
        *draw.hole.T, draw.partner, draw.share,
    )  # fmt: skip
    rows = torch.stack([part.double() for part in parts])
    return devices.send(rows.float() if device.type == "mps" else rows, device)


def drawn_from(rows: Tensor) -> Draw:
    """What `table` was made of, where the table is now."""
    whole = rows.long()
    return Draw(
        rows[0] > 0.5, rows[1], whole[2:6].T, whole[6:8].T, rows[8], rows[9], rows[10], rows[11], whole[12:16].T, whole[16],
        rows[17],
    )  # fmt: skip


def changed(images: Tensor, y: Tensor, spec: Augmentation, rows: Tensor, classes: int) -> tuple[Tensor, Tensor]:
    """What `augmentation.augment` does, with what was drawn: the images (B, C, H, W), and the targets."""
    draw = drawn_from(rows)
    return change(images, spec, draw), soft_targets(y, draw, classes) if spec.mixup else y


def shift(images: Tensor, most: int, offsets: Tensor) -> Tensor:
    """Each image moved by its own offset; what comes in from outside is zero.

    images: (B, C, H, W). offsets: (2, B) integers in 0..2*most, rows then columns; `most` means not moved.
    """
    b, c, h, w = images.shape
    padded = images.new_zeros(b, c, h + 2 * most, w + 2 * most)
    padded[:, :, most : most + h, most : most + w] = images
    rows = (offsets[0].to(images.device)[:, None] + torch.arange(h, device=images.device))[:, None, :, None]
    columns = (offsets[1].to(images.device)[:, None] + torch.arange(w, device=images.device))[:, None, None, :]
    index = torch.arange(b, device=images.device)[:, None, None, None]
    channel = torch.arange(c, device=images.device)[None, :, None, None]
    return padded[index, channel, rows, columns]
