"""Which device computes, and with how many threads."""

from __future__ import annotations

import os

import torch

from cvlab.engine.errors import RecipeError


def choose(wanted: str = "auto") -> torch.device:
    """ "auto" takes CUDA, then Apple's MPS, then the CPU. Raises `RecipeError` for a device that is not there."""
    has = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if wanted == "auto":
        wanted = next(kind for kind in ("cuda", "mps", "cpu") if has[kind])
    if not has[wanted]:
        raise RecipeError(
            f"This machine has no {wanted.upper()} device that PyTorch can use.",
            received=f"torch {torch.__version__}",
            remedy="Set the device to auto, or see `cvlab doctor`.",
        )
    return torch.device(wanted)


def cores() -> int:
    """Cores that this process may use (containers and schedulers often give fewer than there are)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def use_threads(wanted: int = 0) -> int:
    """Sets how many threads PyTorch computes with; call it at the top of every thread that uses PyTorch, since the count set
    elsewhere does not always reach it. 0: all cores up to four (the nets here are too small to feed more), never all of a
    larger machine. Returns the count."""
    count = wanted or min(4, cores())
    torch.set_num_threads(count)
    return count


def describe(device: torch.device) -> str:
    """For the status bar: "NVIDIA H200", "Apple GPU", "CPU, 2 threads"."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    if device.type == "mps":
        return "Apple GPU"
    return f"CPU, {torch.get_num_threads()} thread{'s' if torch.get_num_threads() > 1 else ''}"
