"""The runs panel: what a person finds, compares, writes and deletes."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from cvlab.core.history import SetField
from cvlab.core.jobs import JobControl
from cvlab.core.searches import SearchRequest
from cvlab.core.storage.lock import RunLock
from cvlab.core.storage.record import Notes
from cvlab.core.storage.run_folder import RunFolder
from cvlab.engine.nets import zoo
from cvlab.engine.training.events import EpochEnd, RunFinished, StepEnd
from cvlab.engine.training.recipe import Recipe
from cvlab.engine.training.search import Axis, SearchPlan
from cvlab.ui.dialogs import Question
from cvlab.ui.panels.runs.fork_dialog import ForkDialog
from cvlab.ui.panels.runs.names import short_names
from cvlab.ui.panels.runs.runs import RunsPanel
from cvlab.ui.panels.runs.table import BY_ID

ACCURACIES = (0.7, 0.9, 0.8)


@pytest.fixture
def ids(lab):
    """Three finished runs on disk, oldest first."""
    made = []
    for seed, accuracy in enumerate(ACCURACIES):
        folder = RunFolder.create(lab.runs.root, zoo.two_layer(), Recipe.read({"seed": seed, "epochs": 1}))
        for step in range(1, 5):
            folder.log(StepEnd(step, 1, 1.0 / step, 0.5, 0.1, 250, step * 0.1))
        folder.log(EpochEnd(1, 4, 1.0, 0.5, 0.6, accuracy, 0.1, 0.4, 500.0))
        folder.log(RunFinished(4, 1, 0.5, False, 0.3, 0.88))
        folder.close()
        made.append(folder.record.id)
    return made


@pytest.fixture
def panel(host, lab, qtbot, ids):
    made = host(RunsPanel, 1040, 780)
    settle(lab, qtbot)
    lab.project.runs.chosen = ()  # what it opened on
    return made


def settle(lab, qtbot):
    """Until the jobs have delivered."""

    def done():
        lab.pump()
        assert not lab.jobs.is_busy()

    qtbot.waitUntil(done)


def titles(panel, column="title"):
    model = panel.table.model()
    return [model.index(i, BY_ID[column]).data() for i in range(model.rowCount())]


def choose(panel, *rows):
    for n, row in enumerate(rows):
        place = panel.table.visualRect(panel.table.model().index(row, BY_ID["title"])).center()
        held = Qt.KeyboardModifier.ControlModifier if n else Qt.KeyboardModifier.NoModifier
        QTest.mouseClick(panel.table.viewport(), Qt.MouseButton.LeftButton, held, place)


def test_runs_are_listed_newest_first_with_the_best_in_bold(panel):
    assert titles(panel, "held_out") == ["80.0 %", "90.0 %", "70.0 %"]
    model = panel.table.model()
    weights = [model.index(i, BY_ID["held_out"]).data(Qt.ItemDataRole.FontRole).weight() for i in range(3)]
    assert weights[1] > weights[0] == weights[2]


def test_it_opens_on_the_newest_run_once(host, lab, qtbot, ids):
    panel = host(RunsPanel, 1040, 780)
    settle(lab, qtbot)
    assert lab.project.runs.chosen == (ids[2],) and panel.table.isVisible()
    lab.project.runs.chosen = ()
    panel.refresh()
    settle(lab, qtbot)
    assert lab.project.runs.chosen == ()


def ask_to_fork(panel, path):
    panel.fork()
    dialog = panel.window().findChild(ForkDialog)
    dialog.setting.setCurrentIndex(dialog.setting.findData(path))
    return dialog


def test_a_fork_changes_one_thing(panel, lab, qtbot, ids):
    choose(panel, 1)
    dialog = ask_to_fork(panel, "optimizer.weight_decay")
    offered = [dialog.setting.itemData(i) for i in range(dialog.setting.count())]
    assert "optimizer.beta1" in offered and "optimizer.momentum" not in offered, "Adam has no momentum"
    assert not dialog.start.isEnabled() and "It is 0.0" in dialog.note.text()
    dialog.field.edited.emit("optimizer.weight_decay", -1.0)
    assert not dialog.start.isEnabled() and "must be" in dialog.field.words.text()
    dialog.field.edited.emit("optimizer.weight_decay", 0.01)
    assert dialog.start.isEnabled() and "It was 0.0" in dialog.note.text()
    with qtbot.waitSignal(panel.go_to) as told:
        dialog.start.click()
    run = lab.runs.current
    assert told.args == ["training"] and run.folder.record.parent.run == ids[1]
    before = RunFolder.open(lab.runs.root / ids[1]).record.recipe
    assert set(before.difference(run.folder.record.recipe)) == {"optimizer.weight_decay"}
    assert run.title.endswith(", Optimizer: L2 strength 0.01")
    panel.refresh()
    settle(lab, qtbot)
    assert not panel.bar.buttons["fork"].isEnabled(), "one run at a time"
    run.stop()
    run.join()
    lab.pump()


def test_another_setting_begins_with_the_runs_own_value_again(panel, ids):
    choose(panel, 0)
    dialog = ask_to_fork(panel, "seed")
    dialog.field.edited.emit("seed", 7)
    assert dialog.recipe.seed == 7 and "chance" in dialog.note.text()
    dialog.setting.setCurrentIndex(dialog.setting.findData("optimizer.kind"))
    assert dialog.recipe.seed == 2 and not dialog.start.isEnabled()
    dialog.close()


def test_a_click_on_a_column_orders_by_it_and_a_second_turns_it_round(panel, lab):
    panel.table.horizontalHeader().sectionClicked.emit(BY_ID["held_out"])
    assert titles(panel, "held_out") == ["90.0 %", "80.0 %", "70.0 %"]
    panel.table.horizontalHeader().sectionClicked.emit(BY_ID["held_out"])
    assert titles(panel, "held_out") == ["70.0 %", "80.0 %", "90.0 %"]
    assert (lab.project.runs.sort_by, lab.project.runs.descending) == ("held_out", False)


def test_words_narrow_the_list_as_they_are_typed(panel, qtbot, lab):
    QTest.keyClicks(panel.bar.find, "nonsense")
    qtbot.waitUntil(panel.empty.isVisible)
    assert "these words" in panel.empty.text() and panel.table.count() == 0
    panel.bar.find.clear()
    QTest.keyClicks(panel.bar.find, "2-layer")
    assert panel.table.count() == 3


def test_chosen_runs_are_drawn_and_what_differs_is_named(panel, qtbot, lab, ids):
    choose(panel, 0, 2)
    assert lab.project.runs.chosen == (ids[2], ids[0])
    settle(lab, qtbot)
    plot = panel.overlay.plot
    assert [list(plot.series[str(slot)].y) for slot in range(3)] == [[0.8], [0.7], []]
    assert panel.aside.comparison.words.text() == "1 setting differs."
    lab.project.runs.curve = "loss"
    assert panel.overlay.plot is panel.overlay.losses
    assert len(panel.overlay.plot.series["0"].x) == 4


def test_a_run_keeps_its_colour_while_others_come_and_go(panel, lab, ids):
    choose(panel, 1)
    choose(panel, 1, 0)
    assert lab.project.runs.chosen == (ids[1], ids[2])


def test_what_is_chosen_is_remembered(panel, lab, ids, host, qtbot):
    choose(panel, 1)
    again = host(RunsPanel, 1040, 780)
    settle(lab, qtbot)
    assert [index.row() for index in again.table.selectionModel().selectedRows()] == [1]
    assert again.table.rows.chosen == (ids[1],)


def test_a_star_tags_and_notes_are_kept_in_the_folder(panel, lab, ids, flush):
    choose(panel, 1)
    star = panel.table.visualRect(panel.table.model().index(1, BY_ID["star"])).center()
    QTest.mouseClick(panel.table.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, star)
    panel.aside.turn_to(panel.notes)
    panel.notes.tags.setText("good, wide")
    panel.notes.text.setPlainText("As expected.")
    panel.notes.save()
    assert RunFolder.open(lab.runs.root / ids[1]).notes == Notes(
        starred=True, tags=("good", "wide"), text="As expected."
    )
    assert "#good" in titles(panel)[1]


def test_what_was_typed_is_saved_when_another_run_is_chosen(panel, lab, ids):
    choose(panel, 0)
    panel.notes.text.setPlainText("half a thought")
    choose(panel, 1)
    assert RunFolder.open(lab.runs.root / ids[2]).notes.text == "half a thought"
    assert panel.notes.text.toPlainText() == ""


def test_taking_up_a_run_brings_its_net_and_recipe_and_can_be_undone(panel, lab, qtbot):
    before = lab.project.architecture, lab.project.recipe
    choose(panel, 1)
    with qtbot.waitSignal(panel.go_to) as told:
        panel.take_up()
    assert told.args == ["training"]
    assert lab.project.recipe.seed == 1 and lab.project.architecture.name == zoo.two_layer().name
    lab.history.undo()
    lab.history.undo()
    assert (lab.project.architecture, lab.project.recipe) == before


def files_of(lab, run_id):
    """Every file of a run and what is in it."""
    root = lab.runs.root / run_id
    return {path.relative_to(root): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def undo_of(lab):
    """What the Undo button of the last notice does."""
    (undo,) = [remedy for remedy in lab.notices.all[-1].remedies if remedy.caption == "Undo"]
    return undo


@pytest.mark.parametrize("since", [False, True], ids=["at-once", "after-another-step"])
def test_a_run_is_deleted_by_its_key_and_comes_back_whole(panel, lab, qtbot, ids, since):
    choose(panel, 1)
    panel.notes.tags.setText("deep")
    panel.notes.text.setPlainText("half a thought")
    panel.table.setFocus()
    QTest.keyClick(panel.table, Qt.Key.Key_Delete)
    settle(lab, qtbot)
    assert titles(panel, "held_out") == ["80.0 %", "70.0 %"] and lab.notices.all[-1].title == "Run deleted"
    assert lab.project.runs.chosen == (ids[0],), "the next row"
    assert panel.table.currentIndex().row() == 1
    if since:
        lab.history.push(SetField(lab.project, "recipe", lab.project.recipe.changed(seed=9), "Change seed"))
    undo_of(lab).act()
    settle(lab, qtbot)
    assert lab.project.runs.chosen == (ids[1],) and titles(panel, "held_out") == ["80.0 %", "90.0 %", "70.0 %"]
    assert RunFolder.open(lab.runs.root / ids[1]).notes == Notes(tags=("deep",), text="half a thought")
    assert lab.project.recipe.seed == (9 if since else 0)


def test_every_file_of_a_deleted_run_comes_back(panel, lab, qtbot, ids):
    before = {each: files_of(lab, each) for each in ids}
    for n in range(3):
        choose(panel, 0)
        panel.throw_away()
        settle(lab, qtbot)
        assert panel.table.count() == 2 - n
    assert panel.empty.isVisible() and lab.project.runs.chosen == ()
    lab.new()  # forgets every step
    for _ in ids:
        panel.restore()
        settle(lab, qtbot)
    assert {each: files_of(lab, each) for each in ids} == before and not panel.can_restore()


def test_the_delete_key_elsewhere_deletes_no_run(panel, lab, ids):
    choose(panel, 0)
    for widget in (panel.bar.find, panel.overlay.curve, panel.bar.buttons["take_up"]):
        widget.setFocus()
        QTest.keyClick(widget, Qt.Key.Key_Delete)
    assert panel.table.count() == 3 and not lab.history.can_undo


def question(panel):
    return panel.window().findChild(Question, "runs.confirm_delete")


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Space, Qt.Key.Key_Escape])
def test_several_are_deleted_only_after_a_question_whose_default_deletes_nothing(panel, lab, qtbot, key):
    choose(panel, 0, 1)
    panel.throw_away()
    asked = question(panel)
    assert asked.isVisible() and asked.windowTitle() == "Delete 2 runs?"
    QTest.keyClick(asked.focusWidget(), key)
    assert not asked.isVisible() and panel.table.count() == 3 and not lab.history.can_undo


def test_several_are_deleted_at_once_and_undone_at_once(panel, lab, qtbot, ids):
    choose(panel, 0, 1)
    panel.throw_away()
    QTest.mouseClick(question(panel).findChild(QWidget, "runs.confirm_delete.delete"), Qt.MouseButton.LeftButton)
    settle(lab, qtbot)
    assert panel.table.count() == 1 and lab.project.runs.chosen == (ids[0],)
    assert lab.notices.all[-1].title == "2 runs deleted"
    lab.history.undo()
    settle(lab, qtbot)
    assert panel.table.count() == 3 and lab.project.runs.chosen == (ids[2], ids[1])


def test_a_run_that_a_queued_one_starts_from_is_not_deleted(panel, lab, ids):
    lab.runs.line.add(zoo.two_layer(), Recipe(), "next", None, begin_with=ids[2], whose="this")
    choose(panel, 0)
    panel.throw_away()
    assert panel.table.count() == 3 and not lab.history.can_undo and "queue" in lab.notices.all[-1].text


def test_nothing_can_be_done_with_nothing(panel, lab):
    for name in ("take_up", "fork", "resume", "draw", "throw_away"):
        assert not panel.findChild(QWidget, f"runs.{name}").isEnabled()
    panel.take_up()
    panel.throw_away()
    assert not lab.history.can_undo


def test_an_empty_list_says_what_to_do(host, lab, qtbot):
    panel = host(RunsPanel, 940, 600)
    settle(lab, qtbot)
    assert panel.empty.isVisible() and "Train a net" in panel.empty.text()


def test_names_are_as_short_as_tells_runs_apart(panel):
    names = short_names(panel.chosen_rows())
    assert names == []
    choose(panel, 0)
    assert short_names(panel.chosen_rows())[0].startswith("2-layer net")
    choose(panel, 0, 1, 2)
    assert len(set(short_names(panel.chosen_rows()))) == 3


def test_the_ensemble_card_says_what_it_needs(panel):
    card = panel.aside.ensemble
    assert not card.go.isEnabled() and "at least 2" in card.words.text()
    choose(panel, 0)
    card.of.setCurrentIndex(1)
    card.of.activated.emit(1)
    assert card.go.isEnabled()
    card.vote()  # these runs have kept no checkpoints
    assert "no checkpoints" in card.words.text()


def test_runs_vote_and_are_compared(host, lab, qtbot):
    for seed in (0, 1):
        run = lab.runs.start(zoo.linear_classifier(), Recipe.read({"epochs": 1, "seed": seed, "threads": 1}))
        run.join()
        lab.pump()
    panel = host(RunsPanel, 1040, 780)
    settle(lab, qtbot)
    choose(panel, 0, 1)
    card = panel.aside.ensemble
    panel.aside.turn_to(card)
    QTest.mouseClick(card.go, Qt.MouseButton.LeftButton)
    assert "hold out different images" in card.words.text()
    card.split.setCurrentIndex(1)
    card.vote()
    assert "Test set locked" in card.words.text() and not lab.jobs.is_busy("runs.ensemble")
    lab.test_set.unlock()
    card.split.setCurrentIndex(1)
    QTest.mouseClick(card.go, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: (lab.pump(), card.go.isEnabled())[1], timeout=30_000)
    assert "The mean member reads" in card.words.text()
    assert [title for title, _ in card.bars._rows][-1] == "Ensemble" and len(card.bars._rows) == 3
    assert len({title for title, _ in card.bars._rows}) == 3, "runs of one net are told apart"
    assert all(0.5 < accuracy.low < accuracy.share < accuracy.high for _, accuracy in card.bars._rows)


def test_the_best_of_a_search_vote(panel, lab, qtbot):
    card = panel.aside.ensemble
    card.of.setCurrentIndex(card.of.findData("search"))
    card.of.activated.emit(3)
    assert card.go.isEnabled()
    card.vote()
    assert "no search" in card.words.text()
    axes = (Axis(path="optimizer.learning_rate", values=(0.001, 0.002, 0.003)),)
    recipe = Recipe.read({"threads": 1, "batch_size": 500})
    SearchRequest(
        lab.runs.root, zoo.linear_classifier(), recipe, SearchPlan(kind="grid", axes=axes, epochs=1), lab.dataset
    ).run(JobControl())
    card.vote()
    qtbot.waitUntil(lambda: (lab.pump(), card.go.isEnabled())[1], timeout=30_000)
    assert len(card.bars._rows) == 4 and "The mean member reads" in card.words.text()


# -- ways out ----------------------------------------------------------------------------------------------------------------


def test_a_run_becomes_a_script_and_the_notice_says_how_to_run_it(panel, lab, qtbot, tmp_path, qapp):
    choose(panel, 0)
    assert panel.export.script.isEnabled() and panel.bar.buttons["export"].isEnabled()
    panel.export._write_script(str(tmp_path))
    assert panel.bar.progress.isVisible() and "data" in panel.bar.count.text()
    settle(lab, qtbot)
    (folder,) = tmp_path.iterdir()
    assert {path.name for path in folder.iterdir()} == {"train.py", "data.npz"}
    assert not panel.bar.progress.isVisible() and panel.bar.count.text() == "3 runs"
    notice = lab.notices.all[-1]
    assert notice.level == "success" and "python train.py" in notice.text
    notice.remedies[1].act()
    assert qapp.clipboard().text() == "python train.py"


def test_an_export_can_be_cancelled_and_a_failure_is_said(panel, lab, qtbot, tmp_path):
    choose(panel, 0)
    panel.export.write_script(tmp_path / "out")
    QTest.mouseClick(panel.bar.cancel, Qt.MouseButton.LeftButton)
    settle(lab, qtbot)
    assert not panel.bar.progress.isVisible()
    (tmp_path / "file").write_text("in the way")
    panel.export.write_script(tmp_path / "file")
    settle(lab, qtbot)
    assert lab.notices.all[-1].level == "error" and not panel.export.is_busy
    assert (tmp_path / "file").read_text() == "in the way"


def test_tensorboard_files_are_written_for_old_runs(panel, lab, qtbot, ids):
    choose(panel, 0, 1)
    assert panel.export.board.isEnabled() and not panel.export.script.isEnabled()
    assert not any((lab.runs.root / each / "tensorboard").exists() for each in ids)
    panel.export.write_board()
    settle(lab, qtbot)
    written = [each for each in ids if list((lab.runs.root / each / "tensorboard").glob("*tfevents*"))]
    assert set(written) == set(panel.lab.project.runs.chosen) and len(written) == 2
    notice = lab.notices.all[-1]
    assert "Written for 2 of 2" in notice.text and f'tensorboard --logdir "{lab.runs.root}"' in notice.text
    choose(panel, 0)
    panel.export.write_board()
    settle(lab, qtbot)
    assert str(lab.runs.root / lab.project.runs.chosen[0]) in lab.notices.all[-1].text


def test_nothing_can_be_exported_where_nothing_is_chosen(panel):
    panel.table.clearSelection()
    assert not panel.bar.buttons["export"].isEnabled()
    assert not (panel.export.script.isEnabled() or panel.export.board.isEnabled() or panel.export.folder.isEnabled())


def test_a_run_that_another_window_trains_is_not_thrown_away(panel, lab, qtbot, ids):
    owner = RunLock(lab.runs.root / ids[-1])
    owner.take()
    choose(panel, 0, 1)
    panel.throw_away()
    settle(lab, qtbot)
    assert titles(panel, "held_out") == ["80.0 %", "70.0 %"] and "Stop it first" in lab.notices.all[-2].text
    assert (lab.runs.root / ids[-1] / "run.json").exists()
    owner.release()
