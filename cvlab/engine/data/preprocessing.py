"""From bytes to the numbers a net sees, fitted on the training split only and then applied to everything (course 9.2)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, model_validator

from cvlab.engine.data.progress import Asked, never
from cvlab.engine.data.whitening import EPSILON, axes_of, check_size, fitting_sample
from cvlab.engine.errors import NotOurFile

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from cvlab.engine.data.subset import ImageSubset

Kind = Literal[
    "unit", "signed", "standardize", "mean-channel", "mean-image", "contrast", "decorrelate", "whiten"
]  # fmt: skip
KINDS: tuple[str, ...] = get_args(Kind)
TITLES: dict[str, str] = {
    "unit": "0 to 1",
    "signed": "-1 to 1",
    "standardize": "Standardised",
    "mean-channel": "Minus channel mean",
    "mean-image": "Minus mean image",
    "contrast": "Contrast of each image",
    "decorrelate": "Decorrelated (PCA)",
    "whiten": "Whitened (ZCA)",
}
NEEDS_ARRAYS = ("mean-image", "decorrelate", "whiten")
"""Kinds whose fitted numbers are too many for JSON: `arrays` has them, and a safetensors file beside the weights keeps them."""
_AT_ONCE = 1 << 20
"""Numbers that are looked at together where something is fitted."""
STEADY = 10.0
"""Added to the variance of an image's bytes before its contrast is divided out (Coates, Lee and Ng, 2011)."""


class Preprocessing(BaseModel):
    """How the bytes x of an image become numbers. With b = x / 255:

    unit:         b                        in [0, 1]
    signed:       2 b - 1                  in [-1, 1], the course author's
    standardize:  (b - mean) / std         mean 0 and standard deviation 1 a channel, over the training split
    mean-channel: b - mean                 one mean a channel (VGG)
    mean-image:   b - mean image           one mean a pixel (AlexNet)
    contrast:     (x - m) / sqrt(v + 10)   m and v: mean and variance of the image's own bytes; nothing is fitted
    decorrelate:  (b - mean image) U       coordinates along the principal axes, the widest first
    whiten:       (b - mean image) W       W = U diag(1 / sqrt(s + epsilon)) U^T: variance 1 along every axis

    mean, std: one a channel, in units of b; empty where there is none. epsilon: for `whiten`. fitted_on: how many images
    axes were found from, 0 where there are none. `fit` finds all of them. They belong to the trained net as much as its
    weights do: a net that is fed with another scale reads nonsense.

    Kinds in `NEEDS_ARRAYS` have `arrays` besides, which JSON leaves out: after reading one, `with_arrays` gives them back.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    kind: Kind = "signed"
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    epsilon: float = Field(EPSILON, ge=0.0, le=1.0)
    fitted_on: int = Field(0, ge=0)

    _fitted: _Fitted | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _statistics_fit_the_kind(self) -> Preprocessing:
        if self.kind == "standardize":
            if not self.mean or len(self.mean) != len(self.std):
                raise ValueError("'standardize' needs one mean and one std a channel")
            if min(self.std) <= 0:
                raise ValueError("every std must be above 0")
        elif self.kind == "mean-channel":
            if not self.mean or self.std:
                raise ValueError("'mean-channel' needs one mean a channel and no std")
        elif self.mean or self.std:
            raise ValueError(f"{self.kind!r} takes no mean and no std")
        return self

    @classmethod
    def fit(
        cls, kind: Kind, images: Tensor | ImageSubset, epsilon: float = EPSILON, cancelled: Asked = never
    ) -> Preprocessing:
        """The preprocessing of this kind for these training images, (N, C, H, W) uint8.

        Channel statistics are exact: sums over a histogram of the 256 byte values (MNIST: mean 0.1307, std 0.3081, 0.06 s);
        a channel of one single value gets std 1, as there is nothing to stretch. The mean image is exact too. Axes are found
        from at most 10,000 images, in float64: seconds for MNIST, half a minute for 3 x 32 x 32.
        Raises DataError where an image has too many features for axes, Cancelled when asked.
        """
        if kind in ("standardize", "mean-channel"):
            mean, std = channel_statistics(images)
            return cls(kind=kind, mean=mean, std=std if kind == "standardize" else ())
        if kind == "mean-image":
            return cls(kind=kind).with_arrays({"mean": mean_image(images)})
        if kind in ("decorrelate", "whiten"):
            check_size(images[0].numel())
            axes = axes_of(images, cancelled)
            matrix = axes.decorrelation() if kind == "decorrelate" else axes.whitening(epsilon)
            made = cls(kind=kind, epsilon=epsilon, fitted_on=len(fitting_sample(images)))
            return made.with_arrays({"mean": axes.mean.reshape(images.shape[1:]), "matrix": matrix})
        return cls(kind=kind)

    # -- what does not go into JSON ----------------------------------------------------------------------------------

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """mean (C, H, W) and, for axes, matrix (D, D), float64; empty for the kinds that need none."""
        return {} if self._fitted is None else dict(self._fitted.arrays)

    def with_arrays(self, arrays: Mapping[str, np.ndarray]) -> Preprocessing:
        """The same with its arrays. Raises `NotOurFile` if they are not what this kind needs."""
        wanted = {"mean-image": {"mean"}, "decorrelate": {"mean", "matrix"}, "whiten": {"mean", "matrix"}}
        needs = wanted.get(self.kind, set())
        mean, matrix = arrays.get("mean"), arrays.get("matrix")
        fits = set(arrays) == needs and all(np.isfinite(array).all() for array in arrays.values())
        if fits and needs:
            fits = mean.ndim == 3 and (matrix is None or matrix.shape == (mean.size, mean.size))
        if not fits:
            raise NotOurFile(
                "These are not the numbers of this preprocessing.",
                received=", ".join(f"{name} {array.shape}" for name, array in islice(arrays.items(), 5))[:200]
                or "nothing",
                remedy="Keep the file preprocessing.safetensors beside the weights it was saved with.",
            )
        made = self.model_copy()
        made._fitted = _Fitted(dict(arrays)) if needs else None
        return made

    def _tensor(self, name: str, dtype: torch.dtype, device: torch.device) -> Tensor:
        if self._fitted is None:
            raise NotOurFile(
                f"The numbers of the preprocessing “{TITLES[self.kind]}” are missing.",
                remedy="Keep the file preprocessing.safetensors beside the weights it was saved with.",
            )
        return self._fitted.tensor(name, dtype, device)

    # -- applying ----------------------------------------------------------------------------------------------------

    def apply(self, images: Tensor, dtype: torch.dtype | None = None) -> Tensor:
        """(N, C, H, W) uint8 -> (N, C, H, W) of `dtype` (float32 by default), on the device where the images are.

        Equal to the formulas of the class within rounding (2e-7 of the range in float32; for axes a sum of D such terms).
        30 us for 250 MNIST images; axes cost a product of N D^2, 50 ms for 250 images of 3 x 32 x 32 on two cores.
        """
        import torch

        dtype = dtype or torch.float32
        if self.kind in ("unit", "signed"):  # one pass that also converts: this runs every step
            scale, shift = (1 / 255, 0.0) if self.kind == "unit" else (1 / 127.5, -1.0)
            return torch.add(torch.tensor(shift, dtype=dtype), images, alpha=scale)
        if self.kind in ("standardize", "mean-channel"):
            a, b = _per_channel(self.mean, self.std, dtype, images.device)
            return images.to(dtype).mul_(a).add_(b)
        if self.kind == "contrast":
            x = images.to(dtype)
            v, m = torch.var_mean(x, dim=(1, 2, 3), correction=0, keepdim=True)
            return (x - m).div_((v + STEADY).sqrt_())
        centred = images.to(dtype).div_(255).sub_(self._tensor("mean", dtype, images.device))
        if self.kind == "mean-image":
            return centred
        return (centred.flatten(1) @ self._tensor("matrix", dtype, images.device)).view(images.shape)

    def code(self, name: str = "x") -> str:
        """Lines of Python that do the same to the variable `name`, (N, C, H, W) bytes. They need `torch` only; kinds with
        `arrays` read preprocessing.safetensors beside the weights."""
        if self.kind == "unit":
            return f"{name} = {name}.float() / 255  # bytes to [0, 1]"
        if self.kind == "signed":
            return f"{name} = {name}.float() / 127.5 - 1  # bytes to [-1, 1]"
        if self.kind == "contrast":
            return (
                f"{name} = {name}.float()  # each image by its own mean and variance\n"
                f"variance, mean = torch.var_mean({name}, dim=(1, 2, 3), correction=0, keepdim=True)\n"
                f"{name} = ({name} - mean) / (variance + {STEADY:g}).sqrt()"
            )
        if self.kind in NEEDS_ARRAYS:
            lines = (
                "from safetensors.torch import load_file\n"
                "# fitted on the training images; the file lies beside the weights in the run's folder\n"
                f'fitted = load_file("preprocessing.safetensors", device=str({name}.device))\n'
                f'{name} = {name}.float() / 255 - fitted["mean"].float()'
            )
            if self.kind != "mean-image":
                lines += f'\n{name} = ({name}.flatten(1) @ fitted["matrix"].float()).view({name}.shape)'
            return lines
        mean, std = ([float(f"{v:.9g}") for v in values] for values in (self.mean, self.std))
        lines = f"mean = torch.tensor({mean}, device={name}.device).view(1, -1, 1, 1)  # of the training images, 0..1\n"
        if self.kind == "mean-channel":
            return f"{lines}{name} = {name}.float() / 255 - mean"
        return (
            f"{lines}std = torch.tensor({std}, device={name}.device).view(1, -1, 1, 1)\n"
            f"{name} = ({name}.float() / 255 - mean) / std"
        )


@lru_cache(maxsize=64)
def _per_channel(
    mean: tuple[float, ...], std: tuple[float, ...], dtype: torch.dtype, device: torch.device
) -> tuple[Tensor, Tensor]:
    """Factors and summands, (C, 1, 1). Made once: a copy to a GPU at every step would wait for the steps before it."""
    import torch

    pairs = list(zip(mean, std or (1.0,) * len(mean), strict=True))
    with torch.inference_mode(False):
        a = torch.tensor([1 / (255 * std) for _, std in pairs], dtype=dtype, device=device).view(-1, 1, 1)
        b = torch.tensor([-mean / std for mean, std in pairs], dtype=dtype, device=device).view(-1, 1, 1)
    return a, b


class _Fitted:
    """Arrays, and the tensors made of them, once for each type and device."""

    def __init__(self, arrays: dict[str, np.ndarray]) -> None:
        self.arrays = arrays
        self._tensors: dict[tuple[Any, ...], Tensor] = {}

    def tensor(self, name: str, dtype: torch.dtype, device: torch.device) -> Tensor:
        import torch

        key = (name, dtype, device)
        if key not in self._tensors:
            # The type first: Apple's GPUs know no float64.
            self._tensors[key] = torch.from_numpy(np.array(self.arrays[name])).to(dtype).to(device)
        return self._tensors[key]


def _parts(images: Tensor | ImageSubset) -> Iterator[Tensor]:
    """The images in order, a few megabytes at a time: PyTorch counts and adds bytes in copies of 64 bits each."""
    return iter(images.split(max(1, _AT_ONCE // max(1, math.prod(images.shape[1:])))))


def channel_statistics(images: Tensor | ImageSubset) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """(means, standard deviations) of x / 255 a channel, exact; a channel of one single value gets the deviation 1."""
    import torch

    value = torch.arange(256, dtype=torch.float64) / 255  # (256,)
    counts = torch.zeros(images.shape[1], 256, dtype=torch.float64)  # whole numbers: exact
    for part in _parts(images):
        for channel in range(images.shape[1]):
            counts[channel] += torch.bincount(part[:, channel].reshape(-1), minlength=256).cpu()
    mean, std = [], []
    for channel in range(images.shape[1]):
        count = counts[channel] / counts[channel].sum()
        centre = float(count @ value)
        spread = float(count @ (value - centre) ** 2) ** 0.5
        mean.append(centre)
        std.append(spread if spread > 1e-12 else 1.0)
    return tuple(mean), tuple(std)


def mean_image(images: Tensor | ImageSubset) -> np.ndarray:
    """(C, H, W) float64, the mean of x / 255 at each place; exact sums of integers."""
    import torch

    total = sum((part.sum(0, dtype=torch.int64) for part in _parts(images)), start=torch.zeros((), dtype=torch.int64))
    return (total.cpu().double() / (255 * max(1, len(images)))).numpy()
