"""What every page that looks inside a net promises the panel."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel, QWidget

from cvlab.engine.training.events import ViewMissed, ViewTaken


class InsidePage(QWidget):
    """views: what it asks for (see `engine.training.views`). It draws what it is given, and keeps nothing alive."""

    views: tuple[str, ...] = ()
    words: QLabel

    def show_view(self, view: ViewTaken, past: bool) -> None:
        """A look that has come. past: of a checkpoint or of a run at rest, not of the running net."""
        raise NotImplementedError

    def show_missed(self, missed: ViewMissed) -> None:
        """A look that could not be had: the reason; what was drawn before stays."""
        words = f"{missed.what} {missed.remedy} The run is not disturbed."
        if self.has_drawn:
            self.words.setText(words)
            self.words.show()
        else:
            self.show_nothing(words)

    @property
    def has_drawn(self) -> bool:
        """Whether a look at this run is on the screen."""
        raise NotImplementedError

    def show_nothing(self, words: str) -> None:
        """No look yet, in words; what was shown of another run goes."""
        raise NotImplementedError
