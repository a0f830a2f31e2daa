"""Search by optuna's tree-structured Parzen estimator: the next trial is drawn where good ones were dense and bad ones rare.

Bergstra et al., "Algorithms for Hyper-Parameter Optimization" (2011). optuna is an extra: nothing here loads it before it is
asked for a trial.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cvlab.engine.errors import RecipeError
from cvlab.engine.installation import detect
from cvlab.engine.training.search import Axis, Proposal, Searcher, SearchPlan, Trial

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial


def require() -> None:
    """Raises `RecipeError` with the command that installs optuna, where it is missing."""
    if importlib.util.find_spec("optuna") is None:
        remedy = f"Install it: {detect().add('optuna')}"
        raise RecipeError("This kind of search needs optuna, which is not installed here.", remedy=remedy)


class TpeSearcher(Searcher):
    """Each proposal is a function of the plan, its seed and the trials told so far: a search that was stopped goes on as if it
    had not been. 40 ms a proposal after 300 trials. Raises `RecipeError` without optuna."""

    def __init__(self, plan: SearchPlan) -> None:
        require()
        super().__init__(plan)

    def ask(self) -> Proposal | None:
        """The first few are random: before that nothing is known."""
        if self._asked >= self.total:
            return None
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        number, plan = self._asked, self.plan
        self._asked += 1
        startup = max(3, min(10, plan.trials // 3))
        sampler = optuna.samplers.TPESampler(seed=(plan.seed * 100_003 + number) % 2**32, n_startup_trials=startup)
        study = optuna.create_study(direction="maximize", sampler=sampler)
        space = {axis.path: _distribution(axis) for axis in plan.axes}
        for trial in self.trials:
            study.add_trial(_told(trial, space))
        drawn = study.ask(space).params
        return Proposal(number, {axis.path: axis.tidy(drawn[axis.path]) for axis in plan.axes}, plan.epochs)

    def recall(self, trials: Sequence[Trial]) -> None:
        self.trials = list(trials)
        self._asked = len(self.trials)


def _distribution(axis: Axis) -> BaseDistribution:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if axis.values:
        return CategoricalDistribution(axis.values)
    assert axis.low is not None and axis.high is not None
    if axis.is_whole:
        return IntDistribution(round(axis.low), round(axis.high), log=axis.log)
    return FloatDistribution(axis.low, axis.high, log=axis.log)


def _told(trial: Trial, space: dict[str, BaseDistribution]) -> FrozenTrial:
    """A trial as optuna knows it. One that failed has read nothing right: where it was drawn is not worth another look."""
    from optuna.trial import TrialState, create_trial

    return create_trial(
        state=TrialState.PRUNED if trial.given_up else TrialState.COMPLETE,
        value=trial.score or 0.0,
        params=trial.values,
        distributions=space,
        intermediate_values=dict(enumerate(trial.curve, 1)),
    )
