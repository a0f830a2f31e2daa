"""The convolution panel through what a person does: slide, point, type, paint, pool, count, open a picture, undo."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest
import torch
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QSlider, QWidget

from cvlab.core.panels.convolution_documents import (
    OWN,
    PHOTO,
    KernelDocument,
    PictureChoice,
    PoolDocument,
    SharingDocument,
    SlideDocument,
)
from cvlab.core.project import Project
from cvlab.core.storage.project_file import load_project
from cvlab.engine.convolution import Fit, convolve, filtered
from cvlab.engine.kernels import PRESETS
from cvlab.ui.panels.convolution.canvas import BoardCanvas
from cvlab.ui.panels.convolution.convolution import ConvolutionPanel
from cvlab.ui.panels.convolution.fit_words import sentence
from cvlab.ui.panels.convolution.picture_pair import PicturePair
from tests.ui.hands import click, control
from tests.ui.panels.convolution_hands import cell


@pytest.fixture
def panel(host):
    return host(ConvolutionPanel, 1000, 760)


@pytest.fixture
def pictured(panel, until):
    """The panel with its picture on it."""
    until(lambda: panel.gallery.is_settled)
    return panel


def type_into(qtbot, stage, name, place, text):
    qtbot.mouseClick(stage, Qt.MouseButton.LeftButton, pos=cell(stage, name, place))
    assert stage.line.isVisible()
    stage.line.selectAll()
    qtbot.keyClicks(stage.line, text)
    qtbot.keyClick(stage.line, Qt.Key.Key_Return)


def wheel(widget, point: QPoint, steps: int):
    place = QPointF(point)
    event = QWheelEvent(
        place, widget.mapToGlobal(place), QPoint(), QPoint(0, 120 * steps), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(widget, event)


# -- slide -----------------------------------------------------------------------------------------------------------


def test_it_opens_with_the_courses_demonstration_and_the_sum_is_torchs(panel, lab):
    stage, document = panel.slide.stage, lab.project.convolution.slide
    assert stage.output.shape == (2, 3, 3) and control(panel, "slide.fit").text() == "Three windows fit exactly."
    x, w, b = (torch.from_numpy(part) for part in (document.input(), document.weights(3), document.biases()))
    y = torch.nn.functional.conv2d(x[None], w, b, stride=2, padding=1)[0].numpy()
    for position in range(18):
        lab.project.convolution.position = position
        assert stage.now.total == pytest.approx(y.ravel()[position])
        assert stage.now.channel_sums.sum() + stage.now.bias == pytest.approx(y.ravel()[position])


def test_pointing_at_an_output_shows_its_receptive_field_and_clicking_stays(panel, qtbot, lab):
    stage = panel.slide.stage
    lab.project.convolution.position = 4
    qtbot.mouseMove(stage, cell(stage, "x", (0, 0, 0)))
    stage.pointed.emit("y", (1, 2, 0))
    assert stage.spot == (1, 2, 0) and lab.project.convolution.position == 4
    assert stage.window(0).topLeft() == stage.board("x", (0,)).cell(4, 0).topLeft()
    assert stage.board("w", (1, 0)) is not None, "the filter of that map is shown"
    assert "Filter 1, row 2, column 0" in stage.accessibleDescription()
    stage.pointed.emit("", ())
    assert stage.spot == (0, 1, 1)
    qtbot.mouseClick(stage, Qt.MouseButton.LeftButton, pos=cell(stage, "y", (1, 0, 2)))
    assert lab.project.convolution.position == 11


def test_keys_move_the_window_and_play(panel, qtbot, lab):
    stage, state = panel.slide.stage, lab.project.convolution
    for key, position in (
        (Qt.Key.Key_Right, 1), (Qt.Key.Key_Down, 4), (Qt.Key.Key_Left, 3), (Qt.Key.Key_Left, 3), (Qt.Key.Key_Up, 0),
        (Qt.Key.Key_PageDown, 9), (Qt.Key.Key_PageUp, 0),
    ):  # fmt: skip
        qtbot.keyClick(stage, key)
        assert state.position == position
    state.speed = 60
    qtbot.keyClick(stage, Qt.Key.Key_Space)
    assert control(panel, "play").accessibleName() == "Pause"
    qtbot.waitUntil(lambda: state.position >= 2)
    qtbot.keyClick(stage, Qt.Key.Key_Space)
    assert not panel.slide.transport.is_playing


def test_the_transport_steps_wraps_and_scrubs(panel, qtbot, lab):
    state = lab.project.convolution
    click(qtbot, panel, "back")
    assert state.position == 17
    click(qtbot, panel, "forward")
    assert state.position == 0
    control(panel, "scrub").setValue(13)
    assert state.position == 13 and panel.slide.transport.where.text() == "filter 1 · row 1 · col 1"
    click(qtbot, panel, "rewind")
    assert state.position == 0
    panel.slide.transport.toggle()
    panel.hidden()
    assert not panel.slide.transport.is_playing, "a hidden panel costs nothing"


def test_dragging_on_the_input_moves_the_window(panel, qtbot, lab):
    stage = panel.slide.stage
    qtbot.mousePress(stage, Qt.MouseButton.LeftButton, pos=cell(stage, "x", (0, 1, 1)))
    qtbot.mouseMove(stage, cell(stage, "x", (0, 4, 4)))
    qtbot.mouseRelease(stage, Qt.MouseButton.LeftButton, pos=cell(stage, "x", (0, 4, 4)))
    assert stage.spot == (0, 2, 2) and not stage.line.isVisible()


def test_numbers_are_typed_turned_and_undone(panel, qtbot, lab):
    stage, state = panel.slide.stage, lab.project.convolution
    before = state.slide
    type_into(qtbot, stage, "x", (1, 2, 3), "2,5")
    assert state.slide.x[1][2][3] == 2.5 and stage.hasFocus()
    type_into(qtbot, stage, "w", (0, 2, 0, 0), "-4")
    assert state.slide.w[0][2][0][0] == -4
    type_into(qtbot, stage, "b", (0, 0, 0), "7")
    assert state.slide.b[0] == 7
    wheel(stage, cell(stage, "w", (0, 1, 1, 1)), 2)
    wheel(stage, cell(stage, "w", (0, 1, 1, 1)), 1)
    assert state.slide.w[0][1][1][1] == before.w[0][1][1][1] + 3
    for _ in range(4):
        lab.history.undo()
    assert state.slide == before and not lab.history.can_undo


def test_tab_goes_from_cell_to_cell_and_escape_leaves(panel, qtbot, lab):
    stage = panel.slide.stage
    qtbot.keyClick(stage, Qt.Key.Key_F2)
    qtbot.keyClicks(stage.line, "9")
    qtbot.keyClick(stage.line, Qt.Key.Key_Tab)
    assert lab.project.convolution.slide.x[0][0][0] == 9 and stage.line.isVisible()
    qtbot.keyClicks(stage.line, "8")
    qtbot.keyClick(stage.line, Qt.Key.Key_Escape)
    assert not stage.line.isVisible() and lab.project.convolution.slide.x[0][0][1] != 8


@pytest.mark.parametrize("text", ["x", "1e9", "nan", "inf", " "])
def test_what_is_no_number_is_refused_and_nothing_is_lost(panel, qtbot, lab, text):
    stage, before = panel.slide.stage, lab.project.convolution.slide
    type_into(qtbot, stage, "x", (0, 0, 0), text)
    assert stage.line.isVisible() and stage.line.property("role") == "error" and "−999" in stage.line.toolTip()
    assert lab.project.convolution.slide is before
    qtbot.keyClick(stage.line, Qt.Key.Key_Escape)


def test_a_slider_drag_is_one_step_to_undo(panel, lab):
    before, slider = lab.project.convolution.slide, control(panel, "slide.padding")
    slider.setSliderDown(True)
    for value in (2, 3, 4):
        slider.setValue(value)
    slider.setSliderDown(False)
    assert lab.project.convolution.slide.padding == 4 and panel.slide.stage.output.shape == (2, 6, 6)
    lab.history.undo()
    assert lab.project.convolution.slide == before


def test_every_slider_to_both_ends_keeps_the_output_torchs_or_says_why_there_is_none(panel, lab):
    stage, state = panel.slide.stage, lab.project.convolution
    for field in ("side", "filter", "stride", "padding", "dilation", "filters", "channels"):
        slider = control(panel, f"slide.{field}")
        for value in (slider.minimum(), slider.maximum()):
            slider.setValue(value)
            document = state.slide
            fit = document.sliding.fit(document.side)
            panel.grab()
            if not fit.count:
                assert stage.output is None and "fits nowhere" in control(panel, "slide.fit").text()
                assert not control(panel, "play").isEnabled()
                continue
            C = document.channels
            expected = convolve(document.input(), document.weights(C), document.biases(), document.sliding)
            assert np.array_equal(stage.output, expected)


def test_in_groups_a_filter_reads_its_own_channels_and_the_map_is_torchs(panel, lab):
    stage, state = panel.slide.stage, lab.project.convolution
    control(panel, "slide.filters").setValue(3)
    control(panel, "slide.groups").setValue(3)
    document = state.slide
    x, w, b = (torch.from_numpy(part) for part in (document.input(), document.weights(3), document.biases()))
    depthwise = torch.stack([w[k, k : k + 1] for k in range(3)])
    y = torch.nn.functional.conv2d(x[None], depthwise, b, stride=2, padding=1, groups=3)[0].numpy()
    assert np.allclose(stage.output, y) and "3 × (3 × 3 × 1 weights + 1 bias)" in panel.slide.fit.sizes.text()
    for position in range(27):
        state.position = position
        k = stage.spot[0]
        assert stage.now.total == pytest.approx(y.ravel()[position])
        assert [board.index for board in stage.boards if board.name == "w"] == [(k, k)]
        assert [board.index for board in stage.boards if board.name == "p"] == [(k,)]
        assert stage.board("x", ((k + 1) % 3,)).caption.endswith("not read")
    panel.grab()
    assert stage.accessibleDescription().count("+") == 1, "one channel's sum, and the bias"
    lab.history.undo()
    lab.history.undo()
    assert state.slide == SlideDocument.course()


def test_groups_that_do_not_divide_are_said_in_words(panel, lab):
    control(panel, "slide.groups").setValue(2)
    assert panel.slide.stage.output is None and not control(panel, "play").isEnabled()
    assert (
        "3 channels and 2 filters do not both fall into 2 equal groups. Take one group" in panel.slide.fit.sizes.text()
    )
    panel.grab()
    control(panel, "slide.channels").setValue(2)
    assert panel.slide.stage.output is not None and "In 2 groups" in panel.slide.fit.sizes.text()
    control(panel, "slide.channels").setValue(3)
    control(panel, "slide.filters").setValue(3)
    assert "Take 3 groups or one" in panel.slide.fit.sizes.text()


def test_a_window_that_fits_nowhere_is_said_in_words(panel, lab):
    for field, value in (("padding", 0), ("filter", 4), ("dilation", 3)):
        control(panel, f"slide.{field}").setValue(value)
    assert panel.slide.stage.output is None
    assert control(panel, "slide.fit").text().startswith("A window of 10 cells is wider than the 5 there are")
    assert panel.slide.transport.where.text() == "no position"
    before = panel.grab().toImage()
    control(panel, "slide.padding").setValue(3)
    assert panel.slide.stage.output is not None and panel.grab().toImage() != before


@pytest.mark.parametrize(
    ("fit", "words"),
    [
        (Fit(5, 3, 2, 1), "Three windows fit exactly."),
        (Fit(5, 3, 1, 1), "as large as the input"),
        (Fit(6, 3, 2), "the last column (hatched) is never read. Stride 1 would fit."),
        (Fit(7, 4, 2), "never read"),
        (Fit(6, 3, 2, 1), "the last column (hatched) is never read. It is padding, so no pixel is lost there."),
        (Fit(5, 3, 1, 0, 3), "fits nowhere. Padding of 1 would make room."),
        (Fit(2, 5, 1, 0, 3), "Take a smaller filter or dilation"),
        (Fit(7, 1, 3), "4 of 7 columns (hatched) lie between the taps"),
    ],
)
def test_the_sentence_about_the_fit(fit, words):
    assert words in sentence(fit)


def test_the_sentence_counts_what_no_window_reads():
    for size, F, S, P, d in itertools.product(range(1, 11), range(1, 5), range(1, 5), range(3), (1, 2)):
        fit, starts = Fit(size, F, S, P, d), range(0, size + 2 * P - d * (F - 1), S)
        said = sentence(fit)
        if not starts:
            assert "fits nowhere" in said
            continue
        end = starts[-1] + d * (F - 1) + 1
        behind = list(range(end, size + 2 * P))  # cells behind the last window; those from P + size on are padding
        zeros = sum(cell >= P + size for cell in behind)
        told = re.search(r"the last (?:(\d+) )?column(s?) \(hatched\) (is|are) never read(?:; (\d+) of them)?", said)
        assert (told is not None) == bool(behind), (fit, said)
        if told is not None:
            assert int(told[1] or 1) == len(behind) and told[1] != "1"
            assert (told[2], told[3]) == (("", "is") if len(behind) == 1 else ("s", "are"))
            assert int(told[4] or 0) == (zeros if zeros < len(behind) else 0)
            assert ("no pixel is lost there" in said) == (zeros == len(behind))


def test_the_picture_slides_too_and_brings_its_channels(pictured, qtbot, lab, until):
    click(qtbot, pictured, "slide.source.picture")
    stage = pictured.slide.stage
    assert stage.scene.x.shape == (3, 21, 32) and not control(pictured, "slide.channels").isVisible()
    assert not stage.board("x", (0,)).editable and stage.board("w", (0, 0)).editable
    qtbot.mouseClick(stage, Qt.MouseButton.LeftButton, pos=cell(stage, "x", (1, 10, 16)))
    assert stage.spot[1:] == (5, 8)
    lab.project.convolution.picture = PictureChoice("mnist-mini", 5)
    until(lambda: pictured.gallery.is_settled)
    assert stage.scene.x.shape == (1, 28, 28) and stage.output.shape[0] == 2
    lab.history.undo()
    assert not lab.project.convolution.slide.uses_picture


def test_demo_edges_and_randomise(panel, qtbot, lab):
    click(qtbot, panel, "slide.randomise")
    assert lab.project.convolution.slide != SlideDocument.course()
    click(qtbot, panel, "slide.edges")
    assert panel.slide.stage.output.shape == (3, 5, 5)
    each = filtered(panel.slide.stage.scene.x, np.array(PRESETS["sobel-x"].three))
    assert np.array_equal(panel.slide.stage.output[0], each.sum(axis=0)), "the channels' sums add up"
    click(qtbot, panel, "slide.course")
    assert lab.project.convolution.slide == SlideDocument.course()
    lab.history.undo()
    assert lab.project.convolution.slide != SlideDocument.course()


# -- kernel ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("id", PRESETS)
def test_every_preset_at_both_sizes_shows_what_torch_computes(pictured, qtbot, lab, id):
    click(qtbot, pictured, "page.kernel")
    page, state = pictured.kernel, lab.project.convolution
    for size in (5, 3):
        click(qtbot, pictured, f"kernel.size.{size}")
        click(qtbot, pictured, f"kernel.preset.{id}")
        kernel = torch.tensor(PRESETS[id].rows(size), dtype=torch.float32)
        image = torch.from_numpy(page._input)
        expected = torch.nn.functional.conv2d(image[None], kernel[None, None], padding=size // 2)[0].numpy()
        assert np.allclose(page._result, expected, atol=1e-4)
        assert state.kernel.preset == id and control(pictured, f"kernel.preset.{id}").isChecked()
    assert PRESETS[id].says == page.says.text()


def test_painting_typing_and_turning_a_kernel(pictured, qtbot, lab):
    click(qtbot, pictured, "page.kernel")
    pad, state = pictured.kernel.pad, lab.project.convolution
    click(qtbot, pictured, "kernel.brush.2.0")
    qtbot.mousePress(pad, Qt.MouseButton.LeftButton, pos=cell(pad, "k", (0, 0)))
    qtbot.mouseMove(pad, cell(pad, "k", (0, 1)))
    qtbot.mouseMove(pad, cell(pad, "k", (0, 2)))
    qtbot.mouseRelease(pad, Qt.MouseButton.LeftButton, pos=cell(pad, "k", (0, 2)))
    assert state.kernel.rows[0] == (2, 2, 2) and state.kernel.preset == ""
    assert not any(control(pictured, f"kernel.preset.{id}").isChecked() for id in PRESETS)
    qtbot.mousePress(pad, Qt.MouseButton.RightButton, pos=cell(pad, "k", (0, 1)))
    qtbot.mouseRelease(pad, Qt.MouseButton.RightButton, pos=cell(pad, "k", (0, 1)))
    wheel(pad, cell(pad, "k", (1, 1)), -1)
    assert state.kernel.rows[0][1] == 0 and state.kernel.rows[1][1] == -1
    pad.cursor_at = (2, 2)
    qtbot.keyClick(pad, Qt.Key.Key_5)
    qtbot.keyClick(pad.line, Qt.Key.Key_Return)
    assert state.kernel.rows[2][2] == 5
    for _ in range(3):
        lab.history.undo()
    assert state.kernel.rows[0] == (2, 2, 2), "the whole stroke of the brush is one step"
    lab.history.undo()
    assert state.kernel == KernelDocument()


def test_normalise_colour_and_how_it_is_shown(pictured, qtbot, lab):
    click(qtbot, pictured, "page.kernel")
    page = pictured.kernel
    assert "blue above 0, orange below" in page.range.text()
    click(qtbot, pictured, "kernel.preset.box")
    assert "sum to" in page.sums.text() and "9" in page.sums.text() and "outside is cut" in page.range.text()
    control(pictured, "kernel.normalise").click()
    assert page._result.max() <= 1.0001
    click(qtbot, pictured, "kernel.colour.false")
    assert page._result.shape == (3, 213, 320)
    assert np.allclose(page._result, filtered(page._photo.unit, np.full((3, 3), 1 / 9)), atol=1e-6)
    click(qtbot, pictured, "kernel.show.signed")
    assert "mid grey is 0" in page.range.text()


def test_the_window_is_linked_and_its_sum_is_the_pixel(pictured, qtbot, lab):
    click(qtbot, pictured, "page.kernel")
    page = pictured.kernel
    middle = page.pair.field(1).center().toPoint()
    qtbot.mouseMove(page.pair, middle)
    row, column = page.pair.pixel(QPointF(middle))
    page.pair.looked.emit(row, column)
    assert page.closer._total == pytest.approx(float(page._result[0, row, column]), abs=1e-4)
    qtbot.keyClick(page.pair, Qt.Key.Key_Left)
    assert page._spot == (row, column - 1)
    assert page.closer._total == pytest.approx(float(page._result[0, row, column - 1]), abs=1e-4)
    page.pair.looked.emit(0, 0)
    assert page.closer._total == pytest.approx(float(page._result[0, 0, 0]), abs=1e-4), "zeros outside"


# -- pool ------------------------------------------------------------------------------------------------------------


def test_pooling_says_what_is_discarded_and_who_wins(panel, qtbot, lab):
    click(qtbot, panel, "page.pool")
    page = panel.pool
    assert page.lost.text() == "75 % discarded" and page.pooled.values[0].tolist() == [[6, 8], [3, 4]]
    assert "max(1, 1, 5, 6) = 6" in page.stage.accessibleDescription()
    qtbot.keyClick(page.stage, Qt.Key.Key_Right)
    qtbot.keyClick(page.stage, Qt.Key.Key_Down)
    assert "max(1, 0, 3, 4) = 4" in page.stage.accessibleDescription()
    click(qtbot, panel, "pool.kind.average")
    assert "(1 + 0 + 3 + 4) / 4 = 2" in page.stage.accessibleDescription()
    click(qtbot, panel, "pool.kind.l2")
    assert "√(1² + 0² + 3² + 4²) = 5.1" in page.stage.accessibleDescription()


def test_the_gradient_goes_to_the_winner_that_was_typed(panel, qtbot, lab):
    click(qtbot, panel, "page.pool")
    click(qtbot, panel, "pool.gradient")
    stage = panel.pool.stage
    assert stage.board("g").values[1, 1] == 1 and lab.project.convolution.gradient
    type_into(qtbot, stage, "x", (0, 0), "50")
    assert stage.board("g").values[0, 0] == 1 and stage.board("g").values[1, 1] == 0
    control(panel, "pool.size").setValue(3)
    control(panel, "pool.stride").setValue(1)
    assert stage.board("g").values.max() >= 2 or "overlap" in panel.pool.remark.text()
    while lab.history.can_undo:
        lab.history.undo()
    assert lab.project.convolution.pool == PoolDocument()


def test_pools_that_leave_something_out_or_fit_nowhere_say_so(panel, qtbot, lab):
    click(qtbot, panel, "page.pool")
    control(panel, "pool.stride").setValue(3)
    assert "steps over 1 column" in panel.pool.remark.text()
    control(panel, "pool.stride").setValue(2)
    control(panel, "pool.side").setValue(5)
    assert "The last 1" in panel.pool.remark.text() and panel.pool.lost.text() == "84 % discarded"
    control(panel, "pool.side").setValue(4)
    control(panel, "pool.size").setValue(5)
    assert panel.pool.lost.text() == "Nothing fits" and "does not fit into 4 × 4" in panel.pool.words.text()
    panel.grab()


def test_a_picture_is_pooled(pictured, qtbot, lab):
    click(qtbot, pictured, "page.pool")
    click(qtbot, pictured, "pool.source.picture")
    assert pictured.pool.pooled.values.shape == (1, 10, 16)
    pictured.grab()


# -- sharing ---------------------------------------------------------------------------------------------------------


def test_the_courses_counts_are_told(panel, qtbot, lab):
    click(qtbot, panel, "page.sharing")
    page = panel.sharing
    assert "3,072" in page.one_words.text() and "fully-connected: sees all of 32 × 32 × 3: 3,072" in (
        page.one.accessibleDescription()
    )
    click(qtbot, panel, "sharing.preset.large")
    assert "120,000" in page.one_words.text()
    click(qtbot, panel, "sharing.preset.slide")
    assert lab.project.convolution.sharing == SharingDocument(5, 3, 2, 3, 2, 1) and "56" in page.layer_words.text()
    assert control(panel, "sharing.preset.slide").isChecked()
    click(qtbot, panel, "sharing.preset.alexnet")
    said = page.layer.accessibleDescription()
    assert "105,705,600" in said and "34,944" in said
    lengths = [page.layer.length(count) for count in (34_944, 105_705_600)]
    assert lengths[1] / lengths[0] == pytest.approx(np.log10(105_705_600) / np.log10(34_944))
    control(panel, "sharing.width").setValue(3)
    assert "does not fit" in page.layer_words.text()
    panel.grab()
    for _ in range(3):
        lab.history.undo()
    assert lab.project.convolution.sharing.width == 200


# -- pictures --------------------------------------------------------------------------------------------------------


def test_a_dropped_picture_is_shown_everywhere_kept_in_the_file_and_undone(pictured, lab, tmp_path, until):
    pixels = np.random.default_rng(1).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "leaf.png")
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path / "leaf.png"))])
    assert pictured.gallery.takes(mime)
    pictured.gallery.take(mime)
    until(lambda: lab.project.convolution.picture.source == OWN)
    until(lambda: pictured.gallery.is_settled)
    assert np.array_equal(pictured.gallery.photo.pixels, np.moveaxis(pixels, 2, 0))
    assert control(pictured, "picture").currentText() == "leaf"
    path = tmp_path / "p.cvlab"
    lab.save(path)
    again = load_project(path)
    assert isinstance(again, Project) and np.array_equal(
        again.convolution.picture.own.pixels, pictured.gallery.photo.pixels
    )
    lab.history.undo()
    until(lambda: pictured.gallery.is_settled)
    assert pictured.gallery.photo.title == "A palace"


def test_what_is_no_picture_is_told_and_the_old_one_stays(pictured, lab, tmp_path, until):
    path = tmp_path / "notes.png"
    path.write_text("no picture")
    pictured.gallery.open(path)
    until(lambda: lab.notices.all)
    assert "not a picture" in lab.notices.all[-1].text
    assert lab.project.convolution.picture.source == PHOTO


def test_pasting_a_picture_and_pasting_nothing(pictured, lab, until):
    clipboard = QApplication.clipboard()
    clipboard.setText("words")
    pictured.gallery.paste()
    assert "no picture" in lab.notices.all[-1].text
    clipboard.setImage(pictured.grab().toImage())
    pictured.gallery.paste()
    until(lambda: lab.project.convolution.picture.source == OWN)
    clipboard.clear()


def test_a_data_set_that_is_not_here_leads_back_to_the_picture_that_ships(pictured, lab, until):
    lab.project.convolution.picture = PictureChoice("no-such-set", 0)
    until(lambda: lab.project.convolution.picture.source == PHOTO)
    assert lab.notices.all


def test_digits_are_stepped_through(pictured, qtbot, lab, until):
    combo = control(pictured, "picture")
    combo.setCurrentIndex(combo.findData("mnist-mini"))
    combo.activated.emit(combo.currentIndex())
    until(lambda: pictured.gallery.is_settled)
    before = pictured.gallery.photo.title
    click(qtbot, pictured, "picture_after")
    until(lambda: pictured.gallery.is_settled)
    assert pictured.gallery.photo.title != before and pictured.gallery.photo.pixels.shape == (1, 28, 28)


def test_a_set_that_takes_long_says_so_and_stops_saying_it(pictured, lab, until):
    gallery, busy = pictured.gallery, pictured.bar.busy
    lab.project.convolution.picture = PictureChoice("mnist-mini", 1)
    assert not busy.text()
    gallery._late.timeout.emit()
    assert busy.text() == "Reading the data set…"
    until(lambda: pictured.gallery.is_settled)
    assert not busy.text()


def test_a_monkey_breaks_nothing_and_all_of_it_can_be_undone(pictured, qtbot, lab):
    state, rng = lab.project.convolution, np.random.default_rng(7)
    before = {name: getattr(state, name) for name in ("slide", "kernel", "pool", "sharing", "picture")}
    for turn in range(120):
        there = [
            widget
            for widget in pictured.findChildren(QWidget)
            if widget.objectName().startswith("convolution.") and widget.isVisible() and widget.isEnabled()
        ]
        widget = there[rng.integers(len(there))]
        if rng.random() < 0.1:
            lab.history.undo()
        elif isinstance(widget, QSlider):
            widget.setValue(int(rng.integers(widget.minimum(), min(widget.maximum(), 64) + 1)))
        elif isinstance(widget, QAbstractButton) and widget.objectName() != "convolution.open":
            widget.click()
        elif isinstance(widget, BoardCanvas | PicturePair):
            place = QPoint(int(rng.integers(widget.width())), int(rng.integers(widget.height())))
            qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=place)
            qtbot.keyClick(widget, (Qt.Key.Key_Down, Qt.Key.Key_5, Qt.Key.Key_Return, Qt.Key.Key_PageDown)[turn % 4])
        if turn % 12 == 0:
            pictured.grab()
    pictured.slide.transport.stop()
    while lab.history.can_undo:
        lab.history.undo()
    assert {name: getattr(state, name) for name in before} == before
