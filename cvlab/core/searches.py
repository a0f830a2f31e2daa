"""Searches: trials trained one after the other, each a run folder below the search's own; stopped and resumed at any time."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from cvlab.core.jobs import JobControl
from cvlab.core.storage.lock import RunLock
from cvlab.core.storage.run_folder import RunFolder
from cvlab.engine.disk import refused, remove_leftovers, write_whole
from cvlab.engine.errors import Cancelled, CannotWrite, CvlabError, DeviceLost, NotOurFile, in_words
from cvlab.engine.files import load_model, read_bounded
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.training.recipe import Recipe
from cvlab.engine.training.search import Proposal, Searcher, SearchPlan, Trial, searcher
from cvlab.engine.validation import read_failure

if TYPE_CHECKING:
    from cvlab.engine.data.dataset import Dataset

RECORD = "search.json"
MAX_RECORD = 100_000_000


class SearchRecord(BaseModel):
    """search.json: what is searched, from which recipe, and the trials so far."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)
    id: str
    created: str
    plan: SearchPlan
    recipe: Recipe
    architecture: Architecture
    trials: list[Trial] = []

    @property
    def total(self) -> int:
        """How many trials there will be."""
        return self.plan.total

    @property
    def is_done(self) -> bool:
        return len(self.trials) >= self.total


@dataclass(frozen=True)
class SearchProgress:
    """What a search reports while it runs: its id, its trials so far, and how many there will be."""

    search: str
    trials: tuple[Trial, ...]
    total: int
    now: Proposal | None
    epoch: int = 0


@dataclass(frozen=True)
class SearchRequest:
    """A search as a background job: `run` trains trial after trial and returns the record. Nothing is lost when it is cancelled:
    `SearchRequest.again` goes on after the last whole trial.

    Raises `RecipeError` for a plan that cannot be carried out, `DataError`, `CannotWrite`, `Cancelled`.
    """

    root: Path
    architecture: Architecture
    recipe: Recipe
    plan: SearchPlan
    load_data: Callable[[str], Dataset]
    before: SearchRecord | None = field(default=None, compare=False)

    @classmethod
    def again(cls, path: Path, load_data: Callable[[str], Dataset]) -> SearchRequest:
        """Goes on with a search that was stopped. Raises `NotOurFile`."""
        record = read_search(path)
        return cls(path.parent, record.architecture, record.recipe, record.plan, load_data, record)

    def run(self, control: JobControl) -> SearchRecord:
        self.plan.check(self.recipe)
        record = self.before or self._new_record()
        folder = self.root / record.id
        _remove_cut_off(folder, record.trials)
        data = self.load_data(self.recipe.data)
        asked = searcher(self.plan)
        asked.recall(record.trials)
        while (proposal := asked.ask()) is not None:
            control.check()

            def report(epoch: int, proposal: Proposal = proposal) -> None:
                control.report(SearchProgress(record.id, tuple(asked.trials), asked.total, proposal, epoch))

            report(0)
            trial = _train(folder, self.architecture, data, self.recipe, proposal, asked, control, report)
            asked.tell(trial)
            record.trials = list(asked.trials)
            write_whole(folder / RECORD, record.model_dump_json(indent=1).encode(), parents=False)
        control.report(SearchProgress(record.id, tuple(asked.trials), asked.total, None))
        return record

    def _new_record(self) -> SearchRecord:
        now = datetime.now(UTC).astimezone()
        for suffix in ("", *(f"-{n}" for n in range(2, 1000))):
            path = self.root / f"search-{now:%Y%m%d-%H%M%S}{suffix}"
            try:
                path.mkdir(parents=True)
                break
            except FileExistsError:
                continue
            except OSError as error:
                raise refused(error, path) from error
        record = SearchRecord(
            id=path.name,
            created=now.isoformat(timespec="seconds"),
            plan=self.plan,
            recipe=self.recipe,
            architecture=self.architecture,
        )
        write_whole(path / RECORD, record.model_dump_json(indent=1).encode())
        return record


def read_search(path: Path) -> SearchRecord:
    """The record of a search's folder. Raises `NotOurFile`."""
    try:
        return load_model(SearchRecord, read_bounded(path / RECORD, MAX_RECORD))
    except OSError as error:
        raise NotOurFile("This folder holds no search.", received=str(path)) from error
    except ValueError as error:
        raise NotOurFile("The search's record cannot be read.", received=read_failure(error)) from error


def searches(root: Path) -> list[SearchRecord]:
    """All readable searches below a folder of runs, newest first."""
    found = []
    for path in sorted(root.glob(f"[!.]*/{RECORD}"), reverse=True):
        with contextlib.suppress(CvlabError):
            found.append(read_search(path.parent))
    return found


def _remove_cut_off(folder: Path, trials: list[Trial]) -> None:
    """Removes the runs of trials that were not finished when the search was cut off: they are trained again."""
    known = {trial.run for trial in trials}
    for path in folder.glob("[!.]*/run.json"):
        run = path.parent
        if run.name not in known and RunLock(run).owner() is None:
            shutil.rmtree(run, ignore_errors=True)
    remove_leftovers([folder])


def trial_recipe(recipe: Recipe, trial: Trial | Proposal) -> Recipe:
    """The recipe of a trial, with the epochs of a whole run."""
    return recipe.changed(**trial.values)


def _train(
    root: Path,
    architecture: Architecture,
    data: Dataset,
    recipe: Recipe,
    proposal: Proposal,
    asked: Searcher,
    control: JobControl,
    report: Callable[[int], None],
) -> Trial:
    """One trial: trained, judged on held-out images, its weights kept. The test images are not looked at."""
    from cvlab.engine.training.events import EpochEnd
    from cvlab.engine.training.fit import fit
    from cvlab.engine.training.learner import Learner

    began = perf_counter()
    score, loss, failure, folder = None, None, "", None
    curve: list[float] = []
    given_up = False
    try:
        own = trial_recipe(recipe, proposal)
        if "epochs" not in proposal.values:
            own = own.changed(epochs=proposal.epochs)
        learner = Learner(architecture, data, own)
        folder = RunFolder.create(root, architecture, own, f"Trial {proposal.number + 1}")
        folder.hold()
        folder.describe(learner)
        for event in fit(learner):
            control.check()
            folder.log(event)
            if isinstance(event, EpochEnd):
                folder.check()
                report(event.epoch)
                if event.held_out_accuracy is not None:
                    curve.append(event.held_out_accuracy)
                    if score is None or event.held_out_accuracy > score:
                        score, loss = event.held_out_accuracy, event.held_out_loss
                if learner.is_done:
                    break
                if given_up := asked.gives_up(proposal, curve):
                    break
        learner.take_best()  # where early stopping watched: the weights that have the score
        folder.save_weights(learner)
        folder.record.status = "stopped" if given_up else "finished"
        folder.close()
        folder.lock.release()
    except (Cancelled, CannotWrite):
        if folder is not None:
            folder.discard()
        raise
    except Exception as error:
        told = in_words(error)
        if folder is not None:
            folder.record.status = "failed"
            folder.close()
            folder.lock.release()
        if not isinstance(told, CvlabError) or isinstance(told, DeviceLost):
            raise told from error  # the next trial would fare no better
        score, failure = None, told.what
    return Trial(
        **asdict(proposal),
        score=score,
        loss=loss,
        seconds=perf_counter() - began,
        run="" if folder is None else folder.path.name,
        failure=failure,
        curve=tuple(curve),
        given_up=given_up,
    )
