"""The command palette: finding by letters, and working without a mouse."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt

from cvlab.ui.widgets.command_palette import match

WORDS = st.text(alphabet="abcdeXYZ -:", max_size=14)


def is_subsequence(query: str, text: str) -> bool:
    letters = iter(text.lower())
    return all(letter in letters for letter in query.lower().replace(" ", ""))


@given(WORDS, WORDS)
def test_found_exactly_when_the_letters_come_in_order(query, text):
    hit = match(query, text)
    assert (hit is not None) == is_subsequence(query, text)
    if hit is not None:
        _, places = hit
        assert list(places) == sorted(set(places))
        assert "".join(text[at] for at in places).lower() == query.lower().replace(" ", "")


def test_starts_of_words_and_letters_in_a_row_win():
    assert match("st", "Start training")[0] > match("st", "Close the list")[0]
    assert match("sa", "Save as...")[0] > match("sa", "Use a net")[0]
    assert match("gt", "Go to Training")[1] in ((0, 3), (0, 6))


def open_palette(window, qtbot):
    window.activateWindow()
    qtbot.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    assert window.palette_card.isVisible()
    return window.palette_card


def test_it_lists_every_command_of_every_panel(small_window, qtbot):
    card = open_palette(small_window, qtbot)
    assert set(card.shown_texts()) == {
        command.text() for _, commands in small_window.commands.groups() for command in commands
    }
    assert card.shown_texts()[0] == "Count up", "the panel in front comes first"


def test_letters_arrows_and_enter_perform(small_window, qtbot):
    card = open_palette(small_window, qtbot)
    qtbot.keyClicks(card.line, "go w")
    assert card.shown_texts()[0] == "Go to Wild"
    qtbot.keyClick(card.line, Qt.Key.Key_Down)
    qtbot.keyClick(card.line, Qt.Key.Key_Up)
    qtbot.keyClick(card.line, Qt.Key.Key_Return)
    assert card.isHidden()
    assert small_window.lab.project.panel == "wild"


def test_escape_closes_and_gives_the_focus_back(small_window, qtbot):
    line = small_window.panel("calm").line
    small_window.activateWindow()
    line.setFocus()
    card = open_palette(small_window, qtbot)
    qtbot.keyClick(card.line, Qt.Key.Key_Escape)
    assert card.isHidden()
    assert small_window.focusWidget() is line


def test_nothing_found_says_so_and_enter_does_nothing(small_window, qtbot):
    card = open_palette(small_window, qtbot)
    qtbot.keyClicks(card.line, "zzzq")
    assert card.none.isVisible()
    qtbot.keyClick(card.line, Qt.Key.Key_Return)
    assert card.isVisible()


def test_it_stays_inside_a_small_window(small_window, qtbot):
    small_window.resize(960, 640)
    card = open_palette(small_window, qtbot)
    assert small_window.rect().contains(card.geometry())
