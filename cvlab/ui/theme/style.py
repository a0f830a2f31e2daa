# ruff: noqa: E501  (a style sheet reads best with one rule a line)
"""The look of every widget, written once: a palette and a style sheet made from the tokens.

Widgets say what they are by a dynamic property, `widget.setProperty("role", "card")`, several roles separated by spaces:

  frames    card  well  bar  hairline  plain
  labels    heading  subheading  muted  small  number  badge  good  bad  error  warning  success  accent
  buttons   primary  danger  quiet  icon  rail  tight  link  chip  fold
"""

from __future__ import annotations

import re

from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QWidget

from cvlab.core import paths
from cvlab.ui.theme.tokens import HEADING, RADIUS, SMALL, TEXT, Tokens


def set_role(widget: QWidget, role: str) -> None:
    """Gives the widget its role, also after it was shown (a label that turns into an error)."""
    if widget.property("role") != role:
        widget.setProperty("role", role)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def mix(under: str, over: str, share: float) -> str:
    """`over` laid on `under` with opacity `share`, as an opaque colour."""
    a, b = QColor(under), QColor(over)
    channels = zip(a.getRgb()[:3], b.getRgb()[:3], strict=True)
    return QColor(*(round(x + (y - x) * share) for x, y in channels)).name()


def contrast(one: str, other: str) -> float:
    """WCAG contrast ratio, 1..21. Text needs 4.5, outlines 3."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


GROUNDS = ("surface", "raised", "sunken", "hover", "accent_soft")
"""What text stands on."""


def readable(colour: str, tokens: Tokens) -> str:
    """`colour`, with as much of the ink as it needs to be read as text: 4.5:1 on every ground.

    Colours of classes and curves are chosen to be told apart as marks; some are too light for a name of 12 pixels.
    """
    for step in range(21):
        mixed = mix(colour, tokens.ink, step / 20)
        if all(contrast(mixed, getattr(tokens, ground)) >= 4.5 for ground in GROUNDS):
            return mixed
    return tokens.ink


def _luminance(colour: str) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in QColor(colour).getRgbF()[:3]]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def palette(tokens: Tokens) -> QPalette:
    """For what paints itself with the palette: item views, plots' text, native parts of Fusion."""
    roles, groups = QPalette.ColorRole, QPalette.ColorGroup
    made = QPalette()
    for role, colour in (
        (roles.Window, tokens.surface),
        (roles.WindowText, tokens.ink),
        (roles.Base, tokens.raised),
        (roles.AlternateBase, tokens.surface),
        (roles.Text, tokens.ink),
        (roles.Button, tokens.raised),
        (roles.ButtonText, tokens.ink),
        (roles.BrightText, tokens.negative),
        (roles.ToolTipBase, tokens.raised),
        (roles.ToolTipText, tokens.ink),
        (roles.PlaceholderText, tokens.muted),
        (roles.Highlight, tokens.accent),
        (roles.HighlightedText, tokens.accent_ink),
        (roles.Link, tokens.accent),
        (roles.LinkVisited, tokens.accent),
        (roles.Accent, tokens.accent),
        (roles.Light, tokens.raised),
        (roles.Midlight, tokens.hover),
        (roles.Mid, tokens.faint),
        (roles.Dark, tokens.line),
        (roles.Shadow, tokens.line),
    ):
        made.setColor(role, QColor(colour))
    dim = QColor(mix(tokens.raised, tokens.muted, 0.6))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        made.setColor(groups.Disabled, role, dim)
    return made


def style_sheet(tokens: Tokens) -> str:
    """The whole style sheet, about 10 kB."""
    t = tokens
    values = {
        "surface": t.surface, "raised": t.raised, "sunken": t.sunken, "ink": t.ink, "muted": t.muted, "faint": t.faint,
        "line": t.line, "hover": t.hover, "accent": t.accent, "accent_ink": t.accent_ink, "accent_soft": t.accent_soft,
        "positive": t.positive, "negative": t.negative, "warning": t.warning,
        "accent_over": mix(t.accent, t.ink, 0.12), "accent_down": mix(t.accent, t.ink, 0.24),
        "negative_soft": mix(t.raised, t.negative, 0.10), "pressed": mix(t.hover, t.ink, 0.07),
        "dim": mix(t.raised, t.muted, 0.6), "dim_line": mix(t.raised, t.line, 0.45), "thumb": mix(t.surface, t.line, 0.55),
        "radius": f"{RADIUS}px", "text": f"{TEXT}px", "small": f"{SMALL}px", "heading": f"{HEADING}px",
        "icons": (paths.resources() / "icons").as_posix(), "theme": t.name,
    }  # fmt: skip
    return re.sub(r"@\{?(\w+)\}?", lambda found: values[found[1]], _SHEET)


# Focus is a two-pixel accent outline; padding gives back the pixel, so that nothing moves. The room for a button's glyph is
# wider than the glyph: Qt puts the words right beside it.
_SHEET = """
* { font-size: @text; }
QWidget { color: @ink; }
QDialog, QStackedWidget { background: @surface; }
QToolTip { background: @raised; color: @ink; border: 1px solid @line; padding: 6px 8px; }

QLabel { background: transparent; }
QLabel[role~="heading"] { font-size: @heading; font-weight: 600; }
QLabel[role~="subheading"] { font-weight: 600; }
QLabel[role~="small"] { font-size: @small; }
QLabel[role~="muted"] { color: @muted; }
QLabel[role~="accent"] { color: @accent; }
QLabel[role~="error"] { color: @negative; }
QLabel[role~="warning"] { color: @warning; }
QLabel[role~="success"] { color: @positive; }
QLabel[role~="number"] { font-size: @heading; font-weight: 600; }
QLabel[role~="badge"] { background: @accent_soft; color: @accent; border-radius: 8px; padding: 1px 8px; font-size: @small; font-weight: 600; }
QLabel[role~="good"] { background: transparent; color: @positive; border: 1px solid @positive; }
QLabel[role~="bad"] { background: @negative_soft; color: @negative; border: 1px solid @negative; }
QLabel:disabled { color: @dim; }

*[role~="card"] { background: @raised; border: 1px solid @faint; border-radius: @radius; }
QFrame[role~="plain"] { background: transparent; border: none; border-radius: 0; }
*[role~="well"] { background: @sunken; border: 1px solid @faint; border-radius: @radius; }
QFrame[role~="bar"] { background: @raised; border: none; }
QFrame[role~="hairline"] { background: @faint; border: none; min-height: 1px; max-height: 1px; }
QGroupBox { background: @raised; border: 1px solid @faint; border-radius: @radius; margin-top: 12px; padding: 16px; }
QGroupBox::title { subcontrol-origin: margin; left: 12px; padding: 0 4px; font-weight: 600; }

QPushButton { background: @raised; border: 1px solid @line; border-radius: 6px; padding: 6px 14px; min-height: 18px; }
QPushButton:hover { background: @hover; }
QPushButton:pressed { background: @pressed; }
QPushButton:checked { background: @accent_soft; border-color: @accent; color: @accent; }
QPushButton:focus { border: 2px solid @accent; padding: 5px 13px; }
QPushButton { qproperty-iconSize: 22px 16px; }
QPushButton::menu-indicator { image: url("@{icons}/down-@{theme}.svg"); subcontrol-origin: padding; subcontrol-position: center right; right: 8px; width: 14px; height: 14px; }
QPushButton:disabled { color: @dim; border-color: @dim_line; background: transparent; }
QPushButton[role~="primary"] { background: @accent; color: @accent_ink; border: 1px solid @accent; font-weight: 600; }
QPushButton[role~="primary"]:hover { background: @accent_over; border-color: @accent_over; }
QPushButton[role~="primary"]:pressed { background: @accent_down; }
QPushButton[role~="primary"]:focus { border: 2px solid @ink; }
QPushButton[role~="primary"]:disabled { background: @faint; border-color: @faint; color: @dim; }
QPushButton[role~="danger"] { color: @negative; border-color: @negative; }
QPushButton[role~="danger"]:hover { background: @negative_soft; }
QPushButton[role~="danger"]:disabled { color: @dim; border-color: @dim_line; }
QPushButton[role~="quiet"] { background: transparent; border: 1px solid transparent; }
QPushButton[role~="quiet"]:hover { background: @hover; }
QPushButton[role~="quiet"]:pressed { background: @pressed; }
QPushButton[role~="quiet"]:checked { background: @accent_soft; color: @accent; }
QPushButton[role~="quiet"]:focus { border: 2px solid @accent; }
QPushButton[role~="fold"], QPushButton[role~="fold"]:checked { text-align: left; padding: 5px 6px; color: @ink; background: transparent; }
QPushButton[role~="fold"]:hover { background: @hover; }
QPushButton[role~="fold"]:focus { padding: 4px 5px; }
QPushButton[role~="link"] { background: transparent; border: none; color: @accent; padding: 2px 4px; text-align: left; font-weight: 600; }
QPushButton[role~="link"]:hover, QPushButton[role~="link"]:focus { text-decoration: underline; }
QPushButton[role~="chip"] { border-radius: 13px; padding: 3px 12px; font-size: @small; border-color: @faint; }
QPushButton[role~="chip"]:hover { border-color: @line; }
QPushButton[role~="chip"]:checked { border-color: @accent; }
QPushButton[role~="chip"]:focus { border: 2px solid @accent; padding: 2px 11px; }

QToolButton { background: transparent; border: 1px solid transparent; border-radius: 6px; padding: 5px; }
QToolButton:hover { background: @hover; }
QToolButton:pressed { background: @pressed; }
QToolButton:checked { background: @accent_soft; color: @accent; }
QToolButton:focus { border: 2px solid @accent; padding: 4px; }
QToolButton:disabled { color: @dim; }
QToolButton::menu-indicator { image: none; }
QToolButton[role~="rail"] { color: @muted; font-size: 11px; padding: 7px 0 5px 0; border-radius: @radius; }
QToolButton[role~="tight"] { padding: 2px 0 0 0; }
QToolButton[role~="rail"]:hover { color: @ink; }
QToolButton[role~="rail"]:checked { color: @accent; font-weight: 600; }
QToolButton[role~="rail"]:focus { border: 2px solid @accent; padding: 6px 0 4px 0; }
QToolButton[role~="tight"]:focus { padding: 0; }

QLineEdit, QAbstractSpinBox, QComboBox, QPlainTextEdit, QTextEdit {
  background: @raised; color: @ink; border: 1px solid @line; border-radius: 6px; padding: 5px 8px; min-height: 18px;
  selection-background-color: @accent; selection-color: @accent_ink;
}
QLineEdit:focus, QAbstractSpinBox:focus, QComboBox:focus, QComboBox:on, QPlainTextEdit:focus, QTextEdit:focus { border: 2px solid @accent; padding: 4px 7px; }
QLineEdit:disabled, QAbstractSpinBox:disabled, QComboBox:disabled, QPlainTextEdit:disabled, QTextEdit:disabled { color: @dim; border-color: @dim_line; background: transparent; }
QLineEdit[role~="plain"], QLineEdit[role~="plain"]:focus { border: none; background: transparent; padding: 4px 0; font-size: 15px; }
QLineEdit[role~="error"], QAbstractSpinBox[role~="error"], QComboBox[role~="error"] { border-color: @negative; }
QPlainTextEdit[role~="well"], QTextEdit[role~="well"], QTextBrowser { background: @sunken; border: 1px solid @faint; }
QAbstractSpinBox QLineEdit, QAbstractSpinBox QLineEdit:focus, QAbstractSpinBox QLineEdit:disabled,
QComboBox QLineEdit, QComboBox QLineEdit:focus { border: none; padding: 0 0 0 6px; min-height: 0; background: transparent; border-radius: 0; }
QAbstractSpinBox { padding: 3px 22px 3px 0; }
QAbstractSpinBox:focus { padding: 2px 21px 2px 0; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button { subcontrol-origin: border; width: 20px; border: none; background: transparent; margin-right: 2px; }
QAbstractSpinBox::up-button { subcontrol-position: top right; margin-top: 2px; border-top-right-radius: 4px; }
QAbstractSpinBox::down-button { subcontrol-position: bottom right; margin-bottom: 2px; border-bottom-right-radius: 4px; }
QAbstractSpinBox::up-button:hover, QAbstractSpinBox::down-button:hover { background: @hover; }
QAbstractSpinBox::up-button:pressed, QAbstractSpinBox::down-button:pressed { background: @pressed; }
QAbstractSpinBox::up-arrow { image: url("@{icons}/up-@{theme}.svg"); width: 12px; height: 12px; }
QAbstractSpinBox::down-arrow { image: url("@{icons}/down-@{theme}.svg"); width: 12px; height: 12px; }
QAbstractSpinBox[buttonSymbols="2"] { padding-right: 8px; }
QComboBox { combobox-popup: 0; }
QComboBox:hover { background: @hover; }
QComboBox::drop-down { subcontrol-origin: border; subcontrol-position: center right; width: 24px; border: none; }
QComboBox::down-arrow { image: url("@{icons}/down-@{theme}.svg"); width: 14px; height: 14px; }
QComboBox QAbstractItemView { background: @raised; border: 1px solid @line; padding: 4px; outline: none; selection-background-color: @accent_soft; selection-color: @ink; }

QCheckBox, QRadioButton { background: transparent; spacing: 8px; padding: 2px; border: 1px solid transparent; border-radius: 4px; }
QCheckBox:disabled, QRadioButton:disabled { color: @dim; }
QCheckBox::indicator, QRadioButton::indicator { width: 16px; height: 16px; border: 1px solid @line; background: @raised; }
QCheckBox::indicator { border-radius: 4px; }
QRadioButton::indicator { border-radius: 9px; }
QCheckBox::indicator:hover, QRadioButton::indicator:hover { border-color: @accent; }
QCheckBox::indicator:checked { background: @accent; border-color: @accent; image: url("@{icons}/check-@{theme}.svg"); }
QCheckBox::indicator:indeterminate { background: @accent; border-color: @accent; image: url("@{icons}/partial-@{theme}.svg"); }
QRadioButton::indicator:checked { width: 8px; height: 8px; border: 5px solid @accent; background: @accent_ink; }
QCheckBox::indicator:disabled, QRadioButton::indicator:disabled { border-color: @dim_line; background: transparent; }
QCheckBox::indicator:checked:disabled { background: @dim_line; }
QCheckBox:focus, QRadioButton:focus { border: 1px solid @accent; }

QSlider { background: transparent; border: 1px solid transparent; border-radius: 6px; }
QSlider:horizontal { min-height: 22px; }
QSlider::groove:horizontal { height: 4px; border-radius: 2px; background: @faint; }
QSlider::sub-page:horizontal { height: 4px; border-radius: 2px; background: @accent; }
QSlider::handle:horizontal { width: 14px; height: 14px; margin: -6px 0; border: 1px solid @line; border-radius: 8px; background: @raised; }
QSlider::handle:horizontal:hover { border: 1px solid @accent; background: @accent_soft; }
QSlider::handle:horizontal:focus { border: 2px solid @accent; width: 12px; height: 12px; }
QSlider::handle:horizontal:pressed { background: @accent; border-color: @accent; }
QSlider::groove:vertical { width: 4px; border-radius: 2px; background: @faint; }
QSlider::add-page:vertical { width: 4px; border-radius: 2px; background: @accent; }
QSlider::handle:vertical { width: 14px; height: 14px; margin: 0 -6px; border: 1px solid @line; border-radius: 8px; background: @raised; }
QSlider::handle:vertical:focus { border: 2px solid @accent; width: 12px; height: 12px; }
QSlider::sub-page:horizontal:disabled, QSlider::add-page:vertical:disabled { background: @faint; }
QSlider::handle:horizontal:disabled, QSlider::handle:vertical:disabled { border-color: @dim_line; background: @surface; }

QProgressBar { border: none; border-radius: 3px; background: @faint; min-height: 6px; max-height: 6px; qproperty-textVisible: false; }
QProgressBar::chunk { border-radius: 3px; background: @accent; }
QProgressBar[role~="success"]::chunk { background: @positive; }
QProgressBar[role~="error"]::chunk { background: @negative; }

QScrollArea, QScrollArea > QWidget > QWidget[role~="page"] { background: transparent; border: none; }
QScrollBar { background: transparent; border: none; }
QScrollBar:vertical { width: 12px; }
QScrollBar:horizontal { height: 12px; }
QScrollBar::handle { background: @thumb; border-radius: 3px; border: none; }
QScrollBar::handle:vertical { min-height: 32px; margin: 3px; }
QScrollBar::handle:horizontal { min-width: 32px; margin: 3px; }
QScrollBar::handle:hover { background: @line; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; border: none; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QAbstractScrollArea::corner { background: transparent; }

QAbstractItemView { background: @raised; alternate-background-color: @surface; border: 1px solid @faint; border-radius: @radius; outline: none; gridline-color: @faint; selection-background-color: @accent_soft; selection-color: @ink; }
QListView::item, QTreeView::item, QTableView::item { padding: 6px 8px; border: none; }
QListView::item:hover, QTreeView::item:hover, QTableView::item:hover { background: @hover; }
QListView::item:selected, QTreeView::item:selected, QTableView::item:selected { background: @accent_soft; color: @ink; }
QListView:focus, QTreeView:focus, QTableView:focus { border: 1px solid @accent; }
QHeaderView { background: transparent; border: none; }
QHeaderView::section { background: @raised; color: @muted; border: none; border-bottom: 1px solid @faint; padding: 6px 8px; font-size: @small; font-weight: 600; }
QTableCornerButton::section { background: @raised; border: none; }

QTabWidget::pane { border: none; border-top: 1px solid @faint; }
QTabBar { background: transparent; border: none; }
QTabBar::tab { background: transparent; color: @muted; padding: 8px 4px; margin-right: 16px; border: none; border-bottom: 2px solid transparent; }
QTabBar::tab:hover { color: @ink; }
QTabBar::tab:selected { color: @accent; border-bottom: 2px solid @accent; }
QTabBar::tab:focus { color: @ink; }

QMenuBar { background: @raised; border-bottom: 1px solid @faint; padding: 2px 8px; }
QMenuBar::item { background: transparent; padding: 5px 10px; border-radius: 4px; }
QMenuBar::item:selected { background: @hover; }
QMenu { background: @raised; border: 1px solid @faint; padding: 6px; }
QMenu::item { padding: 6px 28px 6px 12px; border-radius: 4px; }
QMenu::item:selected { background: @accent_soft; }
QMenu::item:disabled { color: @dim; }
QMenu::separator { height: 1px; background: @faint; margin: 6px 8px; }
QMenu::icon { padding-left: 8px; }
QMenu::indicator { width: 14px; height: 14px; margin-left: 6px; }
QMenu::indicator:checked { image: url("@{icons}/tick-@{theme}.svg"); }
QMenu::right-arrow { image: url("@{icons}/right-@{theme}.svg"); width: 12px; height: 12px; }

QStatusBar { background: @raised; border-top: 1px solid @faint; }
QStatusBar::item { border: none; }
QStatusBar QLabel { font-size: @small; color: @muted; }
QSizeGrip { image: none; width: 0; height: 0; }
QDockWidget { border: none; }
QSplitter::handle { background: transparent; }
QSplitter::handle:hover { background: @faint; }
QSplitter::handle:horizontal { width: 8px; }
QSplitter::handle:vertical { height: 8px; }
QGraphicsView { background: @sunken; border: 1px solid @faint; border-radius: @radius; }
QFrame#rail { background: @raised; border: none; border-right: 1px solid @faint; }
QFrame#explanation { background: @raised; border: none; border-left: 1px solid @faint; }
QFrame[role~="notice"] { background: @raised; border: 1px solid @faint; border-left: 4px solid @accent; border-radius: @radius; }
QFrame[role~="notice-success"] { border-left-color: @positive; }
QFrame[role~="notice-warning"] { border-left-color: @warning; }
QFrame[role~="notice-error"] { border-left-color: @negative; }
QFrame#command_palette { background: @raised; border: 1px solid @line; border-radius: 12px; }
QFrame#command_palette QListView { border: none; background: transparent; }
"""
