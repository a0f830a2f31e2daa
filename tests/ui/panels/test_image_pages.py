"""The Challenges, Preprocess and Augment pages of the datasets panel, as a person uses them."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QAbstractButton, QAbstractSlider, QAbstractSpinBox, QComboBox, QWidget

from cvlab.engine.data import challenges, robustness, shapes32
from cvlab.engine.data.augmentation import Augmentation
from cvlab.engine.data.dataset import Dataset, Split
from cvlab.engine.data.preprocessing import Preprocessing
from cvlab.engine.training.suited import suited
from cvlab.ui.panels.datasets.augment_page import DRAWS, AugmentPage
from cvlab.ui.panels.datasets.challenge_work import NEAREST, NET
from cvlab.ui.panels.datasets.challenges_page import ChallengesPage
from cvlab.ui.panels.datasets.preprocess_page import PreprocessPage
from cvlab.ui.panels.datasets.preprocess_work import as_pictures
from tests.core.drivers.processes import few_digits
from tests.ui.hands import control


@pytest.fixture(scope="module")
def digits():
    return few_digits(20)


@pytest.fixture(scope="module")
def shapes():
    """A little of Shapes-32, as the catalogue draws it."""
    parts = [shapes32.draw(np.arange(count), split, shapes32.SEED) for split, count in ((0, 60), (1, 40))]
    train, test = (Split(torch.from_numpy(part.images), torch.from_numpy(part.labels)) for part in parts)
    return Dataset(shapes32.ID, shapes32.TITLE, shapes32.CLASSES, train, test, "a little")


@pytest.fixture
def page(lab, qapp, qtbot, flush, digits):
    """A function that shows a page of this class over some digits, awake."""
    made = []

    def show(view, data=None, size=(900, 560)):
        host = QWidget()
        page = view(lab, host)
        made.append((host, page))
        host.resize(*size)
        page.resize(*size)
        page.take(data or digits)
        with qtbot.waitExposed(host):
            host.show()
        page.wake()
        return page

    yield show
    for host, page in made:
        page.rest()
        host.close()
        host.deleteLater()
    flush()


# -- Challenges ------------------------------------------------------------------------------------------------------


def test_both_judges_see_the_image_that_is_shown(page, lab, digits, until):
    shown = page(ChallengesPage)
    until(lambda: shown.verdict is not None and shown.judges.bars.values is not None)
    view = lab.project.datasets.challenge
    changed = challenges.apply(view.kind, digits.train.images[:1], view.amount, view.seed)
    wanted = lab.models.load("lenet-mnist").predict(changed)[0]
    np.testing.assert_allclose(shown.judges.bars.values, wanted, atol=1e-5)
    X, q = digits.train.images.flatten(1).double(), changed.flatten(1).double()
    d = (X - q).square().sum(1)
    d[0] = torch.inf  # an image is not its own neighbour
    assert shown.verdict.neighbour == int(d.argmin())
    assert shown.verdict.distance == pytest.approx(float(d.min().sqrt()))


def test_the_dial_moves_the_state_the_picture_and_the_plot_together(page, lab):
    shown = page(ChallengesPage)
    dial = control(shown, "challenge_amount")
    dial.setValue(dial.maximum())
    assert lab.project.datasets.challenge.amount == 1 and shown.image.amount.text() == "100 %"
    shown.curve.plot.picked.emit(0.0)
    assert lab.project.datasets.challenge.amount == 0 and dial.value() == 0
    assert shown.image.pictures.captions[1] == "as it is, to the byte"


def test_a_press_in_the_plot_turns_the_dial(page, lab, qtbot):
    shown = page(ChallengesPage)
    area = shown.curve.plot.area()
    place = QPointF(area.left() + 0.75 * area.width(), area.center().y()).toPoint()
    qtbot.mousePress(shown.curve.plot, Qt.MouseButton.LeftButton, pos=place)
    assert lab.project.datasets.challenge.amount == pytest.approx(0.75, abs=0.01)


def test_curves_are_measured_shown_kept_and_can_be_stopped(page, lab, digits, until):
    shown = page(ChallengesPage)
    until(lambda: shown.asked.net is not None)
    shown.measuring.toggle()
    assert shown.curve.is_busy and shown.curve.measure.text() == "Stop"
    until(lambda: len(shown.curve.points) == 18 and not shown.curve.is_busy)
    at_zero = {p.judge: p.accuracy for p in shown.curve.points if p.amount == 0}
    plain = lab.models.load("lenet-mnist").predict(digits.test.images).argmax(1) == digits.test.labels.numpy()
    assert at_zero[NET] == pytest.approx(plain.mean()) and 0.6 < at_zero[NEAREST] < 1
    before = shown.curve.points
    shown.chips.button(1).click()
    assert shown.curve.points == ()
    shown.measuring.toggle()
    shown.measuring.toggle()
    assert not shown.curve.is_busy and not lab.jobs.is_busy("datasets.challenge_curve")
    shown.chips.button(0).click()
    assert shown.curve.points == before, "measured once"


@pytest.fixture
def colour(digits):
    """The digits in three channels: a set that no net has seen."""
    return replace(
        digits,
        id="colour",
        title="Colour",
        digest="colour",
        train=Split(digits.train.images.expand(-1, 3, -1, -1).contiguous(), digits.train.labels),
        test=Split(digits.test.images.expand(-1, 3, -1, -1).contiguous(), digits.test.labels),
    )


def test_the_net_that_is_asked_is_the_one_that_reads_the_set(page, lab, shapes, until):
    shown = page(ChallengesPage, shapes)
    until(lambda: shown.judges.bars.values is not None)
    assert shown.asked.id == "convnet-shapes32" and lab.project.datasets.challenge.model == "lenet-mnist"
    combo = control(shown, "challenge_model")
    assert combo.currentText() == "ConvNet-small, trained on Shapes-32"
    assert shown.judges.learned.text() == "99.70 % of its validation images right"
    other = combo.model().item(combo.findData("lenet-mnist"))
    assert not other.isEnabled() and "Cannot be asked here: it reads 28 × 28 × 1" in other.toolTip()
    view = lab.project.datasets.challenge
    masks = robustness.masks_of(shapes, "train", [0])
    changed = challenges.apply(view.kind, shapes.train.images[:1], view.amount, view.seed, masks)
    wanted = lab.models.load("convnet-shapes32").predict(changed)[0]
    np.testing.assert_allclose(shown.judges.bars.values, wanted, atol=1e-5)


def test_other_classes_of_the_same_shape_are_not_judged_by_it(page, lab, digits, until):
    clothes = replace(digits, id="clothes", classes=tuple("abcdefghij"))
    shown = page(ChallengesPage, clothes)
    until(lambda: shown.verdict is not None)
    assert shown.asked.net is None and "No net reads" in shown.judges.bars.message


def test_where_no_net_reads_the_set_one_is_trained_beside_the_project(page, lab, qtbot, colour, monkeypatch, until):
    monkeypatch.setattr(lab.runs, "load_data", lambda _: colour)
    shown, before = page(ChallengesPage, colour), (lab.project.architecture, lab.project.recipe)
    train = control(shown, "challenge_train")
    until(lambda: not lab.jobs.is_busy("datasets.nets"))
    assert train.isVisible() and not shown.judges.model_choice.isVisible()
    qtbot.mouseClick(train, Qt.MouseButton.LeftButton)
    run = lab.runs.current
    assert run.title == "ConvNet-small, trained on Colour" and (lab.project.architecture, lab.project.recipe) == before
    until(lambda: "ConvNet-small learns: epoch 1 of 40" in shown.judges.bars.message and run.state.step > 0)
    assert train.text() == "Stop"
    qtbot.mouseClick(train, Qt.MouseButton.LeftButton)
    until(lambda: shown.asked.net is not None)
    assert (shown.asked.id == run.id and shown.judges.bars.values is not None) or shown.judges.bars.message
    assert not train.isVisible() and shown.judges.model_choice.currentText() == run.title


def test_a_second_training_is_refused_in_words(page, lab, qtbot, colour, monkeypatch, until):
    monkeypatch.setattr(lab.runs, "load_data", lambda _: colour)
    other = lab.runs.start(*suited(replace(colour, id="other")))
    shown = page(ChallengesPage, colour)
    qtbot.mouseClick(control(shown, "challenge_train"), Qt.MouseButton.LeftButton)
    assert "A run is still training" in lab.notices.all[-1].text
    other.stop()
    until(lambda: not other.is_active)


def test_without_a_net_the_rest_goes_on(page, lab, colour, until):
    shown = page(ChallengesPage, colour)
    until(lambda: "No net reads" in shown.judges.bars.message and shown.verdict is not None)
    shown.measuring.toggle()
    until(lambda: len(shown.curve.points) == 9)
    assert {p.judge for p in shown.curve.points} == {NEAREST}


def test_the_seventh_is_a_gallery_whose_images_go_to_the_dials(page, lab, qtbot, digits, until):
    shown = page(ChallengesPage)
    shown.chips.button(6).click()
    until(lambda: shown.gallery.rows["apart"].count > 0)
    shown.gallery.combo.activated.emit(7)
    until(lambda: "“7”" in shown.gallery.words.text())
    row = shown.gallery.rows["farthest"]
    qtbot.mouseClick(row, Qt.MouseButton.LeftButton, pos=row.tile(1).center().toPoint())
    state = lab.project.datasets
    assert state.challenge.kind == "viewpoint" and int(digits.train.labels[state.image]) == 7


def test_at_rest_nothing_runs(page, lab):
    shown = page(ChallengesPage)
    shown.image.toggle()
    assert shown.image.is_playing
    shown.measuring.toggle()
    shown.rest()
    assert not shown.image.is_playing and not shown.measuring._patience.isActive() and not shown.curve.is_busy
    assert not lab.jobs.is_busy()


def test_the_sweep_turns_the_dial_by_itself(page, lab):
    shown = page(ChallengesPage)
    before = lab.project.datasets.challenge.amount
    shown.image._sweep()
    assert lab.project.datasets.challenge.amount == pytest.approx(before + 0.01)


# -- Preprocess ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["standardize", "mean-image", "contrast", "whiten"])
def test_what_is_shown_is_what_a_net_would_be_fed_with(page, lab, digits, kind, until):
    lab.project.datasets.preprocess = lab.project.datasets.preprocess.changed(kind=kind, epsilon=0.01)
    shown = page(PreprocessPage)
    until(lambda: shown.found is not None)
    images = torch.from_numpy(shown.found.images)
    wanted = Preprocessing.fit(kind, digits.train.images, 0.01).apply(images, torch.float64)
    np.testing.assert_allclose(shown.found.after, wanted.numpy(), atol=1e-6)
    assert shown.found.away == 0 and shown.pairs.count == 12


def test_a_fit_from_elsewhere_is_shown_to_be_wrong(page, lab, until):
    lab.project.datasets.preprocess = lab.project.datasets.preprocess.changed(kind="mean-image")
    shown = page(PreprocessPage)
    until(lambda: shown.found is not None)
    right = shown.found
    shown.rule.source_choice.setCurrentIndex(2)
    shown.rule.source_choice.activated.emit(2)
    until(lambda: shown.found is not right)
    assert shown.found.away > 0.05 and shown.found.fitted_on == 6
    assert "differ from the right ones" in shown.rule.words.text()


def test_the_recipe_takes_it_as_one_step_that_can_be_undone(page, lab):
    lab.project.datasets.preprocess = lab.project.datasets.preprocess.changed(kind="whiten")
    shown = page(PreprocessPage)
    before = lab.project.recipe
    control(shown, "preprocess_use").click()
    assert lab.project.recipe.preprocessing == "whiten" and lab.history.undo_label == "Use this preprocessing"
    assert not shown.rule.use.isEnabled() and "just this" in shown.rule.in_use.text()
    lab.history.undo()
    assert lab.project.recipe == before and shown.rule.use.isEnabled()


def test_markers_are_dragged_and_moved_by_keys(page, lab, qtbot, until):
    shown = page(PreprocessPage)
    until(lambda: shown.found is not None)
    assert shown.features() == (14 * 28 + 14, 14 * 28 + 15)
    picker = shown.picker
    qtbot.mousePress(picker, Qt.MouseButton.LeftButton, pos=picker.centre_of((3, 5)).toPoint())
    qtbot.mouseRelease(picker, Qt.MouseButton.LeftButton)
    assert 3 * 28 + 5 in shown.features()
    qtbot.keyClick(picker, Qt.Key.Key_Down)
    assert 4 * 28 + 5 in shown.features()
    until(lambda: not lab.jobs.is_busy())
    white = shown.found.cloud[3]
    np.testing.assert_allclose(shown.clouds[3].points, white.points)


def test_pictures_of_numbers_put_zero_in_the_middle():
    numbers = np.linspace(-2, 2, 400).reshape(4, 1, 10, 10)
    pictures, low, high = as_pictures(numbers, "whiten")
    assert low == -high and abs(int(pictures[numbers > 0].min()) - 128) <= 2 and pictures.max() == 255
    pictures, low, high = as_pictures(np.array([0.0, 1.0]).reshape(2, 1, 1, 1), "unit")
    assert (low, high) == (0, 1) and pictures.ravel().tolist() == [0, 255]


# -- Augment ---------------------------------------------------------------------------------------------------------


def test_sixteen_draws_follow_the_dials_and_the_seed(page, lab, digits):
    shown = page(AugmentPage)
    assert shown.tiles.count == DRAWS

    def pixels():
        return [picture.constBits().tobytes() for picture in shown.tiles._pictures]

    first = pixels()
    assert len(set(first)) == DRAWS
    control(shown, "augment_again").click()
    assert pixels() != first and lab.project.datasets.augment.seed == 1
    control(shown, "augment_none").click()
    assert len(set(pixels())) == 1 and lab.project.datasets.augment.augmentation == Augmentation()


def test_a_dial_out_of_range_is_refused_in_words_and_nothing_is_lost(page, lab):
    shown = page(AugmentPage)
    before = lab.project.datasets.augment
    shown.form.rows["crop"].edited.emit("crop", 5.0)
    assert lab.project.datasets.augment == before and "crop" in shown.form.rows["crop"].words.text()
    shown.form.rows["crop"].edited.emit("crop", 0.5)
    assert lab.project.datasets.augment.augmentation.crop == 0.5


def test_mixed_images_say_with_what(page, lab, digits):
    shown = page(AugmentPage)
    shown.form.rows["mixup"].edited.emit("mixup", 1.0)
    assert all("·" in caption and "%" in caption for caption in shown.tiles.captions)


def test_the_recipe_takes_the_augmentation_as_one_step(page, lab):
    shown = page(AugmentPage)
    control(shown, "augment_use").click()
    assert lab.project.recipe.augmentation == lab.project.datasets.augment.augmentation
    assert "just this" in shown.in_use.text() and not shown.use_button.isEnabled()
    lab.history.undo()
    assert not lab.project.recipe.augmentation.changes


def test_another_image_of_either_split(page, lab, digits):
    shown = page(AugmentPage)
    lab.project.datasets.split, lab.project.datasets.image = "test", 10_000_019
    assert "Test image" in shown.caption.text()
    control(shown, "augment_after").click()
    assert lab.project.datasets.image < len(digits.test)


# -- all three -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("view", [ChallengesPage, PreprocessPage, AugmentPage])
def test_every_control_has_its_name_speaks_and_teaches_and_the_page_fits(page, view):
    shown = page(view)
    kinds = (QAbstractButton, QAbstractSpinBox, QComboBox, QAbstractSlider)
    found = [w for w in shown.findChildren(QWidget) if isinstance(w, kinds) and not w.objectName().startswith("qt_")]
    found = [w for w in found if "QScrollBar" not in type(w).__name__]
    assert found
    for widget in found:
        assert widget.objectName().startswith("datasets."), widget
        assert widget.accessibleName() and len(widget.toolTip()) > 10, widget.objectName()
    assert shown.minimumSizeHint().width() <= 900 and shown.minimumSizeHint().height() <= 505


def test_what_is_turned_is_saved_with_the_project(lab, tmp_path):
    state = lab.project.datasets
    state.challenge = state.challenge.changed(kind="clutter", amount=0.75, seed=4)
    state.preprocess = state.preprocess.changed(kind="mean-image", source="shown")
    state.augment = state.augment.changed(augmentation=Augmentation(flip=0.5).model_dump(), seed=9)
    wanted = (state.challenge, state.preprocess, state.augment)
    lab.save(tmp_path / "views.cvlab")
    lab.new()
    assert lab.project.datasets.challenge != wanted[0]
    lab.open(tmp_path / "views.cvlab")
    state = lab.project.datasets
    assert (state.challenge, state.preprocess, state.augment) == wanted
