"""The palette: every layer kind, by group, to be dragged onto the canvas or appended by double click or Enter.

Groups fold away; arrows walk through what is open, typing goes to the search.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QLineEdit,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from cvlab.engine.nets.layers import REGISTRY
from cvlab.ui.panels.builder.palette_entry import WIDTH, GroupHeading, PaletteEntry
from cvlab.ui.theme.icons import icon


class Palette(QFrame):
    """All kinds under their group's name, and a search field. Its signals are those of the entries.

    folded(groups): other groups are folded away now.
    """

    folded = Signal(object)

    dragged = Signal(str)
    moved = Signal(QPointF)
    dropped = Signal(QPointF)
    given_up = Signal()
    chosen = Signal(str)
    looked_at = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.setFixedWidth(WIDTH)
        self.entries: dict[str, PaletteEntry] = {}
        self._headings: dict[str, GroupHeading] = {}
        self.search = QLineEdit(self)
        self.search.setObjectName("builder.search")
        self.search.setAccessibleName("Search the layers")
        self.search.setPlaceholderText("Find a layer")
        self.search.setToolTip("Type a part of a layer's name or of what it does; Enter adds the first one found.")
        self.search.addAction(icon("search", "muted"), QLineEdit.ActionPosition.LeadingPosition)
        self.search.setClearButtonEnabled(True)
        self._name_search_buttons()
        self.search.textChanged.connect(self._filter)
        self.search.returnPressed.connect(self._choose_first)
        self._nothing = QLabel("No such layer.", self)
        self._nothing.setProperty("role", "muted")
        self._nothing.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(8)
        column.addWidget(self.search)
        column.addWidget(self._nothing)
        column.addWidget(self._make_list(), 1)

    def _name_search_buttons(self) -> None:
        # Qt makes these two buttons by itself, without a word for those who cannot see them.
        described = (("focus", "Search", "Type here to find a layer."), ("clear", "Clear", "Empties the search field."))
        for button, (name, spoken, tip) in zip(self.search.findChildren(QToolButton), described, strict=True):
            button.setObjectName(f"builder.search.{name}")
            button.setAccessibleName(spoken)
            button.setToolTip(tip)

    def _make_list(self) -> QScrollArea:
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        page = QWidget(area)
        page.setProperty("role", "page")
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(1)
        for kind, layer in REGISTRY.items():
            if layer.group not in self._headings:
                heading = GroupHeading(layer.group, page)
                heading.toggled.connect(self._fold)
                heading.walked.connect(self._walk)
                column.addWidget(heading)
                self._headings[layer.group] = heading
            entry = PaletteEntry(kind, layer, page)
            for name in ("dragged", "moved", "dropped", "given_up", "chosen", "looked_at"):
                getattr(entry, name).connect(getattr(self, name))
            entry.walked.connect(self._walk)
            entry.typed.connect(self._type)
            column.addWidget(entry)
            self.entries[kind] = entry
        column.addStretch()
        area.setWidget(page)
        self._area, self._page = area, page
        return area

    def _filter(self, words: str) -> None:
        wanted = words.lower().split()
        groups = set()
        for entry in self.entries.values():
            text = f"{entry.kind} {entry.layer.title} {entry.layer.group} {entry.layer.summary}".lower()
            is_found = all(word in text for word in wanted)
            if is_found:
                groups.add(entry.layer.group)
            # What is searched for is shown, folded away or not.
            entry.setHidden(not is_found or not (wanted or self._headings[entry.layer.group].isChecked()))
        for group, heading in self._headings.items():
            heading.setVisible(group in groups)
        self._nothing.setVisible(not groups)

    def show_folded(self, groups: Sequence[str]) -> None:
        for group, heading in self._headings.items():
            heading.setChecked(group not in groups)

    def _fold(self) -> None:
        self._filter(self.search.text())
        self.folded.emit(tuple(g for g, heading in self._headings.items() if not heading.isChecked()))

    def _walk(self, step: int) -> None:
        """The focus goes to the next thing in the list that can be seen."""
        shown = [w for w in self._page.findChildren(QWidget) if isinstance(w, PaletteEntry | GroupHeading)]
        shown = sorted((w for w in shown if not w.isHidden()), key=lambda w: w.y())
        here = self.focusWidget()
        if here in shown:
            at = shown.index(here) + step
            if at < 0:
                self.search.setFocus(Qt.FocusReason.BacktabFocusReason)
            elif at < len(shown):
                shown[at].setFocus(Qt.FocusReason.TabFocusReason)
                self._area.ensureWidgetVisible(shown[at], 0, 24)

    def _type(self, letter: str) -> None:
        self.search.setText(letter)
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.end(False)

    def _choose_first(self) -> None:
        # A name that starts as typed goes before one that only mentions the word.
        found = [entry for entry in self.entries.values() if not entry.isHidden()]
        typed = self.search.text().lower().strip()
        found.sort(key=lambda entry: not entry.layer.title.lower().startswith(typed))
        if found and typed:
            self.chosen.emit(found[0].kind)
