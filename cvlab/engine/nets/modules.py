"""PyTorch modules that torch.nn lacks. `code` writes their source into the files that it generates, so each stands alone:
it may use `torch`, `nn` and nothing else."""

from __future__ import annotations

import torch
from torch import nn


class L2Pool(nn.Module):
    """The root of the sum of squares of each window. Unlike nn.LPPool2d, its gradient at an all-zero window is 0, not NaN."""

    def __init__(self, kernel_size, stride):
        super().__init__()
        self.kernel_size, self.stride = kernel_size, stride

    def forward(self, x):
        squares = nn.functional.avg_pool2d(x * x, self.kernel_size, self.stride) * self.kernel_size**2
        return squares.clamp_min(1e-30).sqrt()

    def extra_repr(self):
        return f"{self.kernel_size}, stride={self.stride}"


class Maxout(nn.Module):
    """The largest of every `pieces` neighbouring channels."""

    def __init__(self, pieces):
        super().__init__()
        self.pieces = pieces

    def forward(self, x):
        return x.reshape(x.shape[0], x.shape[1] // self.pieces, self.pieces, *x.shape[2:]).amax(2)

    def extra_repr(self):
        return f"{self.pieces}"


class Reshape(nn.Module):
    """The same numbers as a volume of this shape."""

    def __init__(self, channels, height, width):
        super().__init__()
        self.shape = (channels, height, width)

    def forward(self, x):
        return x.reshape(x.shape[0], *self.shape)

    def extra_repr(self):
        return f"{self.shape}"


class Add(nn.Module):
    """The sum of all inputs. The source generator writes `a + b` instead."""

    def forward(self, first, *others):
        for other in others:
            first = first + other
        return first


class Concat(nn.Module):
    """All inputs, stacked along the depth. The source generator writes `torch.cat` instead."""

    def forward(self, *parts):
        return torch.cat(parts, dim=1)


def has_one_value(x: torch.Tensor) -> bool:
    """Whether there is a single value a channel, of which no variance can be taken: one image, with maps of 1x1."""
    return x.numel() == x.shape[1]


class BatchNorm1d(nn.BatchNorm1d):
    """As PyTorch's, but a batch of one, of which no variance can be taken, is normalized with the running averages, which stay
    as they are. The last batch of an epoch may have one image; PyTorch's stops there."""

    def forward(self, x):
        if self.training and has_one_value(x):
            return nn.functional.batch_norm(
                x, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps
            )
        return super().forward(x)


class BatchNorm2d(nn.BatchNorm2d):
    """As `BatchNorm1d`, for maps of 1x1."""

    def forward(self, x):
        if self.training and has_one_value(x):
            return nn.functional.batch_norm(
                x, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps
            )
        return super().forward(x)


class GroupNorm(nn.GroupNorm):
    """As PyTorch's, whose backward pass on the CPU ends the process (2.13: segmentation fault) where the input is channels-last
    and needs no gradient: images do not."""

    def forward(self, x):
        if torch.is_grad_enabled() and not x.requires_grad:
            x = x.contiguous()
        return super().forward(x)
