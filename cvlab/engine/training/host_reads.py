"""A watch on work that must not make a device wait for the processor, as a training step must not."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode


class HostRead(RuntimeError):
    """What would have waited, in a few words."""


class HostReads(TorchDispatchMode):
    """While it is in force, whatever would make the device wait for the processor raises `HostRead`: numbers read back, results
    whose size depends on numbers, copies between devices. A number that is on the CPU may be read."""

    def __enter__(self) -> HostReads:
        self._made = _MadeOfNumbers()
        self._made.__enter__()
        return super().__enter__()

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        self._made.__exit__(*error)

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name, kwargs = func.overloadpacket._qualified_op_name.removeprefix("aten::"), kwargs or {}
        first = args[0] if args and isinstance(args[0], Tensor) else None
        if first is not None:
            there = first.device.type
            if name == "_to_copy":
                there = torch.device(kwargs.get("device") or first.device).type
            elif name == "copy_":
                there = args[1].device.type
            elif first.device.type != "cpu" and (name in _READS or (name in _INDEXING and _by_mask(args[1]))):
                there = "cpu"
            if there != first.device.type:
                raise HostRead(f"{name} goes between {first.device.type} and {there}")
        return func(*args, **kwargs)


_READS = (
    "_local_scalar_dense", "item", "nonzero", "is_nonzero", "equal", "masked_select", "_unique2", "unique_dim", "bincount",
    "repeat_interleave",
)  # fmt: skip
_INDEXING = ("index", "index_put", "index_put_", "_index_put_impl_")


class _MadeOfNumbers(TorchFunctionMode):
    """Tensors made of Python's numbers are copied over, too, where the other mode does not see it."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        made = func(*args, **(kwargs or {}))
        if func in (torch.tensor, torch.as_tensor) and made.device.type != "cpu":
            raise HostRead(f"{func.__name__} goes between cpu and {made.device.type}")
        return made


def _by_mask(indices: list[Tensor | None]) -> bool:
    return any(index is not None and index.dtype in (torch.bool, torch.uint8) for index in indices)
