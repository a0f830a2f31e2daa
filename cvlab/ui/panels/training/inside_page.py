"""What every page that looks inside a net promises the panel."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from cvlab.engine.training.events import ViewTaken


class InsidePage(QWidget):
    """views: what it asks for (see `engine.training.views`). It draws what it is given, and keeps nothing alive."""

    views: tuple[str, ...] = ()

    def show_view(self, view: ViewTaken, past: bool) -> None:
        """A look that has come. past: of a checkpoint or of a run at rest, not of the running net."""
        raise NotImplementedError

    def show_nothing(self, words: str) -> None:
        """No look yet, in words; what was shown of another run goes."""
        raise NotImplementedError
