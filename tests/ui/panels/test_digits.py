"""The digits panel: real test digits, laid on the pad, are read by the net that ships; every control does what it says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QComboBox, QPushButton, QSlider, QWidget

from cvlab.core.models import LIVE, SHIPPED
from cvlab.engine.data.drawing import DrawingSteps
from cvlab.engine.errors import ShapeError
from cvlab.engine.nets import zoo
from cvlab.engine.training.recipe import Recipe
from cvlab.ui.panels.digits.digits import DigitsPanel
from cvlab.ui.panels.digits.latency import Latency
from cvlab.ui.panels.digits.reading import check_reads_digits, map_layers
from cvlab.ui.panels.digits.ready_made import seven, three
from cvlab.ui.panels.digits.verdict import in_words
from cvlab.ui.widgets.ink import Page

DIGITS = tuple("0123456789")


@pytest.fixture
def panel(host):
    return host(DigitsPanel, 1048, 790)


@pytest.fixture
def awake(panel, until):
    """The panel with the net that ships."""
    until(lambda: panel.reading is not None)
    return panel


def press(panel: QWidget, name: str) -> None:
    QTest.mouseClick(panel.findChild(QPushButton, name), Qt.MouseButton.LeftButton)


def winner(panel: DigitsPanel, page: Page) -> str:
    panel.sheet.page = page
    panel._read()
    return panel.verdict.bars.winner


# -- reading -----------------------------------------------------------------------------------------------------------


def test_it_opens_alive_with_a_digit_that_the_shipped_net_reads(awake):
    assert awake.verdict.bars.winner == "3"
    assert awake.verdict.sentence.text() == "It reads 3"
    assert awake.maps.grid.maps.shape == (6, 28, 28)
    assert awake.received.input.pixels.max() == 255


def test_fifty_test_digits_on_the_pad_are_read(awake):
    test = awake.lab.dataset("mnist-mini").test
    chosen = np.random.default_rng(0).choice(len(test), 50, replace=False)
    right = sum(winner(awake, Page.of_picture(test.images[i, 0].numpy())) == str(int(test.labels[i])) for i in chosen)
    assert right >= 48


def test_the_numbers_are_those_of_the_net_for_the_image_that_is_shown(awake):
    import torch

    winner(awake, seven())
    image = torch.from_numpy(awake.received.input.pixels.copy())[None, None]
    expected = awake.lab.models.load(SHIPPED).predict(image)[0]
    assert awake.verdict.bars.values == pytest.approx(expected, abs=1e-6)
    e = np.exp(awake.reading.scores - awake.reading.scores.max())
    assert awake.verdict.bars.values == pytest.approx(e / e.sum(), abs=1e-6)


def test_a_stroke_is_read_while_it_is_drawn_and_the_latency_is_kept(awake, until):
    awake.clear()
    until(lambda: awake.verdict.bars.message == "Draw a digit")
    awake.latency.clear()
    pad = awake.paper.pad
    place = pad.field().center().toPoint()
    QTest.mousePress(pad, Qt.MouseButton.LeftButton, pos=place)
    for _ in range(7):
        count = len(awake.latency)
        place.setY(place.y() + 10)
        QTest.mouseMove(pad, place)
        until(lambda count=count: len(awake.latency) > count)
    assert pad.is_drawing and awake.verdict.bars.values is not None
    QTest.mouseRelease(pad, Qt.MouseButton.LeftButton, pos=place)
    assert 0 < awake.latency.p50() <= awake.latency.p99()


def test_clean_paper_is_not_read(awake):
    awake.clear()
    awake._read()
    assert awake.reading is None
    assert awake.verdict.bars.message == "Draw a digit"
    assert awake.maps.grid.maps is None


def test_before_the_net_is_there_the_panel_says_so_and_shows_the_preparation(panel):
    panel._read()
    assert panel.verdict.bars.message == "The network is waking up"
    assert panel.received.input.pixels.max() == 255


# -- the steps ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name,field", [("crop", "crop"), ("box20", "box20"), ("centre", "centre_of_mass")])
def test_a_step_can_be_left_out_and_that_can_be_undone(awake, name, field):
    state, before = awake.lab.project.digits, awake.received.input.pixels.copy()
    awake.sheet.page = seven()
    box = awake.findChild(QAbstractButton, f"digits.{name}")
    box.click()
    assert getattr(state.steps, field) is False and not box.isChecked()
    awake._read()
    assert not np.array_equal(awake.received.input.pixels, before)
    awake.lab.history.undo()
    assert state.steps == DrawingSteps() and box.isChecked()


def test_a_small_digit_in_a_corner_needs_the_steps(awake):
    pages = three()
    small = tuple((x * 0.3, y * 0.3, 14.0) for x, y, _ in pages.strokes[0].points)
    corner = Page((type(pages.strokes[0])(small),))
    assert winner(awake, corner) == "3"
    sure = awake.verdict.bars.values[3]
    awake.lab.project.digits.steps = DrawingSteps(False, False, False)
    awake._read()
    assert awake.verdict.bars.values[3] < sure / 2
    assert awake.received.input.pixels[14:, 14:].max() == 0


def test_pointing_at_a_pixel_reads_its_byte(awake, qtbot):
    view = awake.received.input
    square = view._square()
    with qtbot.waitSignal(view.pointed) as heard:
        QTest.mouseMove(view, square.center().toPoint())
    assert heard.args[0] == f"row 14, column 14: {view.pixels[14, 14]} of 255"


# -- the paper ---------------------------------------------------------------------------------------------------------


def test_undo_stroke_and_clear_are_steps_of_the_history(awake):
    awake.sheet.page = seven()
    press(awake, "digits.undo")
    assert len(awake.sheet.page.strokes) == 1
    press(awake, "digits.clear")
    assert awake.sheet.page.is_empty
    assert not awake.findChild(QPushButton, "digits.clear").isEnabled()
    awake.lab.history.undo()
    awake.lab.history.undo()
    assert len(awake.sheet.page.strokes) == 2
    awake._read()
    assert awake.verdict.bars.winner == "7"


def test_a_drawn_stroke_can_be_undone_back_to_the_example(awake):
    pad = awake.paper.pad
    middle = pad.field().center().toPoint()
    QTest.mousePress(pad, Qt.MouseButton.LeftButton, pos=middle)
    QTest.mouseMove(pad, middle + pad.rect().topLeft())
    QTest.mouseRelease(pad, Qt.MouseButton.LeftButton, pos=middle)
    assert len(awake.sheet.page.strokes) == 1 and not awake.sheet.page.is_example
    assert awake.lab.history.undo_label == "Draw a stroke"
    awake.lab.history.undo()
    assert awake.sheet.page.is_example


def test_the_brush_is_the_projects(awake):
    slider = awake.findChild(QSlider, "digits.brush")
    slider.setValue(60)
    assert awake.lab.project.digits.brush == 60
    awake.lab.project.digits.brush = 12
    assert slider.value() == 12 and awake.paper.pad._brush == 12


# -- pictures ----------------------------------------------------------------------------------------------------------


def test_surprise_brings_a_labelled_test_digit(awake, until):
    press(awake, "digits.surprise")
    until(lambda: awake.sheet.page.picture is not None)
    assert awake.sheet.page.caption.startswith("Test digit")
    first = awake.sheet.page
    awake.pictures.test_digit(7)
    assert awake.sheet.page is not first
    assert "Test digit 7, labelled" in awake.sheet.page.caption


def photo(path: Path) -> Path:
    """A seven in dark ink on light paper."""
    from cvlab.ui.widgets.paper import Paper

    paper = Paper()
    paper.show(seven())
    Image.fromarray(235 - (paper.mask() // 255 * 200).astype(np.uint8)).save(path)
    return path


def test_a_picture_of_dark_ink_is_read(awake, tmp_path, until):
    awake.pictures.open(photo(tmp_path / "seven.png"))
    until(lambda: awake.sheet.page.picture is not None and awake.verdict.bars.winner == "7")
    assert "seven.png" in awake.sheet.page.caption


def test_a_pasted_picture_is_read(awake, tmp_path, until):
    from PySide6.QtGui import QImage

    QGuiApplication.clipboard().setImage(QImage(str(photo(tmp_path / "seven.png"))))
    awake.pictures.paste()
    until(lambda: awake.sheet.page.picture is not None and awake.verdict.bars.winner == "7")
    QGuiApplication.clipboard().clear()
    awake.pictures.paste()
    assert awake.lab.notices.all[-1].title == "No picture to paste"


def test_what_is_no_picture_is_said_and_changes_nothing(awake, tmp_path, until):
    path, page = tmp_path / "notes.png", awake.sheet.page
    path.write_text("not a picture")
    awake.pictures.open(path)
    until(lambda: awake.lab.notices.all)
    assert "not a picture" in awake.lab.notices.all[-1].text and awake.sheet.page is page


# -- nets and layers ---------------------------------------------------------------------------------------------------


def test_another_layer_shows_its_own_maps(awake):
    combo = awake.findChild(QComboBox, "digits.layer")
    assert combo.currentData() == "conv1"
    for layer, shape, signed in (
        ("relu1", (6, 28, 28), False),
        ("pool2", (16, 5, 5), False),
        ("conv2", (16, 10, 10), True),
    ):
        combo.setCurrentIndex(combo.findData(layer))
        combo.activated.emit(combo.currentIndex())
        awake._read()
        assert awake.lab.project.digits.layer == layer
        assert awake.maps.grid.maps.shape == shape and awake.maps.grid.is_signed is signed
        assert np.array_equal(awake.maps.grid.maps, awake.reading.outputs[layer])


def test_layers_with_maps_know_their_sign():
    signs = {layer.name: layer.signed for layer in map_layers(zoo.lenet())}
    assert signs == {
        "input": True, "conv1": True, "relu1": False, "pool1": False, "conv2": True, "relu2": False, "pool2": False,
    }  # fmt: skip


def test_a_net_of_other_images_is_refused_in_words():
    check_reads_digits(zoo.lenet())
    with pytest.raises(ShapeError, match="32×32×3"):
        check_reads_digits(zoo.lenet((3, 32, 32)))


def test_a_net_that_is_gone_is_a_failure_with_a_way_out(awake, until):
    awake.net.choose("no-such-run")
    until(lambda: awake.verdict.bars.message)
    assert awake.verdict.bars.message == "There is no such net."
    (remedy,) = awake.lab.notices.all[-1].remedies
    awake.lab.project.digits.model = "no-such-run"
    remedy.act()
    until(lambda: awake.verdict.bars.winner == "3")


def test_the_net_in_training_is_followed_and_its_run_takes_its_place(awake, until):
    lab = awake.lab
    run = lab.runs.start(zoo.linear_classifier(), Recipe(data="mnist-mini", epochs=40, batch_size=100))
    combo = awake.findChild(QComboBox, "digits.model")
    until(lambda: combo.findData(LIVE) >= 0)
    combo.setCurrentIndex(combo.findData(LIVE))
    combo.activated.emit(combo.currentIndex())
    assert lab.project.digits.model == LIVE
    until(lambda: awake.net.net is not None and awake.net.net.architecture == run.architecture)
    until(lambda: awake.reading is not None and len(awake.reading.scores) == 10)
    first = awake.reading.scores
    until(lambda: not np.array_equal(awake.reading.scores, first))
    assert awake.maps.grid.maps is None  # a linear classifier has none
    run.stop()
    until(lambda: not run.is_active and lab.project.digits.model != LIVE)
    assert lab.project.digits.model in (run.id, SHIPPED)
    until(lambda: not lab.jobs.is_busy())


def test_weights_in_training_that_there_is_no_memory_to_copy(awake, monkeypatch, until):
    lab = awake.lab
    import torch

    monkeypatch.setattr("cvlab.engine.training.fit.SnapshotTaken", lambda *_: torch.empty(1 << 62, dtype=torch.uint8))
    monkeypatch.setattr("cvlab.ui.panels.digits.net_in_use._AGAIN", 0.0)
    run = lab.runs.start(zoo.linear_classifier(), Recipe(data="mnist-mini", epochs=200, batch_size=100))
    combo = awake.findChild(QComboBox, "digits.model")
    until(lambda: combo.findData(LIVE) >= 0)
    combo.setCurrentIndex(combo.findData(LIVE))
    combo.activated.emit(combo.currentIndex())
    until(lambda: awake.net._failure is not None)
    assert "not enough memory" in awake.net._failure.what
    assert run.is_active and run.state.failure is None
    monkeypatch.undo()
    until(lambda: awake.net.net is not None and awake.net.net.architecture == run.architecture)
    run.stop()
    until(lambda: not run.is_active and not lab.jobs.is_busy())


def test_behind_another_panel_it_costs_nothing(awake, until):
    awake.hidden()
    reading = awake.reading
    awake.sheet.page = seven()
    assert not awake._reader.isActive() and awake.reading is reading
    awake.shown()
    until(lambda: awake.verdict.bars.winner == "7")


# -- words and figures -------------------------------------------------------------------------------------------------


def test_the_verdict_says_how_sure_it_is():
    def said(**shares):
        values = np.zeros(10)
        for name, share in shares.items():
            values[int(name[1:])] = share
        return in_words(values, DIGITS)

    assert said(d7=1.0) == ("It reads 7", "100.0 % sure.")
    assert said(d7=0.75, d1=0.25) == ("Probably 7", "75.0 % sure; next is 1 with 25.0 %.")
    assert said(d4=0.45, d9=0.4, d1=0.15)[0] == "Unsure: 4 or 9"


@given(st.lists(st.floats(0, 10), min_size=1, max_size=300))
def test_quantiles_are_those_of_numpy(seconds):
    latency = Latency()
    for each in seconds:
        latency.add(each)
    for share in (0.5, 0.9, 0.99):
        expected = np.quantile(np.array(seconds) * 1000, share, method="inverted_cdf")
        assert latency.quantile(share) == pytest.approx(expected)


CONTROLS = (
    "pad", "brush", "clear", "undo", "model", "crop", "box20", "centre", "layer", "surprise", "open", "input", "maps",
    "probabilities",
)  # fmt: skip


@pytest.mark.parametrize("name", CONTROLS)
def test_every_control_has_a_name_a_voice_and_a_lesson(panel, name):
    control = panel.findChild(QWidget, f"digits.{name}")
    assert control is not None and control.accessibleName() and len(control.toolTip()) > 20


def test_the_tour_reads_a_drawn_and_a_real_digit(awake, until):
    seen = []
    for stop in awake.tour():
        until(stop.is_ready)
        until(lambda: not awake._reader.isActive())
        seen.append((stop.name, awake.verdict.bars.winner))
    assert seen[0] == ("drawn", "7") and seen[1][0] == "test-digit"
    assert f"labelled {seen[1][1]}" in awake.sheet.page.caption
