"""The window as a person uses it: going about, undoing, failing softly, closing."""

from __future__ import annotations

from functools import partial

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QPushButton, QToolButton

from cvlab.core.history import SetField
from cvlab.ui.command import Command
from cvlab.ui.dialogs import AboutDialog, Question, ShortcutsDialog
from cvlab.ui.panel import Lesson
from cvlab.ui.theme import theme
from cvlab.ui.widgets.failed import FailedCard
from cvlab.ui.window import NARROW, PANELS_WIDTH, MainWindow


def child(window, kind, name):
    found = window.findChild(kind, name)
    assert found is not None, f"no {kind.__name__} {name}"
    return found


def test_the_first_panel_is_shown_and_the_other_not_built(small_window, calm_and_wild):
    calm, _ = calm_and_wild
    assert isinstance(small_window.stack.currentWidget(), calm)
    assert small_window.stack.count() == 1
    assert small_window.stack.currentWidget().is_front


def test_the_rail_goes_to_a_panel_and_rests_the_one_before(small_window, qtbot):
    calm = small_window.panel("calm")
    qtbot.mouseClick(child(small_window, QToolButton, "rail.wild"), Qt.MouseButton.LeftButton)
    assert small_window.lab.project.panel == "wild"
    assert small_window.stack.currentWidget() is small_window.panel("wild")
    assert not calm.is_front


def test_ctrl_and_a_number_goes_to_a_panel(small_window, qtbot):
    qtbot.keyClick(small_window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    assert small_window.lab.project.panel == "wild"


def test_an_unknown_panel_of_a_project_shows_the_first(small_window):
    small_window.lab.project.panel = "from-a-later-version"
    assert small_window.stack.currentWidget() is small_window.panel("calm")


def test_only_the_panel_in_front_ticks(small_window, qtbot):
    calm = small_window.panel("calm")
    qtbot.waitUntil(lambda: assert_more(calm.ticks, 2))
    small_window.go("wild")
    before = calm.ticks
    rounds = small_window.pump.took.count
    qtbot.waitUntil(lambda: assert_more(small_window.pump.took.count, rounds + 3))
    assert calm.ticks == before


def assert_more(value, least):
    assert value >= least


def test_undo_and_redo_say_what_and_work_by_key(small_window, qtbot):
    lab = small_window.lab
    lab.history.push(SetField(lab.project.digits, "brush", 20, "Change brush"))
    assert small_window.commands["window.undo"].text() == "Undo: Change brush"
    assert small_window.isWindowModified()
    assert small_window.status.undo.text() == "Undo: Change brush"
    qtbot.keyClick(small_window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert lab.project.digits.brush == 44
    assert not small_window.isWindowModified()
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(small_window, Qt.Key.Key_Z, both)
    assert lab.project.digits.brush == 20


def test_a_text_field_undoes_its_own_typing_first(small_window, qtbot):
    lab, line = small_window.lab, small_window.panel("calm").line
    lab.history.push(SetField(lab.project.digits, "brush", 20, "Change brush"))
    small_window.activateWindow()
    line.setFocus()
    qtbot.waitUntil(lambda: assert_focus(line))
    qtbot.keyClicks(line, "more")
    qtbot.keyClick(line, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert line.text() == "text"
    assert lab.project.digits.brush == 20
    qtbot.keyClick(line, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert lab.project.digits.brush == 44


def assert_focus(widget):
    assert widget.hasFocus()


def test_a_panels_shortcut_is_live_only_in_front(small_window, qtbot):
    calm = small_window.panel("calm")
    qtbot.keyClick(small_window, Qt.Key.Key_F5)
    assert calm.count == 1
    small_window.go("wild")
    qtbot.keyClick(small_window, Qt.Key.Key_F5)
    assert calm.count == 1


def test_a_panels_command_brings_it_to_the_front(small_window):
    small_window.go("wild")
    small_window.commands["calm.count"].trigger()
    assert small_window.lab.project.panel == "calm"
    assert small_window.panel("calm").count == 1


def test_a_command_that_cannot_be_done_is_not_done(small_window):
    small_window.commands.refresh()
    rest = small_window.commands["calm.rest"]
    assert not rest.isEnabled()
    rest.perform()
    assert small_window.panel("calm").count == 0


def test_a_panel_that_cannot_be_built_becomes_a_card_and_can_be_tried_again(small_window, qtbot, calm_and_wild):
    _, wild = calm_and_wild
    wild.faults = 1
    small_window.go("wild")
    card = small_window.stack.currentWidget()
    assert isinstance(card, FailedCard)
    qtbot.mouseClick(card.again, Qt.MouseButton.LeftButton)
    assert isinstance(small_window.stack.currentWidget(), wild)


def test_a_panel_that_fails_while_drawing_becomes_a_card(small_window, qtbot, calm_and_wild):
    _, wild = calm_and_wild
    small_window.go("wild")
    wild.slips = 1
    qtbot.waitUntil(lambda: assert_card(small_window))
    small_window.go("calm")
    assert small_window.panel("calm").is_front


def assert_card(window):
    assert isinstance(window.stack.currentWidget(), FailedCard)


def test_the_explanation_follows_the_panel_and_what_it_points_at(small_window):
    calm = small_window.panel("calm")
    assert small_window.explanation.lesson == calm.lesson
    other = Lesson("A layer", "Weights and their gradients.")
    calm.explain.emit(other)
    assert small_window.explanation.lesson == other
    small_window.go("wild")
    small_window.go("calm")
    assert small_window.explanation.lesson == other
    calm.explain.emit(None)
    assert small_window.explanation.lesson == calm.lesson


def test_the_explanation_steps_aside_when_narrow_and_comes_back(small_window, qtbot):
    assert not small_window.dock.isHidden()
    small_window.resize(NARROW - 100, 700)
    assert small_window.dock.isHidden()
    small_window.resize(NARROW + 100, 700)
    assert not small_window.dock.isHidden()
    qtbot.keyClick(small_window, Qt.Key.Key_F1)
    assert small_window.dock.isHidden()
    small_window.resize(NARROW - 100, 700)
    small_window.resize(NARROW + 100, 700)
    assert small_window.dock.isHidden(), "what a person closed stays closed"


@pytest.mark.parametrize("width", [NARROW, NARROW + 30, 1440])
def test_the_explanation_takes_nothing_from_the_panels(small_window, qtbot, width):
    small_window.resize(1440, 800)
    for each in (width, NARROW - 1, width):
        small_window.resize(each, 800)
    qtbot.waitUntil(lambda: small_window.width() - small_window.dock.width() >= PANELS_WIDTH - 4)
    assert small_window.dock.isVisible() and small_window.explanation.width() >= 250


def test_the_theme_is_switched_and_remembered(small_window):
    small_window.commands["window.theme_dark"].trigger()
    assert theme().is_dark
    assert type(small_window.lab.settings).load().theme == "dark"
    assert small_window.commands["window.theme_dark"].isChecked()
    small_window.commands["window.theme"].trigger()
    assert not theme().is_dark


def test_geometry_comes_back(lab, qtbot, qapp, flush, calm_and_wild, specs):
    first = MainWindow(lab, panels=specs)
    first.resize(1010, 700)
    first.show()
    first.toggle_explanation()
    first.leave()
    flush()
    second = MainWindow(lab, panels=specs)
    second.show()
    assert second.height() == 700
    assert second.dock.isHidden()
    second.leave()
    flush()


def test_the_window_saves_and_opens(small_window, tmp_path, monkeypatch):
    lab, documents = small_window.lab, small_window.actions_of_window.documents
    lab.history.push(SetField(lab.project.digits, "brush", 20, "Change brush"))
    lab.save(tmp_path / "mine.cvlab")
    assert small_window.windowTitle() == "mine[*] - cvlab"
    assert not small_window.isWindowModified()
    small_window.commands["window.new"].trigger()
    assert lab.project.digits.brush == 44
    documents.open_path(tmp_path / "mine.cvlab")
    assert lab.project.digits.brush == 20


def test_unsaved_changes_are_asked_about(small_window, qtbot, flush):
    lab = small_window.lab
    lab.history.push(SetField(lab.project.digits, "brush", 20, "Change brush"))
    small_window.commands["window.new"].trigger()
    question = child(small_window, Question, "unsaved")
    qtbot.mouseClick(child(question, QPushButton, "unsaved.cancel"), Qt.MouseButton.LeftButton)
    assert lab.project.digits.brush == 20
    flush()
    small_window.commands["window.new"].trigger()
    question = child(small_window, Question, "unsaved")
    qtbot.mouseClick(child(question, QPushButton, "unsaved.discard"), Qt.MouseButton.LeftButton)
    assert lab.project.digits.brush == 44


def test_a_file_that_is_no_project_is_refused_in_words(small_window, tmp_path):
    path = tmp_path / "broken.cvlab"
    path.write_bytes(b"PK not really")
    small_window.actions_of_window.documents.open_path(path)
    assert small_window.lab.notices.all[-1].level == "error"
    assert "broken.cvlab" in small_window.lab.notices.all[-1].text


def test_closing_while_training_asks_first(small_window, qtbot, flush, monkeypatch):
    monkeypatch.setattr(small_window.lab.runs, "current", RunningRun(), raising=False)
    small_window.close()
    assert small_window.isVisible()
    question = child(small_window, Question, "closing")
    qtbot.mouseClick(child(question, QPushButton, "closing.keep"), Qt.MouseButton.LeftButton)
    assert small_window.isVisible()
    flush()
    small_window.close()
    question = child(small_window, Question, "closing")
    qtbot.mouseClick(child(question, QPushButton, "closing.stop"), Qt.MouseButton.LeftButton)
    assert not small_window.isVisible()
    assert small_window.lab.runs.current.was_stopped


class RunningRun:
    """As much of a run as closing needs."""

    id, title, is_active, was_stopped = "1", "LeNet", True, False

    class state:  # noqa: N801
        status, revision, device, epoch, epochs, step, total_steps = "running", 1, "cpu", 1, 2, 5, 10
        images_per_second, eta = 1000.0, 12.0

    def stop(self):
        self.was_stopped, self.is_active = True, False

    def join(self):
        return True

    def deliver(self):
        pass


def test_the_status_bar_shows_the_run(small_window):
    small_window.status.show_run(RunningRun())
    assert small_window.status.words.text() == "Training, epoch 1 of 2"
    assert small_window.status.figures.text() == "1,000 images/s, 0:12 left"
    assert small_window.status.bar.value() == 500


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0:00"), (7.4, "0:07"), (59.6, "1:00"), (750, "12:30"), (3723, "1:02:03")]
)
def test_clock(seconds, words):
    from cvlab.ui.widgets.status import clock

    assert clock(seconds) == words


def test_help(small_window, qtbot):
    small_window.commands["window.shortcuts"].trigger()
    keys = small_window.findChild(ShortcutsDialog)
    assert keys.isVisible()
    keys.close()
    small_window.commands["window.about"].trigger()
    about = small_window.findChild(AboutDialog)
    assert about.isVisible()
    about.close()


def test_work_that_fails_becomes_one_notice(small_window, monkeypatch):
    def fail():
        raise ValueError("the disk went away")

    monkeypatch.setattr(small_window.lab, "pump", fail)
    for _ in range(5):
        small_window.pump.tick()
    assert [notice.text for notice in small_window.lab.notices.all] == ["ValueError: the disk went away"]


def test_every_command_has_an_id_of_its_owner_and_no_shortcut_is_given_twice(small_window):
    small_window.panel("wild")
    seen: dict[str, str] = {}
    for _, commands in small_window.commands.groups():
        for command in commands:
            assert isinstance(command, QAction)
            assert command.spec.id.startswith(f"{command.owner}.")
            for keys in filter(None, command.spec.shortcut.split(", ")):
                assert keys not in seen, f"{keys}: {command.spec.id} and {seen[keys]}"
                seen[keys] = command.spec.id


def test_menus_show_the_commands_of_the_window_and_of_the_panel_in_front_only(small_window):
    window = small_window
    window.panel("calm"), window.panel("wild")
    for panel in ("calm", "wild", "calm"):
        window.go(panel)
        for title, menu in window.commands.menus.items():
            shown = [action for action in menu.actions() if isinstance(action, Command)]
            assert {command.owner for command in shown} <= {"window", panel}
            wanted = [
                each for each, _ in window.commands.entries(panel) if each.owner == panel and each.spec.menu == title
            ]
            assert [command for command in shown if command.owner == panel] == wanted
            assert not menu.actions() or not menu.actions()[-1].isSeparator()
    assert window.commands.menus["File"].actions()[-1] is window.commands["window.quit"]


def test_an_edit_asks_the_commands_of_the_window_at_once_and_of_the_panel_in_front_when_it_is_done(small_window, qtbot):
    window, asked = small_window, []
    commands = {command.spec.id: command for command, _ in window.commands.entries(window.stack.front)}
    for command in commands.values():
        command.refresh = partial(asked.append, command.owner)
    window.lab.history.push(SetField(window.lab.project, "title", "one", "Rename"))
    window.lab.history.push(SetField(window.lab.project, "title", "two", "Rename"))
    at_once = list(asked)
    assert set(at_once) == {"window"}
    asked.clear()
    qtbot.waitUntil(lambda: bool(asked))
    front = [command for command in commands.values() if command.owner == window.stack.front]
    assert asked == [window.stack.front] * len(front)
