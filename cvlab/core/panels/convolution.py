"""The convolution panel's state, and how it is saved."""

from __future__ import annotations

import base64
import binascii
from dataclasses import field, fields
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, model_validator

from cvlab.core.panels.convolution_documents import (
    LARGEST,
    MAX_CHANNELS,
    MAX_DILATION,
    MAX_FILTER,
    MAX_FILTERS,
    MAX_OUTPUT_PADDING,
    MAX_PADDING,
    MAX_POOL,
    MAX_POOL_STRIDE,
    MAX_SIDE,
    MAX_STRIDE,
    MIN_SIDE,
    OWN,
    PHOTO,
    KernelDocument,
    Operation,
    PictureChoice,
    Plane,
    PoolDocument,
    SharingDocument,
    SlideDocument,
)
from cvlab.core.panels.saved import SavedState
from cvlab.core.state import observable
from cvlab.engine.data.photo import read_photo
from cvlab.engine.errors import CvlabError
from cvlab.engine.kernels import PRESETS
from cvlab.engine.pooling import PoolKind


@observable
class ConvolutionState:
    """page: one of `PAGES`. position: the output number looked at, counted row by row, filter by filter, or the input number
    that stamps, channel by channel. guess: outputs after it are kept covered. speed: positions a second. signed: how the
    workbench shows its result: "auto", "picture" (cut to 0..1) or "signed" (centred on 0). gradient: the pool's way back is
    shown.
    """

    picture: PictureChoice = field(default_factory=PictureChoice)
    slide: SlideDocument = field(default_factory=SlideDocument.course)
    kernel: KernelDocument = field(default_factory=KernelDocument)
    pool: PoolDocument = field(default_factory=PoolDocument)
    sharing: SharingDocument = field(default_factory=SharingDocument)
    page: str = "slide"
    position: int = 0
    guess: bool = False
    speed: int = 2
    signed: str = "auto"
    gradient: bool = False


Number = Annotated[FiniteFloat, Field(ge=-LARGEST, le=LARGEST)]
_Row = Annotated[tuple[Number, ...], Field(min_length=1, max_length=MAX_SIDE)]
_Plane = Annotated[tuple[_Row, ...], Field(min_length=1, max_length=MAX_SIDE)]
_Volume = Annotated[tuple[_Plane, ...], Field(min_length=MAX_CHANNELS, max_length=MAX_CHANNELS)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)


def _must_be_square(side: int, *planes: Plane) -> None:
    if any(len(plane) != side or any(len(row) != side for row in plane) for plane in planes):
        raise ValueError("the numbers of a convolution do not form squares of one size")


class _Slide(_Part):
    x: _Volume
    w: Annotated[tuple[_Volume, ...], Field(min_length=MAX_FILTERS, max_length=MAX_FILTERS)]
    b: Annotated[tuple[Number, ...], Field(min_length=MAX_FILTERS, max_length=MAX_FILTERS)]
    channels: int = Field(3, ge=1, le=MAX_CHANNELS)
    filters: int = Field(2, ge=1, le=MAX_FILTERS)
    stride: int = Field(2, ge=1, le=MAX_STRIDE)
    padding: int = Field(1, ge=0, le=MAX_PADDING)
    dilation: int = Field(1, ge=1, le=MAX_DILATION)
    groups: int = Field(1, ge=1, le=MAX_FILTERS)
    uses_picture: bool = False
    operation: Operation = "convolution"
    output_padding: int = Field(0, ge=0, le=MAX_OUTPUT_PADDING)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if len(self.x[0]) < MIN_SIDE:
            raise ValueError("the input of a convolution is too small")
        _must_be_square(len(self.x[0]), *self.x)
        if len(self.w[0][0]) > MAX_FILTER:
            raise ValueError("the filters of a convolution are too large")
        _must_be_square(len(self.w[0][0]), *(plane for each in self.w for plane in each))
        return self


class _Kernel(_Part):
    rows: _Plane
    preset: str = Field("", max_length=40)
    normalise: bool = False
    grey: bool = True

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if len(self.rows) not in (3, 5):
            raise ValueError("a kernel is 3 x 3 or 5 x 5")
        _must_be_square(len(self.rows), self.rows)
        if self.preset not in PRESETS or PRESETS[self.preset].rows(len(self.rows)) != self.rows:
            self.preset = ""
        return self


class _Pool(_Part):
    x: _Plane
    kind: PoolKind = "max"
    size: int = Field(2, ge=1, le=MAX_POOL)
    stride: int = Field(2, ge=1, le=MAX_POOL_STRIDE)
    uses_picture: bool = False

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if len(self.x) < MIN_SIDE:
            raise ValueError("the input of a pool is too small")
        _must_be_square(len(self.x), self.x)
        return self


class _Sharing(_Part):
    width: int = Field(32, ge=1, le=512)
    channels: int = Field(3, ge=1, le=512)
    filters: int = Field(12, ge=1, le=512)
    filter: int = Field(3, ge=1, le=11)
    stride: int = Field(1, ge=1, le=8)
    padding: int = Field(1, ge=0, le=5)


class _Picture(_Part):
    source: str = Field(PHOTO, max_length=60)
    index: int = Field(PictureChoice.index, ge=0, le=10_000_000)
    title: str = Field("", max_length=60)
    png: str = Field("", max_length=1_500_000)

    def choice(self) -> PictureChoice:
        """Raises `CorruptData`, ValueError."""
        own = read_photo(base64.b64decode(self.png, validate=True), self.title) if self.png else None
        return PictureChoice(PHOTO if self.source == OWN and own is None else self.source, self.index, own)

    @classmethod
    def of(cls, choice: PictureChoice) -> _Picture:
        own = choice.own
        png = base64.b64encode(own.png).decode("ascii") if own is not None else ""
        return cls(source=choice.source, index=choice.index, title=own.title if own is not None else "", png=png)


_DOCUMENTS: dict[str, tuple[type, type]] = {
    "slide": (_Slide, SlideDocument),
    "kernel": (_Kernel, KernelDocument),
    "pool": (_Pool, PoolDocument),
    "sharing": (_Sharing, SharingDocument),
}


class SavedConvolution(SavedState):
    """The panel's part of a project file."""

    kind: ClassVar[type[Any]] = ConvolutionState

    picture: _Picture = _Picture()
    slide: _Slide | None = None
    kernel: _Kernel | None = None
    pool: _Pool | None = None
    sharing: _Sharing | None = None
    page: Literal["slide", "kernel", "pool", "sharing"] = "slide"
    position: int = Field(0, ge=0, le=10_000_000)
    guess: bool = False
    speed: int = Field(2, ge=1, le=1000)
    signed: Literal["auto", "picture", "signed"] = "auto"
    gradient: bool = False

    @model_validator(mode="after")
    def _can_be_shown(self) -> Self:
        try:
            self.picture.choice()
        except (CvlabError, binascii.Error) as error:
            raise ValueError(f"the picture in it cannot be read: {error}") from error
        return self

    @classmethod
    def of(cls, state: ConvolutionState) -> SavedConvolution:
        parts = {
            name: saved(**{each.name: getattr(getattr(state, name), each.name) for each in fields(document)})
            for name, (saved, document) in _DOCUMENTS.items()
        }
        plain = {name: getattr(state, name) for name in ("page", "position", "guess", "speed", "signed", "gradient")}
        return cls(picture=_Picture.of(state.picture), **parts, **plain)

    def state(self) -> ConvolutionState:
        made = ConvolutionState(
            picture=self.picture.choice(),
            page=self.page,
            position=self.position,
            guess=self.guess,
            speed=self.speed,
            signed=self.signed,
            gradient=self.gradient,
        )
        for name, (_, document) in _DOCUMENTS.items():
            saved = getattr(self, name)
            if saved is not None:
                setattr(made, name, document(**{each.name: getattr(saved, each.name) for each in fields(document)}))
        return made
