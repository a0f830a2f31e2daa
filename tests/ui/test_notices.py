"""Notices: shown in words, three at a time, gone when they have served."""

from __future__ import annotations

import sys
import threading

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QLabel, QPushButton, QToolButton

from cvlab.core.notices import Remedy
from cvlab.engine.errors import NonFiniteLoss
from cvlab.ui.faults import Faults
from cvlab.ui.widgets.notice_bar import LINGER, VISIBLE


class Learning:
    rate = 3.0

    def lower(self) -> None:
        self.rate = 0.3


def test_a_failure_is_told_with_its_remedy_as_a_button(small_window, qtbot):
    learning = Learning()
    small_window.lab.notices.error(NonFiniteLoss(41, float("inf"), 3.0), Remedy("Try 0.3", learning.lower))
    (card,) = small_window.notice_bar.cards()
    words = " ".join(label.text() for label in card.findChildren(QLabel))
    assert "step 41" in words and "too high" in words
    qtbot.mouseClick(card.findChild(QPushButton, "notices.remedy_0"), Qt.MouseButton.LeftButton)
    assert learning.rate == 0.3
    assert small_window.notice_bar.cards() == []
    assert small_window.notice_bar.isHidden()


def test_at_most_three_are_shown_newest_first_and_the_rest_counted(small_window, qtbot):
    notices = small_window.lab.notices
    for number in range(5):
        notices.error(ValueError(number))
    cards = small_window.notice_bar.cards()
    assert [card.notice.text for card in cards] == ["ValueError: 4", "ValueError: 3", "ValueError: 2"]
    assert all(card.isVisible() for card in cards)
    more = small_window.findChild(QPushButton, "notices.close_all")
    assert more.text().startswith(f"{5 - VISIBLE} more")
    qtbot.mouseClick(cards[0].findChild(QToolButton, "notices.close"), Qt.MouseButton.LeftButton)
    assert small_window.notice_bar.cards()[-1].notice.text == "ValueError: 1"
    qtbot.mouseClick(more, Qt.MouseButton.LeftButton)
    assert small_window.notice_bar.cards() == []


def test_news_vanish_and_errors_stay(small_window):
    notices = small_window.lab.notices
    notices.success("Saved", "lenet.cvlab")
    notices.error(ValueError("stays"))
    stays, goes = small_window.notice_bar.cards()
    assert stays.findChild(QTimer) is None
    timer = goes.findChild(QTimer)
    assert timer.isActive() and timer.interval() == LINGER
    timer.timeout.emit()
    assert small_window.notice_bar.cards() == [stays]


def test_they_lie_in_the_top_right_corner_at_every_size(small_window):
    small_window.lab.notices.error(ValueError("a rather long story " * 12))
    for width, height in ((1440, 900), (960, 640)):
        small_window.resize(width, height)
        bar, stage = small_window.notice_bar.geometry(), small_window.stage.rect()
        assert stage.contains(bar)
        assert stage.right() - bar.right() == 16


def test_what_nobody_catches_is_told_once_on_any_thread(small_window, qtbot):
    faults = Faults(small_window.lab.notices, small_window)
    faults.install()
    try:
        for _ in range(3):
            thread = threading.Thread(target=fail)
            thread.start()
            thread.join()
        try:
            fail()
        except RuntimeError as error:
            sys.excepthook(type(error), error, error.__traceback__)
    finally:
        faults.remove()
    assert small_window.lab.notices.all == [], "told on the GUI thread only"
    faults.deliver()
    (notice,) = small_window.lab.notices.all
    assert "out of luck" in notice.text
    assert [remedy.caption for remedy in notice.remedies] == ["Show the log folder"]


def fail():
    raise RuntimeError("out of luck")
