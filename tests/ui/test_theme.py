"""Looks that can be checked: contrast, icons, fonts, and pictures that agree with the tokens."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QObject, QSize
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLabel, QWidget

import cvlab
from cvlab.core import paths
from cvlab.ui.theme import theme
from cvlab.ui.theme.icons import GLYPHS, icon
from cvlab.ui.theme.style import GROUNDS, contrast, mix, readable, set_role, style_sheet
from cvlab.ui.theme.tokens import DARK, LIGHT

BOTH = pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])


@BOTH
@pytest.mark.parametrize("text", ["ink", "muted", "accent", "positive", "negative", "warning"])
@pytest.mark.parametrize("ground", GROUNDS)
def test_text_can_be_read(tokens, text, ground):
    assert contrast(getattr(tokens, text), getattr(tokens, ground)) >= 4.5


@BOTH
def test_names_in_the_colours_of_classes_and_curves_can_be_read(tokens, qapp):
    try:
        theme().choose(tokens.name)
        for role in (*(f"class-{n}" for n in range(10)), "train", "held_out", *tokens.roles):
            for ground in GROUNDS:
                assert contrast(theme().text(role).name(), getattr(tokens, ground)) >= 4.5, (role, ground)
    finally:
        theme().choose("light")


@BOTH
def test_a_colour_that_can_be_read_stays_as_it_is(tokens):
    assert readable(tokens.accent, tokens) == tokens.accent


@BOTH
@pytest.mark.parametrize(
    ("text", "ground"),
    [("accent_ink", "accent"), ("accent", "accent_soft"), ("ink", "accent_soft"), ("ink", "hover"), ("ink", "sunken")],
)
def test_text_on_colour_can_be_read(tokens, text, ground):
    assert contrast(getattr(tokens, text), getattr(tokens, ground)) >= 4.5


@BOTH
def test_outlines_of_controls_can_be_seen(tokens):
    assert contrast(tokens.line, tokens.raised) >= 3


def test_contrast_of_black_and_white_and_a_mixture():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert mix("#000000", "#ffffff", 0.5) in ("#808080", "#7f7f7f")


@BOTH
def test_the_style_sheet_leaves_no_token_open_and_names_pictures_that_exist(tokens):
    sheet = style_sheet(tokens)
    assert "@" not in sheet
    for name in re.findall(r'url\("([^"]+)"\)', sheet):
        assert (paths.resources() / "icons" / name.rsplit("/", 1)[1]).is_file(), name


@BOTH
def test_the_pictures_have_the_tokens_colours(tokens):
    wanted = {"check": tokens.accent_ink, "partial": tokens.accent_ink, "tick": tokens.accent}
    for path in (paths.resources() / "icons").glob(f"*-{tokens.name}.svg"):
        (colour,) = re.findall(r'stroke="(#\w+)"', path.read_text())
        assert colour == wanted.get(path.stem.split("-")[0], tokens.muted), path.name


@pytest.mark.parametrize("name", GLYPHS)
def test_every_icon_draws_something_inside_its_box(qapp, name):
    image = icon(name).pixmap(QSize(24, 24)).toImage()
    opaque = [(x, y) for x in range(24) for y in range(24) if image.pixelColor(x, y).alpha() > 60]
    assert len(opaque) > 8
    edge = [at for at in opaque if 0 in at or 23 in at]
    assert not edge, "cut off at the edge"


def test_an_icon_follows_the_theme_and_an_unknown_one_is_refused(qapp):
    mark = icon("stop", "ink")
    try:
        light = darkest(mark)
        theme().choose("dark")
        assert darkest(mark).lightness() > light.lightness() + 100
    finally:
        theme().choose("light")
    with pytest.raises(KeyError):
        icon("no such icon")


def darkest(mark) -> QColor:
    image = mark.pixmap(QSize(48, 48)).toImage()
    colours = [image.pixelColor(x, y) for x in range(48) for y in range(48)]
    return max(colours, key=QColor.alpha)


def test_figures_have_one_width_and_roles_change_the_look(qtbot, qapp):
    label = QLabel("0")
    qtbot.addWidget(label)
    theme().style(label)
    set_role(label, "number")
    label.show()
    widths = {label.fontMetrics().horizontalAdvance(str(figure) * 4) for figure in range(10)}
    assert len(widths) == 1
    assert label.font().family() == "Inter"
    before = label.font().pixelSize()
    set_role(label, "small")
    assert label.font().pixelSize() < before


def test_the_theme_tells_and_knows_layers_and_classes(qapp, qtbot):
    with qtbot.waitSignal(theme().changed):
        theme().choose("dark")
    assert theme().colour("conv").name() == DARK.roles["conv"]
    assert theme().colour("class-3").name() == DARK.classes[3]
    assert theme().colour("ink", 0.5).alphaF() == pytest.approx(0.5, abs=0.01)
    theme().choose("light")


class _StyleChanges(QObject):
    def __init__(self):
        super().__init__()
        self.seen = Counter()

    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.StyleChange:
            self.seen[watched.objectName()] += 1
        return False


def test_a_change_of_theme_polishes_a_widget_once_however_deep_it_lies(qapp, qtbot):
    outer = widget = QWidget()
    qtbot.addWidget(outer)
    for depth in range(8):
        inner = QWidget(widget)
        inner.setObjectName(f"depth {depth}")
        widget = inner
    outer.show()
    changes = _StyleChanges()
    qapp.installEventFilter(changes)
    theme().choose("dark")
    qapp.removeEventFilter(changes)
    theme().choose("light")
    assert changes.seen["depth 7"] == changes.seen["depth 0"] <= 2


def test_the_font_comes_with_its_licence():
    words = (paths.resources() / "fonts" / "LICENCE-Inter.txt").read_text()
    assert "SIL OPEN FONT LICENSE" in words and "Inter Project Authors" in words


def test_a_hidden_part_gets_its_sheet_when_it_is_shown_or_when_nothing_else_is_to_be_done(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    shown, hidden, idle = (QWidget(window) for _ in range(3))
    for part in (shown, hidden, idle):
        theme().style(part)
    hidden.hide()
    idle.hide()
    window.show()
    light = shown.styleSheet()
    assert light == style_sheet(LIGHT)
    try:
        theme().choose("dark")
        assert shown.styleSheet() == style_sheet(DARK)
        assert hidden.styleSheet() == idle.styleSheet() == light, "restyling what nobody sees would take long"
        hidden.show()
        assert hidden.styleSheet() == style_sheet(DARK)
        qtbot.waitUntil(lambda: idle.styleSheet() == style_sheet(DARK))
    finally:
        theme().choose("light")
    qtbot.waitUntil(lambda: idle.styleSheet() == light)


def test_the_application_has_no_sheet_and_every_window_has_one(qapp):
    """A sheet of the application restyles all widgets of all panels at once, seconds with every panel open."""
    assert qapp.styleSheet() == ""
    for path in sorted((Path(cvlab.__file__).parent / "ui").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        made = re.findall(r"(\w+) = QFileDialog\((\S+?),", text)
        for name, parent in made:
            assert parent == "self" or f"theme().style({name})" in text, (
                f"{path.name}: a file dialog without a style sheet"
            )
        if path.name != "dialogs.py":
            assert not re.search(r"^class \w+\(QDialog", text, re.MULTILINE), (
                f"{path.name}: derive from Dialog, which has the style sheet"
            )
