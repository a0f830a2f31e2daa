"""A public set that is not here: fetched, or taken from files that the person has; and why it did not come."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from cvlab.core.lab import Lab
from cvlab.ui.panels.datasets.about_card import AboutCard
from cvlab.ui.panels.datasets.arrivals import Arrivals
from cvlab.ui.panels.datasets.offers import ask


class Fetching(QObject):
    """failed: (id, error): a set did not come."""

    failed = Signal(str, object)

    def __init__(self, lab: Lab, about: AboutCard, arrivals: Arrivals, panel: QWidget) -> None:
        super().__init__(panel)
        self._state, self._arrivals, self._panel = lab.project.datasets, arrivals, panel
        self._errors: dict[str, BaseException] = {}
        about.get.connect(self.get)
        about.own_file.connect(self._ask_for_file)
        about.own_folder.connect(self._ask_for_folder)
        arrivals.not_got.connect(self._keep)
        arrivals.arrived.connect(self._forget)

    def error(self, dataset_id: str) -> BaseException | None:
        """Why this set did not come when it was last tried; None while it is tried, and where it was not."""
        return None if self._arrivals.is_busy else self._errors.get(dataset_id)

    def get(self) -> None:
        """Downloads the set that is looked at."""
        self._arrivals.get(self._state.dataset)

    def _ask_for_file(self) -> None:
        ask(self._panel, "One of the original files", self.use_copy)

    def _ask_for_folder(self) -> None:
        ask(self._panel, "The folder of the original files", self.use_copy, folder=True)

    def use_copy(self, name: str) -> None:
        """Takes the set that is looked at from this file or folder."""
        self._arrivals.get(self._state.dataset, Path(name))

    def _keep(self, dataset_id: str, error: BaseException) -> None:
        self._errors[dataset_id] = error
        self.failed.emit(dataset_id, error)

    def _forget(self, dataset_id: str) -> None:
        self._errors.pop(dataset_id, None)
