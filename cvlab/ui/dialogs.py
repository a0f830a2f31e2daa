"""The few dialogs there are: a question, the list of shortcuts, and what this is. None of them blocks the event loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon, QKeySequence
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

import cvlab
from cvlab.core import paths
from cvlab.ui.command import Command
from cvlab.ui.theme import theme


class Dialog(QDialog):
    """A heading, a body, and buttons at the foot; window-modal, and deleted when it closes."""

    def __init__(self, parent: QWidget, name: str, heading: str) -> None:
        super().__init__(parent)
        theme().style(self)
        self.setObjectName(name)
        self.setWindowTitle(heading)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(24, 24, 24, 20)
        self._column.setSpacing(14)
        title = QLabel(heading, self)
        title.setProperty("role", "heading")
        self._column.addWidget(title)
        self.body = QVBoxLayout()
        self.body.setSpacing(10)
        self._column.addLayout(self.body)
        self._foot = QHBoxLayout()
        self._foot.setSpacing(8)
        self._foot.addStretch()
        self._column.addSpacing(6)
        self._column.addLayout(self._foot)

    def add_button(self, name: str, caption: str, tip: str, role: str = "") -> QPushButton:
        button = QPushButton(caption, self)
        button.setObjectName(f"{self.objectName()}.{name}")
        button.setAccessibleName(caption)
        button.setToolTip(tip)
        button.setProperty("role", role)
        self._foot.addWidget(button)
        return button


class Question(Dialog):
    """Asks, and calls the bound method that belongs to the answer. Esc answers with the last choice. Return answers with the
    primary choice, or with the last where none is primary: never with one that deletes something."""

    def __init__(
        self,
        parent: QWidget,
        name: str,
        heading: str,
        text: str,
        choices: Sequence[tuple[str, str, str, str, Callable]],
    ) -> None:
        """choices: name, caption, tool tip, role and what to do, in the order of the buttons."""
        super().__init__(parent, name, heading)
        words = QLabel(text, self)
        words.setWordWrap(True)
        words.setMinimumWidth(400)
        self.body.addWidget(words)
        self._answers: dict[str, Callable[[], None]] = {}
        for key, caption, tip, role, act in choices:
            button = self.add_button(key, caption, tip, role)
            button.clicked.connect(self._answer)
            self._answers[button.objectName()] = act
        primary = next((n for n, choice in enumerate(choices) if choice[3] == "primary"), len(choices) - 1)
        default = self.findChild(QPushButton, list(self._answers)[primary])
        default.setDefault(True)
        default.setFocus()
        self._unanswered: Callable[[], None] | None = act

    def _answer(self) -> None:
        self._unanswered = None
        self.close()
        self._answers[self.sender().objectName()]()

    def reject(self) -> None:
        # Esc, the title bar's cross, and close() all come here; only without an answer is this one.
        act, self._unanswered = self._unanswered, None
        super().reject()
        if act is not None:
            act()


class ShortcutsDialog(Dialog):
    """Every command that has a shortcut, by what it belongs to."""

    def __init__(self, parent: QWidget, groups: Sequence[tuple[str, Sequence[Command]]]) -> None:
        super().__init__(parent, "shortcuts", "Keyboard shortcuts")
        page = QWidget(self)
        page.setProperty("role", "page")
        grid = QGridLayout(page)
        grid.setContentsMargins(0, 0, 16, 0)
        grid.setHorizontalSpacing(32)
        grid.setVerticalSpacing(8)
        row = 0
        for group, commands in groups:
            with_keys = [command for command in commands if command.spec.shortcut]
            if not with_keys:
                continue
            title = QLabel(group, page)
            title.setProperty("role", "subheading")
            title.setContentsMargins(0, 10 if row else 0, 0, 0)
            grid.addWidget(title, row, 0, 1, 2)
            for command in with_keys:
                row += 1
                keys = QKeySequence(command.spec.shortcut).toString(QKeySequence.SequenceFormat.NativeText)
                grid.addWidget(QLabel(command.text().replace("&", ""), page), row, 0)
                badge = QLabel(keys, page)
                badge.setProperty("role", "badge")
                grid.addWidget(badge, row, 1, Qt.AlignmentFlag.AlignRight)
            row += 1
        grid.setRowStretch(row, 1)
        scroll = QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setWidget(page)
        scroll.setMinimumSize(440, 420)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.body.addWidget(scroll)
        self.add_button("close", "Close", "Closes this list.", "primary").clicked.connect(self.close)


class AboutDialog(Dialog):
    """Version, what it is, and whose work it stands on."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, "about", f"cvlab {cvlab.__version__}")
        logo = QLabel(self)
        logo.setPixmap(QIcon(str(paths.resources() / "icons" / "cvlab.svg")).pixmap(72, 72))
        words = QLabel(
            "A visual learning lab for computer vision and deep learning: drag a network together, "
            "watch it learn, draw a digit and see it read.",
            self,
        )
        words.setWordWrap(True)
        words.setMinimumWidth(360)
        thanks = QLabel(
            "Built with PyTorch, Qt for Python, pyqtgraph and matplotlib. Icons: Phosphor (MIT). Type: Inter (OFL). "
            "Digits: MNIST, by Yann LeCun, Corinna Cortes and Christopher Burges.",
            self,
        )
        thanks.setWordWrap(True)
        thanks.setProperty("role", "muted small")
        row = QHBoxLayout()
        row.setSpacing(20)
        row.addWidget(logo, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(10)
        column.addWidget(words)
        column.addWidget(thanks)
        row.addLayout(column, 1)
        self.body.addLayout(row)
        self.add_button("close", "Close", "Closes this.", "primary").clicked.connect(self.close)
