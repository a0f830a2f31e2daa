"""What the stage shows: the input, the filters and their setting, and what a window reads or stamps add up to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import gcd

import numpy as np

from cvlab.core.panels.convolution_documents import SlideDocument
from cvlab.engine.convolution import Fit, Sliding, convolve, reads
from cvlab.engine.transposed import Growth, Stamping, Term, stamped, terms


@dataclass(frozen=True, eq=False)
class Scene:
    """x: (C, H, W). w: (K, C, F, F), from channel c to map k, of which those of one group are used. b: (K,).

    is_picture: x is a picture in 0..1 that is not typed into.
    """

    x: np.ndarray
    w: np.ndarray
    b: np.ndarray
    sliding: Sliding
    is_picture: bool
    groups: int = 1

    @property
    def is_grouped_well(self) -> bool:
        """Whether the groups divide channels and filters."""
        return len(self.x) % self.groups == 0 and len(self.w) % self.groups == 0

    @property
    def groups_in_force(self) -> int:
        """1 where the groups do not divide."""
        return self.groups if self.is_grouped_well else 1

    def reads(self, k: int) -> range:
        """The channels that filter k reads; all where the groups do not divide."""
        return reads(k, len(self.x), len(self.w), self.groups_in_force)

    @property
    def problem(self) -> str:
        """Why nothing comes out, and what would help; "" where something does."""
        C, K = len(self.x), len(self.w)
        if not self.is_grouped_well:
            return (
                f"No output: {C} channel{'s' * (C > 1)} and {K} filter{'s' * (K > 1)} do not both fall into {self.groups} equal "
                f"groups. Take {'one group' if gcd(C, K) == 1 else f'{gcd(C, K)} groups or one'}, or other C and K."
            )
        return self._misfit

    @property
    def _misfit(self) -> str:
        raise NotImplementedError

    @cached_property
    def output(self) -> np.ndarray | None:
        """(K, H', W'), None where nothing comes out."""
        return None if self.problem else self._output()

    def _output(self) -> np.ndarray:
        raise NotImplementedError

    @property
    def walk(self) -> tuple[int, ...]:
        """The shape of the numbers that are gone over one by one, () where there is nothing to see."""
        raise NotImplementedError


class SlidingScene(Scene):
    """A window slides over x; gone over are the numbers of the output."""

    @cached_property
    def fits(self) -> tuple[Fit, Fit]:
        return self.sliding.fit(self.x.shape[1]), self.sliding.fit(self.x.shape[2])

    def weights(self, k: int) -> np.ndarray:
        """Filter k over all channels, (C, F, F), 0 where it does not read."""
        used = np.zeros_like(self.w[k])
        used[self.reads(k)] = self.w[k, self.reads(k)]
        return used

    @property
    def _misfit(self) -> str:
        fit = self.fits[1]
        if all(fit.count for fit in self.fits):
            return ""
        return (
            f"No output: the window covers {fit.extent} cells, and there are only {fit.padded}. "
            "Pad more, or take a smaller filter."
        )

    def _output(self) -> np.ndarray:
        weights = np.stack([self.w[k, self.reads(k)] for k in range(len(self.w))])
        return convolve(self.x, weights, self.b, self.sliding, self.groups)

    @property
    def walk(self) -> tuple[int, ...]:
        return () if self.output is None else self.output.shape


class StampingScene(Scene):
    """The numbers of x stamp one after the other; gone over are those of the input. sliding: a `Stamping`."""

    sliding: Stamping

    @cached_property
    def growths(self) -> tuple[Growth, Growth]:
        return self.sliding.growth(self.x.shape[1]), self.sliding.growth(self.x.shape[2])

    def maps(self, c: int) -> range:
        """The maps into which channel c stamps."""
        return reads(c, len(self.w), len(self.x), self.groups_in_force)

    @cached_property
    def kernels(self) -> np.ndarray:
        """(C, K / groups, F, F), in PyTorch's order."""
        return np.stack([self.w[self.maps(c), c] for c in range(len(self.x))])

    @property
    def _misfit(self) -> str:
        stamping, growths = self.sliding, self.growths
        if not growths[1].is_allowed:
            return (
                f"No output: an output padding of {stamping.output_padding} is not below the stride ({stamping.stride}) or the "
                f"dilation ({stamping.dilation}). Take {stamping.largest - 1} at most, or a larger stride."
            )
        canvas = min(growth.canvas for growth in growths)
        if canvas <= 2 * stamping.padding:
            return (
                f"No output: the stamps cover {canvas} cells, and a padding of {stamping.padding} cuts off "
                f"{2 * stamping.padding}. Cut off {(canvas - 1) // 2} at most, or take a larger filter or stride."
            )
        return ""

    @cached_property
    def whole(self) -> np.ndarray:
        """(K, H'', W''): what all stamps gave, with the bias, before padding is cut off."""
        return self._canvas(self.x)

    def canvas(self, numbers: int) -> np.ndarray:
        """The same of the first so many input numbers."""
        if numbers >= self.x.size:
            return self.whole
        x = self.x.copy()
        x.reshape(-1)[numbers:] = 0
        return self._canvas(x)

    def _canvas(self, x: np.ndarray) -> np.ndarray:
        return stamped(x, self.kernels, self.sliding, self.groups) + self.b[:, None, None]

    def _output(self) -> np.ndarray:
        down, across = self.growths
        P = self.sliding.padding
        return self.whole[:, P : P + down.count, P : P + across.count]

    @cached_property
    def overlaps(self) -> np.ndarray:
        """(H', W'): how many stamps of one channel lie on each output cell."""
        down, across = self.growths
        return np.outer(down.overlaps, across.overlaps).astype(float)

    def terms(self, k: int, row: int, column: int) -> list[Term]:
        """What is added up in map k at an output cell, which may be cut off."""
        return list(terms(self.x, self.kernels, self.sliding, k, row, column, self.groups))

    @property
    def walk(self) -> tuple[int, ...]:
        return () if self.problem else self.x.shape


def scene_of(document: SlideDocument, picture: np.ndarray | None) -> Scene:
    """picture: (C, H, W) in place of the typed numbers, or None."""
    x = document.input() if picture is None else picture
    kind, setting = (StampingScene, document.stamping) if document.is_transposed else (SlidingScene, document.sliding)
    return kind(x, document.weights(len(x)), document.biases(), setting, picture is not None, document.groups)
