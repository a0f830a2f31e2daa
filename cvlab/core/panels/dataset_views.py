"""What is turned on three pages of the datasets panel, as immutable values: an edit puts another one into the state."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from cvlab.core.models import SHIPPED
from cvlab.engine.data.augmentation import Augmentation
from cvlab.engine.data.preprocessing import Kind
from cvlab.engine.data.whitening import EPSILON
from cvlab.engine.spec import Spec

MAX_SEED = 2**31 - 1


class View(Spec):
    """Names that a later cvlab added are ignored, so that its projects still open."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class ChallengeView(View):
    """kind: an id of `engine.data.challenges`, or "variation", the seventh. amount: 0..1. seed: the way it happens.

    metric: of the nearest neighbour. model: the net that is asked, an id of `lab.models`. sample: images of a curve.
    label: the class whose variation is shown.
    """

    kind: str = Field("viewpoint", max_length=40)
    amount: float = Field(0.4, ge=0.0, le=1.0)
    seed: int = Field(0, ge=0, le=MAX_SEED)
    metric: Literal["l1", "l2"] = "l2"
    model: str = Field(SHIPPED, max_length=200)
    sample: int = Field(200, ge=10, le=2000)
    label: int = Field(0, ge=0, le=100_000)


class PreprocessView(View):
    """kind: what is done. epsilon: of whitening. first, second: two features as positions in an image laid out (C, H, W); -1: two
    neighbours in the middle. source: what it is fitted on, the training split or, wrongly, the test split or the images shown."""

    kind: Kind = "standardize"
    epsilon: float = Field(EPSILON, ge=0.0, le=1.0)
    first: int = Field(-1, ge=-1, le=100_000_000)
    second: int = Field(-1, ge=-1, le=100_000_000)
    source: Literal["train", "test", "shown"] = "train"


class AugmentView(View):
    """augmentation: what is tried out. seed: of the sixteen draws."""

    augmentation: Augmentation = Augmentation(rotate=12, shift=2, crop=0.15, colour=0.2, cutout=0.25)
    seed: int = Field(0, ge=0, le=MAX_SEED)
