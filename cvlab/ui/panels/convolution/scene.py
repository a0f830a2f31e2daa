"""What slides over what: the input, the filters and their setting, as the stage and the card of the fit show them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cvlab.engine.convolution import Fit, Sliding, convolve


@dataclass(frozen=True, eq=False)
class Scene:
    """What the stage shows. x: (C, H, W). w: (K, C, F, F). b: (K,). is_picture: x is a picture in 0..1 that is not typed into."""

    x: np.ndarray
    w: np.ndarray
    b: np.ndarray
    sliding: Sliding
    is_picture: bool

    @property
    def fits(self) -> tuple[Fit, Fit]:
        return self.sliding.fit(self.x.shape[1]), self.sliding.fit(self.x.shape[2])

    @property
    def output(self) -> np.ndarray | None:
        """(K, H', W'), None where no window fits."""
        down, across = self.fits
        return convolve(self.x, self.w, self.b, self.sliding) if down.count and across.count else None
