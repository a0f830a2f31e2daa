"""The datasets panel's state: which set is looked at, what of it, and how it would be divided; and how that is saved."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cvlab.core.panels.dataset_views import AugmentView, ChallengeView, PreprocessView
from cvlab.core.panels.saved import SavedState
from cvlab.core.state import observable

Part = Literal["train", "test"]
Order = Literal["stored", "class", "dark", "bright", "flat", "vivid"]
SMALLEST_TILE, LARGEST_TILE = 16, 160


@observable
class DatasetsState:
    """dataset: an id of the catalogue. page: an id of the panel's pages. image: the chosen one, an index into `split`.

    split, classes (none = all), text and order: what is seen of the set, and in which order. tile: the side of a
    thumbnail, 16..160 pixels. pinned: up to two (split, index) side by side. validation, test: shares that a division
    would take. folds: 2..20. seed: of both. challenge, preprocess, augment: what is turned on these pages.
    """

    dataset: str = "mnist-mini"
    page: str = "browse"
    split: Part = "train"
    image: int = 0
    classes: tuple[int, ...] = ()
    text: str = ""
    order: Order = "stored"
    tile: int = 40
    pinned: tuple[tuple[Part, int], ...] = ()
    validation: float = 0.1
    folds: int = 5
    seed: int = 0
    challenge: ChallengeView = ChallengeView()
    preprocess: PreprocessView = PreprocessView()
    augment: AugmentView = AugmentView()


class SavedDatasets(SavedState):
    """The panel's part of a project file."""

    kind = DatasetsState

    dataset: str = Field("mnist-mini", max_length=100)
    page: str = Field("browse", max_length=40)
    split: Part = "train"
    image: int = Field(0, ge=0, le=100_000_000)
    classes: tuple[int, ...] = Field((), max_length=10_000)
    text: str = Field("", max_length=200)
    order: Order = "stored"
    tile: int = Field(40, ge=SMALLEST_TILE, le=LARGEST_TILE)
    pinned: tuple[tuple[Part, int], ...] = Field((), max_length=2)
    validation: float = Field(0.1, ge=0.0, le=0.5)
    folds: int = Field(5, ge=2, le=20)
    seed: int = Field(0, ge=0, le=2**31 - 1)
    challenge: ChallengeView = ChallengeView()
    preprocess: PreprocessView = PreprocessView()
    augment: AugmentView = AugmentView()
