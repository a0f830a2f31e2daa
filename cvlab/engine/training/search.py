"""Looking for good settings (course 9.6): which trials to make, in what order, and what the figures say. It trains nothing.

A trial is judged on held-out images only; the test images are for the one recipe that is chosen in the end.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

import numpy as np
from pydantic import Field, model_validator

from cvlab.engine.errors import RecipeError
from cvlab.engine.spec import Spec
from cvlab.engine.training.recipe import Recipe

MOST_TRIALS = 10_000
NOT_SEARCHED = ("data", "held_out")
"""Settings that choose the images by which a trial is judged: figures of different images do not say which recipe is better."""
FOR_A_MEDIAN = 4
"""Whole trials before one is given up for being worse than they were."""


class Axis(Spec):
    """One setting of the recipe that is searched: a range of numbers, or a list of values."""

    path: str = Field(
        title="Setting", description="Dotted name of a setting of the recipe, e.g. optimizer.learning_rate."
    )
    low: float | None = Field(None, title="Lowest", description="Where the range begins.")
    high: float | None = Field(None, title="Highest", description="Where the range ends.")
    log: bool = Field(
        False,
        title="Log scale",
        description="Whether factors count and not differences: right for rates and strengths.",
    )
    values: tuple[Any, ...] = Field((), title="Values", description="The values to try, where they are no range.")

    @model_validator(mode="after")
    def _range_or_values(self) -> Axis:
        if self.values:
            if self.low is not None or self.high is not None:
                raise ValueError("an axis has a range or values, not both")
        elif self.low is None or self.high is None or not self.low < self.high:
            raise ValueError("a range needs a lowest and a highest value, the first below the second")
        elif self.log and self.low <= 0:
            raise ValueError("a log scale begins above 0")
        return self

    @classmethod
    def parse(cls, text: str) -> Axis:
        """From the command line: `optimizer.lr=1e-4..1e-1` (log where the setting is), `...:log`, `...:linear`, or `a,b,c`.
        Raises `RecipeError`."""
        name, equals, rest = text.partition("=")
        path = Recipe.canonical(name)
        info = Recipe.field(path)
        if not equals or not rest:
            raise RecipeError("An axis is FIELD=LOW..HIGH or FIELD=A,B,C.", received=text[:80])
        body, _, scale = rest.partition(":")
        if ".." not in body:
            plain = Recipe()
            values = [plain.changed(**{path: part}).look_up(path) for part in body.split(",") if part]
            return cls.read({"path": path, "values": values})
        if scale not in ("", "log", "linear"):
            raise RecipeError("The scale of an axis is log or linear.", received=scale[:20])
        extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
        low, _, high = body.partition("..")
        return cls.read(
            {
                "path": path,
                "low": low,
                "high": high,
                "log": scale == "log" or (not scale and extra.get("scale") == "log"),
            }
        )

    def text(self) -> str:
        """As `parse` reads it."""
        if self.values:
            return f"{self.path}={','.join(map(str, self.values))}"
        return f"{self.path}={self.low!r}..{self.high!r}:{'log' if self.log else 'linear'}"

    def bins(self, most: int) -> int:
        """Into how many pieces the range is cut to be looked at: one a value where there are few, at most `most`."""
        if self.values:
            return len(self.values)
        assert self.low is not None and self.high is not None
        return min(most, int(self.high - self.low) + 1) if self.is_whole and not self.log else most

    @property
    def is_whole(self) -> bool:
        kind = Recipe.field(self.path).annotation
        return kind is int

    def at(self, share: float) -> Any:
        """The value at a share of the range, 0..1; of a list, the one that the share falls on."""
        if self.values:
            return self.values[min(int(share * len(self.values)), len(self.values) - 1)]
        assert self.low is not None and self.high is not None
        if self.log:
            value = math.exp(math.log(self.low) + share * (math.log(self.high) - math.log(self.low)))
        else:
            value = self.low + share * (self.high - self.low)
        return self.tidy(value)

    def tidy(self, value: Any) -> Any:
        """A value as it is tried and written down: whole where the setting is, else six digits of it, within the range."""
        if self.values:
            return value
        assert self.low is not None and self.high is not None
        if self.is_whole:
            return round(min(max(value, self.low), self.high))
        return min(max(float(f"{value:.6g}"), self.low), self.high)

    def share(self, value: Any) -> float:
        """Where a value lies in the range: what `at` turns back; for a list, the middle of its piece."""
        if self.values:
            return (self.values.index(value) + 0.5) / len(self.values)
        assert self.low is not None and self.high is not None
        if self.log:
            return (math.log(value) - math.log(self.low)) / (math.log(self.high) - math.log(self.low))
        return (value - self.low) / (self.high - self.low)

    def steps(self, count: int) -> list[Any]:
        """`count` values over the range, ends included; every value of a list."""
        if self.values:
            return list(self.values)
        shares = [i / (count - 1) for i in range(count)] if count > 1 else [0.5]
        return list(dict.fromkeys(self.at(share) for share in shares))

    def narrowed(self, centre: Any, width: float) -> Axis:
        """The part of the range around a value, `width` of it wide, within the range."""
        if self.values:
            return self
        middle = min(max(self.share(centre), width / 2), 1 - width / 2)
        low, high = self.at(max(0.0, middle - width / 2)), self.at(min(1.0, middle + width / 2))
        return self if low >= high else self.changed(low=low, high=high)


class SearchPlan(Spec):
    """What is searched, how, and how long each trial may train."""

    kind: Literal["random", "grid", "coarse-to-fine", "optuna"] = Field(
        "random",
        title="Search",
        description="Random tries more values of the setting that matters than a grid of the same size (Bergstra and Bengio, "
        "2012). Coarse-to-fine narrows the ranges around the best, round by round. Optuna draws where good trials were dense "
        "(TPE); it is an extra.",
    )
    axes: tuple[Axis, ...] = Field((), title="Settings", description="What is searched.", max_length=12)
    trials: int = Field(
        16, ge=1, le=MOST_TRIALS, title="Trials", description="How many recipes are tried; a grid has its own number."
    )
    steps: int = Field(
        4, ge=1, le=100, title="Steps of the grid", description="Values along each range of a grid.",
        json_schema_extra={"only": {"kind": ["grid"]}},
    )  # fmt: skip
    rounds: int = Field(
        3, ge=2, le=10, title="Rounds", description="How often coarse-to-fine narrows the ranges.",
        json_schema_extra={"only": {"kind": ["coarse-to-fine"]}},
    )  # fmt: skip
    narrowing: float = Field(
        0.35, gt=0.0, lt=1.0, title="Narrowing", description="Share of each range that is left for the next round.",
        json_schema_extra={"only": {"kind": ["coarse-to-fine"]}},
    )  # fmt: skip
    epochs: int = Field(
        2, ge=1, le=10_000, title="Epochs a trial", description="How long each trial trains; the last round of a coarse-to-fine "
        "search, earlier ones less. Too few: what learns fast at first wins.",
    )  # fmt: skip
    prune: bool = Field(
        False, title="Give up early", description="Ends a trial whose best held-out accuracy is below the median that whole "
        "trials of the same length had at the same epoch. Saves time; what learns slowly at first loses.",
    )  # fmt: skip
    seed: int = Field(0, ge=0, le=2**31 - 1, title="Seed", description="Fixes which values are drawn.")

    @property
    def total(self) -> int:
        """How many trials there will be: those of the grid, or as many as were asked for."""
        whole_grid = math.prod(len(axis.steps(self.steps)) for axis in self.axes)
        return whole_grid if self.kind == "grid" else self.trials

    def check(self, recipe: Recipe) -> None:
        """Raises `RecipeError` where the plan cannot be carried out on this recipe: a value out of range, nothing held out."""
        if self.kind == "optuna":
            from cvlab.engine.training import tpe

            tpe.require()
        if not self.axes:
            raise RecipeError("Nothing is searched.", remedy="Name at least one setting and its range.")
        if len({axis.path for axis in self.axes}) < len(self.axes):
            raise RecipeError("One setting is searched twice.")
        if not recipe.held_out:
            raise RecipeError("A search needs held-out images to judge by.", remedy="Set held_out to 0.1, for example.")
        for axis in self.axes:
            if axis.path in NOT_SEARCHED:
                raise RecipeError(
                    f"{axis.path} cannot be searched: it decides which images the trials are judged by.",
                    remedy="Make one search for each of its values, and compare their winners with care.",
                )
            ends = axis.values or (axis.at(0.0), axis.at(1.0))
            for value in ends:
                recipe.changed(**{axis.path: value})
            numeric = get_origin(Recipe.field(axis.path).annotation) is not Literal
            if not axis.values and not (numeric and Recipe.field(axis.path).annotation in (int, float)):
                choices = ", ".join(map(str, get_args(Recipe.field(axis.path).annotation)))
                raise RecipeError(f"{axis.path} has no range.", remedy=f"Give values instead: {choices}.")
        if self.total > MOST_TRIALS:
            raise RecipeError(f"A grid of more than {MOST_TRIALS:,} trials is too much.", remedy="Take fewer steps.")


@dataclass(frozen=True)
class Proposal:
    """One recipe to try: the values by dotted name, for how many epochs, and in which round (from 0)."""

    number: int
    values: dict[str, Any]
    epochs: int
    round: int = 0


@dataclass(frozen=True)
class Trial:
    """What became of a proposal. score: the best held-out accuracy of its epochs, None where it failed (then `failure`). curve:
    the held-out accuracy after each epoch. given_up: ended early, since others were better at the same epoch."""

    number: int
    values: dict[str, Any]
    epochs: int
    round: int
    score: float | None
    loss: float | None
    seconds: float
    run: str = ""
    failure: str = ""
    curve: tuple[float, ...] = ()
    given_up: bool = False


class Searcher:
    """Asks and is told: `ask` for the next proposal, `tell` what became of it. The same seed proposes the same."""

    def __init__(self, plan: SearchPlan) -> None:
        self.plan = plan
        self.trials: list[Trial] = []
        self._axes = plan.axes
        self._rng = np.random.default_rng(plan.seed)
        self._grid: Iterator[tuple[Any, ...]] = itertools.product(*(axis.steps(plan.steps) for axis in plan.axes))
        self._asked = 0
        self._round = 0

    @property
    def total(self) -> int:
        return self.plan.total

    def ask(self) -> Proposal | None:
        """The next recipe to try; None when the search is over."""
        if self._asked >= self.total:
            return None
        number, plan = self._asked, self.plan
        self._asked += 1
        if plan.kind == "grid":
            values = next(self._grid)
            return Proposal(number, dict(zip((axis.path for axis in plan.axes), values, strict=True)), plan.epochs)
        epochs = plan.epochs
        if plan.kind == "coarse-to-fine":
            round_ = min(number * plan.rounds // plan.trials, plan.rounds - 1)
            if round_ > self._round:
                self._round = round_
                self._axes = self._around_the_best()
            epochs = max(1, round(plan.epochs * (round_ + 1) / plan.rounds))
        drawn = {axis.path: axis.at(float(self._rng.random())) for axis in self._axes}
        return Proposal(number, drawn, epochs, self._round)

    def tell(self, trial: Trial) -> None:
        self.trials.append(trial)

    def recall(self, trials: Sequence[Trial]) -> None:
        """Takes up a search where it was stopped: these were its trials so far."""
        for trial in trials:
            self.ask()
            self.tell(trial)

    def gives_up(self, proposal: Proposal, curve: Sequence[float]) -> bool:
        """Whether a trial with these held-out accuracies so far is to be ended: where the plan says so, and its best is below the
        median that whole trials of the same length had at this epoch (the median rule of Vizier; Golovin et al., 2017)."""
        if not self.plan.prune or not curve:
            return False
        at = len(curve) - 1
        others = [
            trial.curve[at]
            for trial in self.trials
            if trial.score is not None
            and not trial.given_up
            and trial.epochs == proposal.epochs
            and at < len(trial.curve)
        ]
        return len(others) >= FOR_A_MEDIAN and max(curve) < float(np.median(others))

    def _around_the_best(self) -> tuple[Axis, ...]:
        best = best_of(self.trials)
        if best is None:
            return self._axes
        width = self.plan.narrowing**self._round
        top = [trial for trial in ranked(self.trials) if trial.score is not None]
        top = top[: max(1, len(top) // 2)]
        return tuple(
            axis.changed(values=[v for v in axis.values if v in {t.values[axis.path] for t in top}])
            if axis.values
            else axis.narrowed(best.values[axis.path], width)
            for axis in self.plan.axes
        )


def searcher(plan: SearchPlan) -> Searcher:
    """Whoever carries out a plan of this kind. Raises `RecipeError` where that needs what is not installed."""
    if plan.kind == "optuna":
        from cvlab.engine.training.tpe import TpeSearcher

        return TpeSearcher(plan)
    return Searcher(plan)


def ranked(trials: Sequence[Trial]) -> list[Trial]:
    """Best first: later rounds have trained longer and count by their score alone; then what was given up, failures last."""
    return sorted(trials, key=lambda t: (t.score is None, t.given_up, -(t.score or 0.0), _known(t.loss), t.number))


def _known(loss: float | None) -> float:
    """Infinite where it is not known, or no number: what cannot be compared comes last."""
    return math.inf if loss is None or math.isnan(loss) else loss


def best_of(trials: Sequence[Trial]) -> Trial | None:
    """The trial with the highest held-out accuracy of those that were not given up; None where all have failed."""
    first = ranked(trials)[0] if trials else None
    return None if first is None or first.score is None else first


def at_the_edge(plan: SearchPlan, values: Mapping[str, Any], margin: float = 0.05) -> list[str]:
    """Settings whose best value lies at an end of its range: something better may lie outside (course 9.6)."""
    found = []
    for axis in plan.axes:
        if not axis.values and axis.path in values:
            share = axis.share(values[axis.path])
            if share <= margin or share >= 1 - margin:
                end = "low" if share <= margin else "high"
                found.append(
                    f"The best {axis.path}, {values[axis.path]:g}, lies at the {end} end of its range: widen it."
                )
    return found


def table(across: Axis, up: Axis | None, trials: Sequence[Trial], most: int = 6) -> list[list[list[Trial]]]:
    """The trials that have a score by where they lie on two axes: [piece of `up`][piece of `across`] -> trials, best first."""
    rows, columns = (1 if up is None else up.bins(most)), across.bins(most)
    cells: list[list[list[Trial]]] = [[[] for _ in range(columns)] for _ in range(rows)]
    for trial in ranked(trials):
        if trial.score is not None:
            row = 0 if up is None else _piece(up, trial, rows)
            cells[row][_piece(across, trial, columns)].append(trial)
    return cells


def _piece(axis: Axis, trial: Trial, count: int) -> int:
    return min(max(int(axis.share(trial.values[axis.path]) * count), 0), count - 1)
