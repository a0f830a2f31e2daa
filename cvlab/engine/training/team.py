"""Several processes that train one net together (data parallel): each takes its part of every batch, gradients are added up.

Under `torchrun`, the same recipe gives the same numbers as one process with the same batch, up to the order of additions:
augmentation and dropout are drawn for the whole batch, on CPUs and GPUs, and each process uses its rows. Batch normalisation is
the exception: each process takes mean and variance over its own part, so that such nets learn a little differently.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import torch
import torch.distributed as dist
from torch import Tensor, nn

from cvlab.engine.errors import TrainingError
from cvlab.engine.nets.dropout import Dropout, Dropout2d


class Team:
    """This process among `size`, as number `rank`; rank 0 writes. Use as a context: it joins on entry and leaves on exit."""

    def __init__(self, rank: int, size: int, device: str = "cpu") -> None:
        self.rank, self.size, self._device = rank, size, device

    @classmethod
    def launched(cls) -> Team:
        """The team that `torchrun` has set up in the environment: nccl where every process has a GPU of its own, else gloo."""
        rank, size, local = (int(os.environ.get(name, "0")) for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK"))
        beside = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
        # All processes of a machine choose alike: one that spoke gloo to others that speak nccl would wait for ever.
        if torch.cuda.is_available() and torch.cuda.device_count() >= max(beside, local + 1):
            torch.cuda.set_device(local)
            return cls(rank, size, "cuda")
        return cls(rank, size)

    @property
    def is_first(self) -> bool:
        return self.rank == 0

    def __enter__(self) -> Team:
        try:
            # Beside nccl, gloo for what is on the CPU: a net that trains there, and words that no GPU should wait for.
            backend = "cpu:gloo,cuda:nccl" if self._device == "cuda" else "gloo"
            dist.init_process_group(backend, rank=self.rank, world_size=self.size)
        except (RuntimeError, ValueError) as error:
            raise TrainingError(
                "The processes could not find each other.",
                received=str(error)[:200],
                remedy="Start them with torchrun.",
            ) from error
        return self

    def __exit__(self, *_: object) -> None:
        dist.destroy_process_group()

    def part(self, count: int) -> slice:
        """This process's rows of a batch of `count`; parts differ by one row at most."""
        return slice(count * self.rank // self.size, count * (self.rank + 1) // self.size)

    def share(self, module: nn.Module, x: Tensor, y: Tensor, targets: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """This process's part of a batch; the dropout layers learn which rows these are. Raises `TrainingError` for a batch that
        is smaller than the team."""
        rows = self.part(len(y))
        if rows.start == rows.stop:
            raise TrainingError(
                "A batch is smaller than the number of processes.", received=f"{len(y)} images for {self.size}",
                remedy="Use a larger batch size, or fewer processes.",
            )  # fmt: skip
        for layer in module.modules():
            if isinstance(layer, Dropout | Dropout2d):
                layer.rows = (rows.start, len(y))
        return x[rows], y[rows], targets[rows]

    def combine(
        self, parameters: Sequence[nn.Parameter], loss: Tensor, correct: Tensor, count: int, whole: int
    ) -> tuple[Tensor, Tensor]:
        """Makes every gradient that of the whole batch, in one message; returns its (loss, right answers).

        The mean over the batch is the sum of the parts' means, each weighed by its share of the images.
        """
        share = count / whole
        grads = [p.grad for p in parameters if p.grad is not None]
        flat = torch.cat([*(g.reshape(-1) for g in grads), loss.reshape(1)]) * share
        figures = torch.cat([flat, correct.reshape(1).to(flat.dtype)])
        dist.all_reduce(figures)
        place = 0
        for g in grads:
            g.copy_(figures[place : place + g.numel()].view_as(g))
            place += g.numel()
        return figures[place], figures[place + 1].round().long()

    def any(self, flag: bool) -> bool:
        """Whether any process says so; all ask together."""
        said = torch.tensor([float(flag)])
        dist.all_reduce(said)
        return bool(said.item() > 0)

    def agree(self, *figures: float) -> tuple[float, ...]:
        """The first process's figures, for all: where each has measured by itself, a GPU's last bits may differ, and those who
        do not decide alike when to stop would wait for each other for ever."""
        said = torch.tensor(figures, dtype=torch.float64)
        dist.broadcast(said, src=0)
        return tuple(said.tolist())
