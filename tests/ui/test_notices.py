"""Notices: the newest in words, gone when it has served."""

from __future__ import annotations

import sys
import threading

from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QToolButton

from cvlab.core.notices import Remedy
from cvlab.engine.errors import NonFiniteLoss
from cvlab.ui.faults import Faults
from cvlab.ui.widgets.notice_bar import LINGER, VISIBLE


class Learning:
    rate = 3.0

    def lower(self) -> None:
        self.rate = 0.3


def test_a_failure_is_told_with_its_remedy_as_a_button(small_window, qtbot):
    learning, bar = Learning(), small_window.notice_bar
    small_window.lab.notices.error(NonFiniteLoss(41, float("inf"), 3.0), Remedy("Try 0.3", learning.lower))
    assert "step 41" in bar.text.text() and "too high" in bar.toolTip()
    qtbot.mouseClick(bar.findChild(QPushButton, "notices.remedy_0"), Qt.MouseButton.LeftButton)
    assert learning.rate == 0.3
    assert bar.notice is None and bar.isHidden()


def test_the_newest_is_shown_and_three_are_whole_on_demand(small_window, qtbot):
    notices, bar = small_window.lab.notices, small_window.notice_bar
    for number in range(5):
        notices.error(ValueError(number))
    assert bar.text.text() == "ValueError: 4" and bar.list.isHidden()
    assert bar.more.text() == "4 more"
    qtbot.mouseClick(bar.more, Qt.MouseButton.LeftButton)
    cards = bar.list.cards()
    assert [card.notice.text for card in cards] == ["ValueError: 4", "ValueError: 3", "ValueError: 2"]
    assert len(cards) == VISIBLE and all(card.isVisible() for card in cards)
    qtbot.mouseClick(cards[0].findChild(QToolButton, "notices.close"), Qt.MouseButton.LeftButton)
    assert bar.list.cards()[-1].notice.text == "ValueError: 1"
    QTest.keyClick(bar.more, Qt.Key.Key_Escape)
    assert bar.list.isHidden()
    qtbot.mouseClick(bar.findChild(QToolButton, "notices.close"), Qt.MouseButton.LeftButton)
    assert bar.text.text() == "ValueError: 2"
    qtbot.mouseClick(bar.findChild(QPushButton, "notices.close_all"), Qt.MouseButton.LeftButton)
    assert bar.notice is None and notices.all == []


def test_news_vanish_and_errors_stay(small_window):
    notices, bar = small_window.lab.notices, small_window.notice_bar
    notices.error(ValueError("stays"))
    assert bar.findChildren(QTimer) == []
    notices.success("Saved", "lenet.cvlab")
    (timer,) = bar.findChildren(QTimer)
    assert timer.isActive() and timer.interval() == LINGER and bar.title.text() == "Saved"
    timer.timeout.emit()
    assert bar.text.text() == "ValueError: stays"


def test_news_that_are_in_use_stay(small_window):
    bar = small_window.notice_bar
    small_window.lab.notices.success("Saved", "", Remedy("Show", Learning().lower))
    bar.findChild(QPushButton, "notices.remedy_0").setFocus()
    (timer,) = bar.findChildren(QTimer)
    timer.timeout.emit()
    assert bar.title.text() == "Saved" and timer.isActive()


def test_a_remedy_that_posts_another_notice_closes_its_own(small_window, qtbot):
    notices, bar = small_window.lab.notices, small_window.notice_bar

    class Again:
        def act(self) -> None:
            notices.success("Done")

    notices.info("First", "", Remedy("Do", Again().act))
    qtbot.mouseClick(bar.findChild(QPushButton, "notices.remedy_0"), Qt.MouseButton.LeftButton)
    assert [notice.title for notice in notices.all] == ["Done"] and bar.title.text() == "Done"


def test_after_a_remedy_by_key_the_focus_is_in_the_panel_again(small_window, qtbot):
    small_window.lab.notices.success("Saved", "", Remedy("Show", Learning().lower))
    button = small_window.notice_bar.findChild(QPushButton, "notices.remedy_0")
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Space)
    focus, panel = small_window.focusWidget(), small_window.stack.currentWidget()
    assert focus is panel or panel.isAncestorOf(focus)


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
