"""The confusion matrix: counts in, a cell out, by pointer and by keys."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QApplication

from cvlab.ui.theme import theme
from cvlab.ui.widgets.confusion import ConfusionMatrix

COUNTS = np.array([[8, 2, 0], [1, 9, 0], [0, 0, 0]])
CLASSES = ("cat", "dog", "ship")


@pytest.fixture
def matrix(qapp, qtbot):
    made = ConfusionMatrix()
    qtbot.addWidget(made)
    made.resize(400, 360)
    made.show_counts(COUNTS, CLASSES)
    made.show()
    return made


def test_a_click_says_which_cell(matrix, qtbot):
    with qtbot.waitSignal(matrix.chosen) as caught:
        qtbot.mouseClick(matrix, Qt.MouseButton.LeftButton, pos=matrix.cell(0, 1).center().toPoint())
    assert caught.args == [0, 1]
    assert matrix.accessibleDescription() == "2 of 10 (20.0 %) are cat, but were taken for dog."
    with qtbot.assertNotEmitted(matrix.chosen):
        qtbot.mouseClick(matrix, Qt.MouseButton.LeftButton, pos=QPoint(2, 2))


def test_keys_go_from_cell_to_cell(matrix, qtbot):
    QApplication.sendEvent(matrix, QFocusEvent(QEvent.Type.FocusIn, Qt.FocusReason.TabFocusReason))
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Down):
        qtbot.keyClick(matrix, key)
    with qtbot.waitSignal(matrix.chosen) as caught:
        qtbot.keyClick(matrix, Qt.Key.Key_Return)
    assert caught.args == [2, 1]
    assert "0 of 0" in matrix.accessibleDescription(), "a class without images is no division by zero"


def test_the_diagonal_and_mistakes_have_different_colours_in_both_themes(matrix):
    try:
        for name in ("light", "dark"):
            theme().choose(name)
            image = matrix.grab().toImage()
            right, wrong, none = (
                image.pixelColor(matrix.cell(*cell).topLeft().toPoint() + QPoint(6, 6))
                for cell in ((0, 0), (0, 1), (0, 2))
            )
            assert right.green() > right.red() and wrong.red() > wrong.green()
            assert none == theme().colour("sunken")
    finally:
        theme().choose("light")


def test_counts_must_fit_the_classes(matrix):
    with pytest.raises(ValueError, match="square of counts"):
        matrix.show_counts(COUNTS, ("cat", "dog"))
    matrix.show_message("Nothing yet")
    assert matrix.counts is None and matrix.accessibleDescription() == "Nothing yet"


def test_many_classes_in_little_room(matrix):
    matrix.show_counts(np.eye(40, dtype=int), [f"class number {i}" for i in range(40)])
    matrix.resize(240, 200)
    assert not matrix.grab().isNull()
    assert matrix.cell(39, 39).right() <= 240
