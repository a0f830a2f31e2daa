"""What slides over what: the input, the filters and their setting, as the stage and the card of the fit show them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import gcd

import numpy as np

from cvlab.engine.convolution import Fit, Sliding, convolve, reads


@dataclass(frozen=True, eq=False)
class Scene:
    """What the stage shows. x: (C, H, W). w: (K, C, F, F), of which a filter uses the channels of its group. b: (K,).

    is_picture: x is a picture in 0..1 that is not typed into.
    """

    x: np.ndarray
    w: np.ndarray
    b: np.ndarray
    sliding: Sliding
    is_picture: bool
    groups: int = 1

    @cached_property
    def fits(self) -> tuple[Fit, Fit]:
        return self.sliding.fit(self.x.shape[1]), self.sliding.fit(self.x.shape[2])

    @property
    def is_grouped_well(self) -> bool:
        """Whether the groups divide channels and filters."""
        return len(self.x) % self.groups == 0 and len(self.w) % self.groups == 0

    def reads(self, k: int) -> range:
        """The channels that filter k reads; all where the groups do not divide."""
        return reads(k, len(self.x), len(self.w), self.groups if self.is_grouped_well else 1)

    def weights(self, k: int) -> np.ndarray:
        """Filter k over all channels, (C, F, F), 0 where it does not read."""
        used = np.zeros_like(self.w[k])
        used[self.reads(k)] = self.w[k, self.reads(k)]
        return used

    @property
    def problem(self) -> str:
        """Why nothing comes out, and what would help; "" where something does."""
        fit, C, K = self.fits[1], len(self.x), len(self.w)
        if not self.is_grouped_well:
            return (
                f"No output: {C} channel{'s' * (C > 1)} and {K} filter{'s' * (K > 1)} do not both fall into {self.groups} equal "
                f"groups. Take {'one group' if gcd(C, K) == 1 else f'{gcd(C, K)} groups or one'}, or other C and K."
            )
        if not all(fit.count for fit in self.fits):
            return (
                f"No output: the window covers {fit.extent} cells, and there are only {fit.padded}. "
                "Pad more, or take a smaller filter."
            )
        return ""

    @cached_property
    def output(self) -> np.ndarray | None:
        """(K, H', W'), None where no window fits or the groups do not divide."""
        if self.problem:
            return None
        weights = np.stack([self.w[k, self.reads(k)] for k in range(len(self.w))])
        return convolve(self.x, weights, self.b, self.sliding, self.groups)
