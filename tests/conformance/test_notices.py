"""A notice covers no control, in any panel, at the usual and at a small size."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)

from cvlab.core.notices import Remedy
from cvlab.ui.panels import PANELS

CONTROLS = (
    QAbstractButton, QAbstractItemView, QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit, QPlainTextEdit,
)  # fmt: skip


def place(widget: QWidget, window: QWidget) -> QRect:
    """Where the widget can be seen in the window."""
    return widget.visibleRegion().boundingRect().translated(widget.mapTo(window, QPoint()))


def test_a_notice_covers_no_control(lab, window):
    bar = window.notice_bar
    seen = 0
    for size in ((1440, 900), (1024, 700)):
        window.resize(*size)
        for spec in PANELS:
            window.go(spec.id)
            lab.notices.error(ValueError("What was received, and what to do about it. " * 8), Remedy("Undo", lab.pump))
            lab.notices.success("Run deleted", "2-layer net on mnist-mini", Remedy("Undo", lab.pump))
            QApplication.processEvents()
            covered = bar.geometry().translated(bar.parentWidget().mapTo(window, QPoint()))
            controls = [
                each
                for each in window.findChildren(QWidget)
                if (isinstance(each, CONTROLS) or each.focusPolicy())
                and each.isVisible()
                and not bar.isAncestorOf(each)
            ]
            seen += len(controls)
            assert window.rect().contains(covered) and bar.isVisible() and bar.list.isHidden()
            wrong = [each.objectName() for each in controls if place(each, window).intersects(covered)]
            assert wrong == [], f"{spec.id} at {size}"
            whole = [bar.title, *bar.findChildren(QAbstractButton)]
            assert [
                each.objectName() for each in whole if each.isVisible() and not bar.rect().contains(each.geometry())
            ] == []
            assert not bar.title.is_cut
            bar.close_all()
    assert seen > 400
