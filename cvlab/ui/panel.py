"""What every panel's view promises the window."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from cvlab.core.lab import Lab
from cvlab.engine.formula import Formula
from cvlab.ui.actions import Action
from cvlab.ui.theme import theme


@dataclass(frozen=True)
class Lesson:
    """What the explanation dock says: what one looks at, the formulas, and what to try."""

    title: str
    looking_at: str
    formulas: tuple[Formula, ...] = ()
    try_this: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stop:
    """One picture of the tour: its name, and when the panel is ready for it."""

    name: str
    is_ready: Callable[[], bool]
    timeout_s: float = 60.0


class Panel(QWidget):
    """A panel's view. Subclasses set `lesson`, build their widgets in `__init__`, and read and write only the project.

    explain: emitted with a `Lesson` when the person looks at something that deserves other words (a selected layer).
    """

    explain = Signal(object)
    go_to = Signal(str)  # another panel's id

    lesson = Lesson("", "")

    def __init__(self, lab: Lab, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme().style(self)
        self.lab = lab
        self.first_control: QWidget | None = None
        """Has the focus when the panel comes to the front. It is no focus proxy: Tab never gets past a container whose proxy
        is hidden or disabled."""

    def take_focus(self) -> None:
        """Gives the focus to the first control, or to the panel itself where that cannot take it now."""
        first = self.first_control
        can = first is not None and first.isEnabled() and first.isVisibleTo(self)
        (first if can else self).setFocus(Qt.FocusReason.OtherFocusReason)

    def actions_offered(self) -> Sequence[Action]:
        """What the panel can do, for its menu entries, shortcuts and the palette."""
        return ()

    def shown(self) -> None:
        """The panel has come to the front: take up live views."""

    def hidden(self) -> None:
        """The panel went behind: cost nothing from now on."""

    def take_drop(self, path: Path) -> None:
        """A file or folder was let fall on the window, and this is the panel that such things are for."""

    def tick(self) -> None:
        """Called at most 30 times a second while the panel is in front, after runs and jobs were drained."""

    def tour(self) -> Iterator[Stop]:
        """Brings real content up, one stop a picture."""
        yield Stop("open", self.isVisible)
