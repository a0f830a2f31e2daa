"""Which device computes, with how many threads, and how numbers get there and back without anybody waiting."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable

import torch
from torch import Tensor

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
    if wanted == "cuda":
        # With its number: each thread has a current GPU of its own, and a new thread's is the first.
        return torch.device("cuda", torch.cuda.current_device())
    return torch.device(wanted)


def prepare(device: torch.device, precision: str = "float32") -> None:
    """Tells PyTorch how to compute on a device. Raises `RecipeError` for mixed precision that it can only imitate."""
    if device.type != "cuda":
        return
    # Batches are all of one shape: it pays to try cuDNN's ways of computing a convolution once and keep the fastest.
    torch.backends.cudnn.benchmark = True
    if precision == "mixed" and torch.cuda.get_device_capability(device) < (8, 0):
        raise RecipeError(
            "This GPU has no bfloat16 arithmetic, which mixed precision needs.",
            received=describe(device),
            remedy="Set the precision to float32.",
        )


def send(tensor: Tensor, device: torch.device) -> Tensor:
    """The tensor on the device. On CUDA nothing waits for the copy: it goes through page-locked memory, in its turn."""
    if device.type == "cuda" and tensor.device.type == "cpu":
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)


def fetch(tensors: Iterable[Tensor]) -> list[Tensor]:
    """The same numbers in contiguous tensors on the CPU; those that are there already are not copied. From CUDA all copies are
    started at once, into page-locked memory, and waited for together."""
    found = [tensor.detach() for tensor in tensors]
    devices = {tensor.device for tensor in found if tensor.is_cuda}
    if not devices:
        return [tensor.cpu().contiguous() for tensor in found]
    copies = [
        torch.empty(t.shape, dtype=t.dtype, pin_memory=True).copy_(t, non_blocking=True)
        if t.is_cuda
        else t.contiguous()
        for t in found
    ]
    for device in devices:
        torch.cuda.current_stream(device).synchronize()
    return copies


def release(device: torch.device) -> None:
    """Gives memory that is no longer used back to the device, where others may need it. Never fails: it may be gone."""
    with contextlib.suppress(RuntimeError):
        if device.type == "cuda":
            torch.cuda.empty_cache()
        elif device.type == "mps":
            torch.mps.empty_cache()


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
