"""Notices as cards over the panel's top right corner: not modal, with remedies as buttons. Says nothing by itself."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from cvlab.core.notices import Notice, Notices, Remedy
from cvlab.ui.bind import listen
from cvlab.ui.theme import theme
from cvlab.ui.theme.icons import icon
from cvlab.ui.widgets.sign import Sign

WIDTH = 360
VISIBLE = 3
LINGER = 8000
"""Milliseconds before news vanish. Warnings and errors stay until they are closed."""

ROLES = {"info": "accent", "success": "positive", "warning": "warning", "error": "negative"}


class RemedyButton(QPushButton):
    """Does what the remedy says, then the notice has served."""

    done = Signal()

    def __init__(self, remedy: Remedy, parent: QWidget) -> None:
        super().__init__(remedy.caption, parent)
        self._remedy = remedy
        self.setProperty("role", "chip")
        self.setAccessibleName(remedy.caption)
        self.setToolTip("Does this now, and closes the message.")
        self.clicked.connect(self._act)

    def _act(self) -> None:
        self._remedy.act()
        self.done.emit()


class NoticeCard(QFrame):
    """One notice. `closed` carries its id."""

    closed = Signal(int)

    def __init__(self, notice: Notice, parent: QWidget) -> None:
        super().__init__(parent)
        self.notice = notice
        self.setProperty("role", f"notice notice-{notice.level}")
        self.setAccessibleName(f"{notice.level}: {notice.title}")
        sign = Sign(notice.level, ROLES[notice.level], 20, self)
        title = QLabel(notice.title, self)
        title.setProperty("role", "subheading")
        title.setWordWrap(True)
        close = QToolButton(self)
        close.setIcon(icon("close", "muted"))
        close.setObjectName("notices.close")
        close.setAccessibleName("Close this message")
        close.setToolTip("Closes this message.")
        close.clicked.connect(self.close_notice)
        grid = QHBoxLayout(self)
        grid.setContentsMargins(12, 10, 8, 12)
        grid.setSpacing(10)
        grid.addWidget(sign, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setContentsMargins(0, 2, 0, 0)
        column.setSpacing(6)
        column.addWidget(title)
        for words, role in ((notice.text, ""), (notice.details, "muted small")):
            if words:
                label = QLabel(words, self)
                label.setWordWrap(True)
                label.setProperty("role", role)
                label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
                column.addWidget(label)
        if notice.remedies:
            row = QHBoxLayout()
            row.setSpacing(8)
            for number, remedy in enumerate(notice.remedies):
                button = RemedyButton(remedy, self)
                button.setObjectName(f"notices.remedy_{number}")
                button.done.connect(self.close_notice)
                row.addWidget(button)
            row.addStretch()
            column.addSpacing(2)
            column.addLayout(row)
        grid.addLayout(column, 1)
        grid.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        if notice.level in ("info", "success"):
            timer = QTimer(self)
            timer.setSingleShot(True)
            timer.timeout.connect(self._expire)
            timer.start(LINGER)

    def _expire(self) -> None:
        # Whoever is about to use it keeps it.
        if not self.underMouse() and not self.isAncestorOf(self.window().focusWidget() or self.window()):
            self.close_notice()

    def close_notice(self) -> None:
        self.closed.emit(self.notice.id)


class NoticeBar(QWidget):
    """The newest three notices above each other, and how many more there are. Lies over `parent`, at its top right."""

    def __init__(self, notices: Notices, parent: QWidget) -> None:
        super().__init__(parent)
        theme().style(self)
        self._notices = notices
        self._cards: dict[int, NoticeCard] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        self._more = QPushButton(self)
        self._more.setProperty("role", "chip")
        self._more.setObjectName("notices.close_all")
        self._more.setAccessibleName("Close all messages")
        self._more.setToolTip("Closes all messages. The log keeps them.")
        self._more.clicked.connect(self.close_all)
        self._column.addWidget(self._more, 0, Qt.AlignmentFlag.AlignRight)
        for notice in notices.all:
            self._add(notice)
        listen(self, notices.posted, self._add)
        listen(self, notices.dismissed, self._drop)
        parent.installEventFilter(self)
        self._arrange()

    def cards(self) -> list[NoticeCard]:
        """Those on the screen, newest first."""
        return list(reversed(self._cards.values()))[:VISIBLE]

    def close_all(self) -> None:
        for notice_id in list(self._cards):
            self._notices.dismiss(notice_id)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and watched is self.parent():
            self._place()
        return False

    def _add(self, notice: Notice) -> None:
        card = NoticeCard(notice, self)
        card.closed.connect(self._notices.dismiss)
        self._cards[notice.id] = card
        self._arrange()

    def _drop(self, notice_id: int) -> None:
        card = self._cards.pop(notice_id, None)
        if card is not None:
            card.hide()
            self._column.removeWidget(card)
            card.deleteLater()
            self._arrange()

    def _arrange(self) -> None:
        shown = self.cards()
        for card in self._cards.values():
            self._column.removeWidget(card)
            card.setVisible(card in shown)
        for place, card in enumerate(shown):
            self._column.insertWidget(place, card)
        hidden = len(self._cards) - len(shown)
        self._more.setVisible(hidden > 0)
        self._more.setText(f"{hidden} more. Close all")
        self.setVisible(bool(shown))
        self._place()

    def _place(self) -> None:
        if not self._cards:
            return
        parent = self.parentWidget()
        width = min(WIDTH, parent.width() - 32)
        height = self._column.heightForWidth(width) if self._column.hasHeightForWidth() else self.sizeHint().height()
        self.setGeometry(parent.width() - width - 16, 16, width, min(height, parent.height() - 32))
        self.raise_()
