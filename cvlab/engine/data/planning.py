"""What an import will make of a source: which classes, which parts, which size, in sentences. Reads names and some headers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from cvlab.engine.data import array_files
from cvlab.engine.data.decode import MAX_SIDE, Fit, Header, Target, decode, read_header
from cvlab.engine.data.listing import Item, Listing, open_listing, same_name
from cvlab.engine.data.own import LISTED, PARTS
from cvlab.engine.data.progress import Asked, never
from cvlab.engine.data.splits import held_out
from cvlab.engine.errors import Cancelled, CorruptData, DataError

_SAMPLE = 256  # headers looked at, spread over all files
_NOISE = 8  # of 255: JPEG makes so much of a difference between the channels of a grey picture
_NATIVE = 256  # the largest common side that is kept as it is
_LARGE, _SMALL = 64, 32


class Options(BaseModel):
    """How pictures become arrays. None, "" and "auto" leave it to what is found.

    size: the side in pixels. test_share: of every class, where the source has no test part. merge: class names that differ
    only in case or in the spelling of accents are one class; otherwise they are refused.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    title: str = Field("", max_length=200)
    size: int | None = Field(None, ge=4, le=MAX_SIDE)
    colour: Literal["auto", "grey", "colour"] = "auto"
    fit: Fit = "crop"
    test_share: float = Field(0.2, ge=0.01, le=0.9)
    seed: int = Field(0, ge=0, le=2**31 - 1)
    merge: bool = False


@dataclass(frozen=True)
class Survey:
    """What an import would make, as far as names and headers tell. notes: sentences. skipped: (file, reason) of what will be
    left out, the first `own.LISTED`. are_arrays: numbers that are taken as they are. draws_test: whether a test part is made.
    """

    title: str
    classes: tuple[str, ...]
    image_shape: tuple[int, int, int]
    train_count: int
    test_count: int
    notes: tuple[str, ...]
    skipped: tuple[tuple[str, str], ...] = ()
    skipped_count: int = 0
    are_arrays: bool = False
    draws_test: bool = False


class OtherOptions(DataError):
    """A source that can be imported, but not like this."""


@dataclass
class Plan:
    """items: in the order of the set, training first; labels: their class numbers. draws_test: a test part was made."""

    title: str
    classes: tuple[str, ...]
    target: Target
    items: list[Item]
    labels: list[int]
    notes: list[str]
    draws_test: bool


def survey(source: Path, options: Options = Options(), *, cancelled: Asked = never) -> Survey:
    """Looks through a source without importing it: names, and some headers. About 1 s for 60,000 files."""
    if array_files.is_one(source):
        arrays = array_files.read(source, cancelled)
        plan = array_plan(arrays, options)
        shape = plan.images["train"].shape[1:]
        counts = {part: len(labels) for part, labels in plan.labels.items()}
        draws = not len(arrays.labels["test"])
        notes = tuple(plan.notes)
        return Survey(
            plan.title, plan.classes, shape, counts["train"], counts["test"], notes, are_arrays=True, draws_test=draws
        )
    with open_listing(source, cancelled=cancelled) as listing:
        plan = make_plan(listing, options, cancelled)
        train = sum(item.part == "train" for item in plan.items)
        return Survey(
            plan.title,
            plan.classes,
            plan.target.shape,
            train,
            len(plan.items) - train,
            tuple(plan.notes),
            tuple((each.name, each.reason) for each in listing.skipped[:LISTED]),
            len(listing.skipped),
            draws_test=plan.draws_test,
        )


def make_plan(listing: Listing, options: Options, cancelled: Asked) -> Plan:
    """What to decode, in which order, and into what. Raises DataError: nothing to import, or two classes of one name."""
    notes: list[str] = []
    if not listing.items:
        raise DataError(
            f"There are no pictures in class folders in {listing.title}.",
            received=f"{len(listing.skipped):,} files left out, {listing.others:,} that are no pictures",
            remedy=listing.hint
            or "One folder a class, the pictures of the class in it; train/ and test/ may stand above.",
        )
    items = _parts(listing.items, notes)
    classes, number = _classes(items, options.merge, notes)
    draws_test = all(item.part == "train" for item in items)
    if draws_test:
        labels = np.array([number[item.label] for item in items])
        items.sort(key=lambda item: (number[item.label], item.name))
        labels.sort()
        out = held_out(labels, options.test_share, options.seed)[1]
        _check_drawn(len(out), len(items), options)
        for index in out:
            items[index] = replace(items[index], part="test")
        notes.append(_drawn(options))
    items.sort(key=lambda item: (item.part != "train", number[item.label], item.name))
    target = _target(listing, items, options, notes, cancelled)
    labels = [number[item.label] for item in items]
    for part in PARTS:
        there = {label for label, item in zip(labels, items, strict=True) if item.part == part}
        absent = [name for index, name in enumerate(classes) if index not in there]
        if absent and there:
            notes.append(f"No {part} images of {_some(absent)}.")
    return Plan(options.title or listing.title, classes, target, items, labels, notes, draws_test)


def _drawn(options: Options) -> str:
    share = f"{options.test_share:.0%}".replace("%", " %")
    return f"There is no test part: {share} of every class, drawn with seed {options.seed}, become one."


def _check_drawn(out: int, whole: int, options: Options) -> None:
    if not 0 < out < whole:
        raise OtherOptions(
            f"{'Nothing' if not out else 'Everything'} would be tested on: the classes are too small to divide like this.",
            received=f"{whole:,} images, {options.test_share:.0%} of each class to test on",
            remedy="Choose another test share, or add images.",
        )


def _parts(items: Sequence[Item], notes: list[str]) -> list[Item]:
    """Items whose part is train or test."""
    found = {item.part for item in items}
    becomes = {"": "train", "train": "train", "test": "test", "validation": "train"}
    if found == {"train", "validation"}:
        becomes["validation"] = "test"
        notes.append("There is no test part: the validation part became one.")
    elif "validation" in found:
        notes.append("The validation part joined the training part: a recipe holds out its own.")
    return [replace(item, part=becomes[item.part]) for item in items]


def _classes(items: Sequence[Item], merge: bool, notes: list[str]) -> tuple[tuple[str, ...], dict[str, int]]:
    """(class names in alphabetical order, number of every spelling). Raises DataError for two of the same name."""
    spellings: dict[str, Counter] = {}
    for item in items:
        spellings.setdefault(same_name(item.label), Counter())[(item.part, item.label)] += 1
    for found in spellings.values():
        for part in PARTS:
            twice = sorted({label for where, label in found if where == part})
            if len(twice) > 1 and not merge:
                raise OtherOptions(
                    f"Two classes have the same name: “{twice[0]}” and “{twice[1]}”.",
                    received=f"{found[(part, twice[0])]:,} and {found[(part, twice[1])]:,} images",
                    remedy="They differ only in case or in how an accent is written. Rename one, or import them as one class.",
                )
    shown = {}
    for key, found in spellings.items():
        shown[key] = max(sorted({label for _, label in found}), key=lambda label: sum(found[p, label] for p in PARTS))
        others = {label for _, label in found} - {shown[key]}
        if others:
            notes.append(f"“{shown[key]}” also holds the images of {_some(sorted(others))}.")
    keys = sorted(shown, key=lambda key: (shown[key].casefold(), shown[key]))
    place = {key: number for number, key in enumerate(keys)}
    number = {label: place[key] for key, found in spellings.items() for _, label in found}
    return tuple(shown[key] for key in keys), number


def _some(names: Sequence[str], most: int = 3) -> str:
    listed = ", ".join(f"“{name}”" for name in names[:most])
    return listed if len(names) <= most else f"{listed} and {len(names) - most:,} more"


def _target(listing: Listing, items: Sequence[Item], options: Options, notes: list[str], cancelled: Asked) -> Target:
    """The commonest size of a sample if it is small and common, else a square; grey if no colour is used."""
    headers: list[Header] = []
    coloured = False
    for item in items[:: max(1, len(items) // _SAMPLE)]:
        if cancelled():
            raise Cancelled
        try:
            content = listing.read(item)
            header = read_header(content)
            headers.append(header)
            if not (coloured or header.is_grey):
                pixels = decode(content, Target(3, min(header.height, 64), min(header.width, 64), "stretch"))
                coloured = int(np.ptp(pixels.astype(np.int16), axis=0).max()) > _NOISE
        except CorruptData:
            continue
    if not headers:
        headers, coloured = [Header(_SMALL, _SMALL, False)], True
    channels = {"grey": 1, "colour": 3, "auto": 3 if coloured else 1}[options.colour]
    if options.colour == "auto" and not coloured:
        notes.append("No colour is used: one channel a pixel is kept.")
    width, height = _side(headers, options, notes)
    return Target(channels, height, width, options.fit)


def _side(headers: Sequence[Header], options: Options, notes: list[str]) -> tuple[int, int]:
    """(width, height) of every image, with a sentence where pictures have to change for it."""
    sizes = Counter((header.width, header.height) for header in headers)
    (width, height), common = sizes.most_common(1)[0]
    if options.size:
        chosen = (options.size, options.size)
    elif 2 * common > len(headers) and max(width, height) <= _NATIVE:
        chosen = (width, height)
    else:
        middle = sorted(min(header.width, header.height) for header in headers)[len(headers) // 2]
        chosen = (_LARGE, _LARGE) if middle >= _LARGE else (_SMALL, _SMALL)
    how = {
        "crop": "scaled, and cropped around its middle",
        "letterbox": "scaled, with black around it",
        "stretch": "stretched",
    }
    if len(sizes) > 1 or chosen != (width, height):
        found = f"{len(sizes):,} sizes were found" if len(sizes) > 1 else "All are of one size"
        notes.append(
            f"{found}, most often {width:,} × {height:,}: every picture of another size is {how[options.fit]} to "
            f"{chosen[0]} × {chosen[1]}."
        )
    return chosen


def array_plan(arrays: array_files.Arrays, options: Options) -> array_files.Arrays:
    """The arrays with a test part, made if there was none, and the person's title."""
    images, labels, notes = dict(arrays.images), dict(arrays.labels), list(arrays.notes)
    if not len(labels["test"]):
        keep, out = held_out(labels["train"], options.test_share, options.seed)
        _check_drawn(len(out), len(labels["train"]), options)
        for values in (images, labels):
            values["train"], values["test"] = values["train"][keep], values["train"][out]
        notes.append(_drawn(options))
    return array_files.Arrays(options.title or arrays.title, arrays.classes, images, labels, tuple(notes))
