"""Formulas: typeset in the background, once each, and legible when they cannot be."""

from __future__ import annotations

import sys

import pytest

from cvlab.engine.formula import Formula
from cvlab.ui.theme import theme
from cvlab.ui.widgets.formula import FormulaLabel, typesetter

FRACTION = r"O = \frac{W - F + 2P}{S} + 1"


def shown(qtbot, tex: str) -> FormulaLabel:
    label = FormulaLabel(Formula("", tex, definition="a test"))
    qtbot.addWidget(label)
    label.resize(300, 60)
    label.show()
    qtbot.waitUntil(lambda: assert_ready(label), timeout=30_000)
    return label


def assert_ready(label):
    assert label.is_ready
    assert not label._timer.isActive()


def test_a_formula_is_drawn_in_ink_and_follows_the_theme(qtbot, qapp):
    label = shown(qtbot, FRACTION)
    assert darkness(label) > 60
    theme().choose("dark")
    try:
        assert darkness(label) < 0
    finally:
        theme().choose("light")


def darkness(label) -> int:
    image = label.grab().toImage()
    return sum(image.pixelColor(x, y).lightness() < 90 for x in range(image.width()) for y in range(image.height())) - (
        image.width() * image.height() if theme().is_dark else 0
    )


def test_a_wide_formula_is_scaled_to_fit(qtbot, qapp):
    label = shown(qtbot, r"L = \frac{1}{N} \sum_i \sum_{j \neq y_i} \max(0, s_j - s_{y_i} + \Delta) + \lambda \|W\|^2")
    assert label.sizeHint().width() > 260
    assert label.heightForWidth(260) < label.heightForWidth(1000)


def test_what_cannot_be_typeset_is_shown_as_written(qtbot, qapp, caplog):
    label = shown(qtbot, r"\frac{1}{")
    assert typesetter.path(r"\frac{1}{") is None
    assert "cannot typeset" in caplog.text
    assert darkness(label) > 10


def test_the_same_formula_is_typeset_once(qtbot, qapp):
    shown(qtbot, FRACTION)
    assert typesetter.path(FRACTION) is typesetter.path(FRACTION)
    another = FormulaLabel(Formula("", FRACTION, definition="a test"))
    qtbot.addWidget(another)
    assert another.is_ready


def test_a_label_that_is_never_seen_asks_for_nothing(qtbot, qapp):
    tex = r"\mathrm{never\ seen}"
    qtbot.addWidget(FormulaLabel(Formula("", tex, definition="a test")))
    assert not typesetter.is_ready(tex)
    with pytest.raises(ValueError):
        typesetter._wanted.remove(tex)


def test_importing_the_label_imports_no_matplotlib():
    import subprocess

    code = "import sys, cvlab.ui.widgets.formula; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
