"""What every panel promises, checked for every panel there is."""

from __future__ import annotations

from functools import partial

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QScrollBar,
    QWidget,
)

from cvlab.ui.panel import Panel, Stop
from cvlab.ui.panels import PANELS
from cvlab.ui.theme import theme
from cvlab.ui.theme.icons import GLYPHS
from cvlab.ui.widgets.formula import typesetter
from cvlab.ui.window import MainWindow

EVERY_PANEL = pytest.mark.parametrize("spec", PANELS, ids=[spec.id for spec in PANELS])
CONTROLS = (QAbstractButton, QAbstractSpinBox, QAbstractSlider, QComboBox, QLineEdit)


@pytest.fixture
def shown(lab, qapp, qtbot, flush):
    """A function that opens the window at a panel and gives both."""
    windows = []

    def show(panel_id: str) -> tuple[MainWindow, Panel]:
        lab.project.panel = panel_id
        window = MainWindow(lab)
        windows.append(window)
        window.resize(1440, 900)
        with qtbot.waitExposed(window):
            window.show()
        panel = window.panel(panel_id)
        assert panel is not None, [notice.text for notice in lab.notices.all]
        assert window.stack.currentWidget() is panel
        return window, panel

    yield show
    for window in windows:
        window.leave()
    flush()


def inked(button: QAbstractButton) -> str:
    """The colour that the button's glyph is drawn in."""
    image = button.icon().pixmap(QSize(32, 32)).toImage()
    return max((image.pixelColor(x, y) for x in range(32) for y in range(32)), key=QColor.alpha).name()


def controls(panel: QWidget) -> list[QWidget]:
    """What a person can operate. The parts inside another control (a spin box's line, a
    line's button that clears it) belong to that one."""
    return [
        widget
        for widget in panel.findChildren(QWidget)
        if isinstance(widget, CONTROLS)
        and not isinstance(widget, QScrollBar)
        and not isinstance(widget.parent(), QAbstractSpinBox | QComboBox | QLineEdit)
        and not widget.objectName().startswith("qt_")
    ]


@EVERY_PANEL
def test_it_is_declared(spec):
    assert spec.id.isidentifier() and spec.id.islower()
    assert spec.title and spec.summary
    assert spec.icon in GLYPHS


@EVERY_PANEL
def test_it_opens_with_a_lesson_and_something_on_it(spec, shown, qtbot):
    window, panel = shown(spec.id)
    lesson = panel.lesson
    assert lesson.title and len(lesson.looking_at) > 40
    assert lesson.try_this, "a lesson says what to try"
    assert window.explanation.lesson is not None
    image = panel.grab().toImage()
    step = 7
    for tex in (formula.tex for formula in lesson.formulas):
        typesetter.ask(tex)
        qtbot.waitUntil(partial(typesetter.is_ready, tex), timeout=20_000)
        assert typesetter.path(tex) is not None, f"{tex} cannot be typeset"
    colours = {image.pixel(x, y) for x in range(0, image.width(), step) for y in range(0, image.height(), step)}
    assert len(colours) > 12, "an empty box"


@EVERY_PANEL
def test_every_control_has_a_name_for_scripts_one_for_ears_and_a_tip_that_teaches(spec, shown):
    _, panel = shown(spec.id)
    found = controls(panel)
    assert found, "nothing to operate"
    wrong = [
        f"{type(widget).__name__} {widget.objectName()!r}: {what}"
        for widget in found
        for what, is_right in (
            (f"objectName must begin with {spec.id}.", widget.objectName().startswith(f"{spec.id}.")),
            ("no accessibleName", bool(widget.accessibleName())),
            ("no toolTip", len(widget.toolTip()) >= 12),
        )
        if not is_right
    ]
    assert wrong == []
    names = [widget.objectName() for widget in found]
    assert len(set(names)) == len(names), f"twice: {sorted({name for name in names if names.count(name) > 1})}"


@EVERY_PANEL
def test_its_actions_are_its_own(spec, shown):
    window, panel = shown(spec.id)
    for action in panel.actions_offered():
        assert action.id.startswith(f"{spec.id}.")
        assert action.text and action.menu in ("", *window.commands.menus)
        assert not action.icon or action.icon in GLYPHS


@EVERY_PANEL
def test_it_survives_the_theme_the_smallest_window_and_being_behind(spec, shown, qtbot):
    window, panel = shown(spec.id)
    light = panel.grab().toImage()
    theme().choose("dark")
    try:
        assert panel.grab().toImage() != light
    finally:
        theme().choose("light")
    window.resize(1024, 700)
    rounds = window.pump.took.count
    qtbot.waitUntil(lambda: assert_more(window.pump.took.count, rounds + 3))
    assert window.width() == 1024
    least = panel.minimumSizeHint()
    assert least.width() <= panel.width() and least.height() <= panel.height(), "it is squeezed in the smallest window"
    window.stack.rest()
    window.stack.wake()
    assert window.stack.currentWidget() is panel


def assert_more(value, least):
    assert value >= least


@EVERY_PANEL
def test_it_undoes_without_complaint(spec, shown, lab):
    shown(spec.id)
    while lab.history.can_undo:
        lab.history.undo()
    while lab.history.can_redo:
        lab.history.redo()


@EVERY_PANEL
def test_the_names_of_its_tour_are_plain(spec, shown):
    _, panel = shown(spec.id)
    first = next(panel.tour())
    assert isinstance(first, Stop)
    assert first.name.replace("-", "").isalnum()


@EVERY_PANEL
def test_its_buttons_are_written_alike(spec, shown):
    """An ellipsis stands right at its word, and a glyph on a coloured button has the colour of the words there."""
    window, panel = shown(spec.id)
    buttons = [button for button in panel.findChildren(QAbstractButton) if button.text() or not button.icon().isNull()]
    words = [button.text() for button in buttons] + [command.text() for command, _ in window.commands.entries(spec.id)]
    assert not [text for text in words if text.endswith(("...", " \u2026"))]
    wrong = [
        button.objectName()
        for button in buttons
        if "primary" in str(button.property("role")).split()
        and not button.icon().isNull()
        and inked(button) != theme().colour("accent_ink").name()
    ]
    assert not wrong
