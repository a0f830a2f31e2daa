"""Notices: the newest in one line over the status bar, where it covers no control, and all of it on demand. Not modal."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStyleOption,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from cvlab.core.notices import Notice, Notices, Remedy
from cvlab.ui.bind import listen
from cvlab.ui.theme import theme
from cvlab.ui.theme.icons import icon
from cvlab.ui.theme.style import set_role
from cvlab.ui.widgets.finish import wrapped
from cvlab.ui.widgets.sign import Sign
from cvlab.ui.widgets.status import Status

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


def _close_button(parent: QWidget) -> QToolButton:
    close = QToolButton(parent)
    close.setIcon(icon("close", "muted"))
    close.setObjectName("notices.close")
    close.setAccessibleName("Close this message")
    close.setToolTip("Closes this message.")
    return close


class OneLine(QLabel):
    """Text in one line, with an ellipsis at its end where there is no room for it."""

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())

    @property
    def is_cut(self) -> bool:
        return self.fontMetrics().horizontalAdvance(self.text()) > self.width()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        option = QStyleOption()
        option.initFrom(self)
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        alignment = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        self.style().drawItemText(painter, self.rect(), alignment, option.palette, True, text, self.foregroundRole())
        painter.end()


class NoticeCard(QFrame):
    """One notice, whole. `closed` carries its id."""

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
        close = _close_button(self)
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

    def close_notice(self) -> None:
        self.closed.emit(self.notice.id)


class NoticeList(QWidget):
    """The newest three notices above each other at the foot of `stage`, over what is there: only when it is asked for."""

    closed = Signal(int)
    escaped = Signal()

    def __init__(self, stage: QWidget) -> None:
        super().__init__(stage)
        theme().style(self)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        self.hide()
        stage.installEventFilter(self)

    def cards(self) -> list[NoticeCard]:
        """Those on the screen, newest first."""
        return [self._column.itemAt(place).widget() for place in range(self._column.count())]

    def show_notices(self, notices: Sequence[Notice]) -> None:
        """notices: newest first. A card that is there already stays, and with it the focus."""
        known = {card.notice.id: card for card in self.cards()}
        for place, notice in enumerate(notices[:VISIBLE]):
            card = known.pop(notice.id, None)
            if card is None:
                card = NoticeCard(notice, self)
                card.closed.connect(self.closed)
            self._column.insertWidget(place, card)
        for card in known.values():
            card.hide()
            self._column.removeWidget(card)
            card.deleteLater()
        self._place()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.escaped.emit()
        else:
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return False

    def _place(self) -> None:
        stage = self.parentWidget()
        width = min(WIDTH, stage.width() - 32)
        height = self._column.heightForWidth(width) if self._column.hasHeightForWidth() else self.sizeHint().height()
        height = min(height, stage.height() - 32)
        self.setGeometry(stage.width() - width - 16, stage.height() - height - 8, width, height)
        self.raise_()


class NoticeBar(QFrame):
    """The newest notice in one line, over the part of the status bar that `status.notice_area` gives.

    News vanish by themselves. A notice that is too long for the line, and those before it, are shown on demand.

    left: the notice that had the focus is gone; the focus belongs to the panel again.
    """

    left = Signal()

    def __init__(self, notices: Notices, status: Status, stage: QWidget) -> None:
        super().__init__(status)
        self._notices = notices
        self._shown: list[Notice] = list(notices.all)
        self._timers: dict[int, QTimer] = {}
        self._has_focus = False
        self.list = NoticeList(stage)
        self.list.closed.connect(notices.dismiss)
        self.list.escaped.connect(self._fold)
        self._sign = QWidget(self)
        self.title, self.text = OneLine(self), OneLine(self)
        self.title.setProperty("role", "subheading")
        self.text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.title.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self._remedies: list[RemedyButton] = []
        self.more = self._chip("notices.more", "Details", "Shows the messages whole, above this line.")
        self.more.setCheckable(True)
        self.more.toggled.connect(self._unfold)
        self._close_all = self._chip("notices.close_all", "Close all", "Closes all messages. The log keeps them.")
        self._close_all.setAccessibleName("Close all messages")
        self._close_all.clicked.connect(self.close_all)
        self._close = _close_button(self)
        self._close.clicked.connect(self._close_newest)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(8, 1, 2, 1)
        self._row.setSpacing(8)
        for part in (self._sign, self.title, self.text, self.more, self._close_all, self._close):
            self._row.addWidget(part, int(part is self.text))
        listen(self, notices.posted, self._add)
        listen(self, notices.dismissed, self._drop)
        status.installEventFilter(self)
        status.notice_area_changed.connect(self._place)
        for notice in self._shown:
            self._let_expire(notice)
        self._show()

    def _chip(self, name: str, text: str, tip: str) -> QPushButton:
        button = QPushButton(text, self)
        button.setProperty("role", "chip")
        button.setObjectName(name)
        button.setAccessibleName(text)
        button.setToolTip(tip)
        return button

    @property
    def notice(self) -> Notice | None:
        """The one in the line."""
        return self._shown[-1] if self._shown else None

    def close_all(self) -> None:
        for notice in list(self._shown):
            self._notices.dismiss(notice.id)

    # -- notices come and go -----------------------------------------------------------------------------------------

    def _add(self, notice: Notice) -> None:
        self._shown.append(notice)
        self._let_expire(notice)
        self._show()

    def _drop(self, notice_id: int) -> None:
        self._has_focus = any(each.isAncestorOf(QApplication.focusWidget()) for each in (self, self.list))
        self._shown = [notice for notice in self._shown if notice.id != notice_id]
        timer = self._timers.pop(notice_id, None)
        if timer is not None:
            timer.stop()
            timer.deleteLater()
        self._show()
        if self._has_focus and not self._shown:
            self.left.emit()

    def _let_expire(self, notice: Notice) -> None:
        if notice.level in ("info", "success"):
            timer = QTimer(self)
            timer.setSingleShot(True)
            timer.setProperty("notice", notice.id)
            timer.timeout.connect(self._expire)
            timer.start(LINGER)
            self._timers[notice.id] = timer

    def _expire(self) -> None:
        timer = self.sender()
        in_use = any(each.underMouse() or each.isAncestorOf(QApplication.focusWidget()) for each in (self, self.list))
        if in_use:
            timer.start(LINGER)
        else:
            self._notices.dismiss(timer.property("notice"))

    def _close_newest(self) -> None:
        if self.notice is not None:
            self._notices.dismiss(self.notice.id)

    def _have_acted(self) -> None:
        self._notices.dismiss(self.sender().property("notice"))  # what was done may have posted another one

    # -- showing -----------------------------------------------------------------------------------------------------

    def _show(self) -> None:
        notice = self.notice
        self.setVisible(notice is not None)
        if notice is None:
            self._fold()
            return
        set_role(self, f"notice notice-{notice.level}")
        self.setAccessibleName(f"{notice.level}: {notice.title}. {notice.text}".strip())
        sign = Sign(notice.level, ROLES[notice.level], 16, self)
        self._row.replaceWidget(self._sign, sign)
        self._sign.hide()
        self._sign.deleteLater()
        self._sign = sign
        sign.show()
        self.title.setText(notice.title)
        self.text.setText(" ".join(notice.text.split()))
        self.setToolTip(wrapped("\n".join(part for part in (notice.title, notice.text, notice.details) if part)))
        self._show_remedies(notice)
        others = len(self._shown) - 1
        self.more.setText(f"{others} more" if others else "Details")
        self._close_all.setVisible(others > 0)
        self._place()
        if self.more.isChecked():
            self.list.show_notices(self._shown[::-1])

    def _show_remedies(self, notice: Notice) -> None:
        for button in self._remedies:
            button.hide()
            self._row.removeWidget(button)
            button.deleteLater()
        self._remedies = []
        for number, remedy in enumerate(notice.remedies):
            button = RemedyButton(remedy, self)
            button.setObjectName(f"notices.remedy_{number}")
            button.setProperty("notice", notice.id)
            button.done.connect(self._have_acted)
            self._row.insertWidget(self._row.indexOf(self.more), button)
            button.show()
            self._remedies.append(button)

    def _unfold(self, is_open: bool) -> None:
        if is_open:
            self.list.show_notices(self._shown[::-1])
        self.list.setVisible(is_open)
        self.list.raise_()
        if not is_open:
            self.list.show_notices(())

    def _fold(self) -> None:
        self.more.setChecked(False)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._fold()
        else:
            super().keyPressEvent(event)

    def _place(self) -> None:
        notice = self.notice
        if notice is None:
            return
        self.setGeometry(self.parentWidget().notice_area())
        self.more.setVisible(True)
        self._row.activate()
        is_cut = self.title.is_cut or self.text.is_cut
        self.more.setVisible(is_cut or bool(notice.details) or len(self._shown) > 1 or self.more.isChecked())
        self._row.activate()
        self.raise_()
