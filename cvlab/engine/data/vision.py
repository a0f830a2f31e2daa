"""The door to torchvision: imports it even where its compiled operators were built for another PyTorch.

A CPU build of PyTorch beside the usual torchvision wheel fails at import: torchvision registers shape functions for
operators that its extension, linked against CUDA, could not define. Defining their schemas first lets everything that is
pure Python work (datasets, transforms, models); the operators themselves stay unavailable, and say so when called.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import sys
import threading
from types import ModuleType

from cvlab.engine.installation import detect

_SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_lock = threading.Lock()
_libraries: list = []  # a library's definitions last as long as the object


def torchvision() -> ModuleType:
    """The torchvision module. Raises ImportError where it is not installed."""
    with _lock:
        try:
            return importlib.import_module("torchvision")
        except RuntimeError as error:
            if "torchvision::" not in str(error):
                raise
        import torch

        for name in [name for name in sys.modules if name == "torchvision" or name.startswith("torchvision.")]:
            del sys.modules[name]
        library = torch.library.Library("torchvision", "FRAGMENT")
        _libraries.append(library)
        for schema in _SCHEMAS:
            library.define(schema)
        return importlib.import_module("torchvision")


def torchvision_state() -> tuple[bool, str, str]:
    """(whether its compiled operators fit this PyTorch, words, the line that mends it)."""
    import torch

    try:
        torchvision()
    except ImportError:
        return False, "torchvision is not installed", detect().add("torchvision")
    version = importlib.metadata.version("torchvision")
    try:
        boxes = torch.tensor([[0.0, 0.0, 1.0, 1.0]])
        torch.ops.torchvision.nms(boxes, torch.tensor([1.0]), 0.5)
    except (RuntimeError, NotImplementedError, AttributeError):
        return (
            False,
            f"torchvision {version}'s compiled operators do not fit PyTorch {torch.__version__}: cvlab works, but torchvision's "
            "detection operators and image decoders are off",
            detect().renew(),
        )
    return True, f"torchvision {version} fits PyTorch {torch.__version__}", ""
