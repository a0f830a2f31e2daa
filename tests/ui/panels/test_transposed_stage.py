"""Transposed convolution on the stage through what a person does: step, point, pin, type, turn sliders, switch, undo."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from PySide6.QtCore import Qt

from cvlab.core.panels.convolution_documents import SlideDocument
from cvlab.engine.transposed import Growth
from cvlab.ui.panels.convolution.convolution import ConvolutionPanel
from cvlab.ui.panels.convolution.fit_words import growth_sentence
from tests.ui.hands import click, control
from tests.ui.panels.convolution_hands import cell


@pytest.fixture
def panel(host, lab):
    lab.project.convolution.slide = SlideDocument.stamps()
    return host(ConvolutionPanel, 1000, 760)


def by_torch(document, numbers=None):
    """What torch makes of the document, of its first input numbers only."""
    x, w = document.input(), document.weights(document.channels)
    if numbers is not None:
        x.reshape(-1)[numbers:] = 0
    C, K, groups = len(x), len(w), document.groups
    if C % groups or K % groups:
        raise RuntimeError("the groups do not divide")
    each = K // groups
    kernels = np.stack([w[c // (C // groups) * each : (c // (C // groups) + 1) * each, c] for c in range(C)])
    made = torch.nn.functional.conv_transpose2d(
        torch.from_numpy(x)[None],
        torch.from_numpy(kernels),
        torch.from_numpy(document.biases()),
        stride=document.stride,
        padding=document.padding,
        output_padding=document.output_padding,
        groups=groups,
        dilation=document.dilation,
    )
    return made[0].numpy()


def shown(stage):
    """The output so far, without what is cut off."""
    P = stage.scene.sliding.padding
    boards = [board for board in stage.boards if board.name == "y"]
    return np.stack([board.values[P : board.shape[0] - P, P : board.shape[1] - P] for board in boards])


def test_the_output_grows_stamp_by_stamp_into_what_torch_computes(panel, lab):
    state, stage = lab.project.convolution, panel.slide.stamps
    assert panel.slide.front is stage and stage.isVisible()
    for position in range(9):
        state.position = position
        assert np.array_equal(shown(stage), by_torch(state.slide, position + 1))
        c, row, column = stage.spot
        assert np.array_equal(stage.board("p", (0,)).values, stage.scene.x[stage.spot] * stage.scene.w[0, 0])
        assert (c, row, column) == (0, *divmod(position, 3))
        assert stage.total == shown(stage)[stage.written], "what is written out is what stands there"
    assert np.array_equal(shown(stage), stage.output)


def test_every_slider_to_both_ends_is_torchs_or_says_why_there_is_none(panel, lab):
    stage, state = panel.slide.stamps, lab.project.convolution
    fields = ("side", "filter", "stride", "output_padding", "dilation", "filters", "channels", "groups", "padding")
    refused = 0
    for field in (*fields, *reversed(fields)):
        slider = control(panel, f"slide.{field}")
        for value in (slider.minimum(), slider.maximum()):
            slider.setValue(value)
            panel.grab()
            try:
                expected = by_torch(state.slide)
            except RuntimeError:
                expected = None
            if expected is None:
                refused += 1
                assert stage.output is None and "No output" in stage.scene.problem
                assert stage.accessibleDescription() == stage.scene.problem
                assert not control(panel, "play").isEnabled()
            else:
                assert np.allclose(stage.output, expected) and control(panel, "play").isEnabled()
    assert refused
    while lab.history.can_undo:
        lab.history.undo()
    assert state.slide == SlideDocument.stamps()


def test_the_choice_is_undone_and_keeps_all_settings(panel, qtbot, lab):
    state = lab.project.convolution
    click(qtbot, panel, "slide.operation.convolution")
    assert state.slide == replace(SlideDocument.stamps(), operation="convolution")
    assert panel.slide.front is panel.slide.stage and not control(panel, "slide.output_padding").isVisible()
    assert panel.lesson.title == "One output number" and control(panel, "slide.edges").isVisible()
    lab.history.undo()
    assert state.slide.is_transposed and panel.slide.stages.currentWidget() is panel.slide.stamps
    assert panel.lesson.title == "Each number stamps" and control(panel, "slide.blend").isVisible()
    assert not control(panel, "slide.edges").isVisible() and not control(panel, "slide.guess").isVisible()
    action = next(each for each in panel.actions_offered() if each.id == "convolution.operation")
    action.act()
    assert not state.slide.is_transposed
    action.act()
    assert state.slide == SlideDocument.stamps()


def test_pointing_writes_a_sum_out_and_a_click_keeps_it_while_stamps_go_on(panel, qtbot, lab):
    stage, state = panel.slide.stamps, lab.project.convolution
    stage.pointed.emit("y", (0, 2, 2))
    assert [term.product for term in stage.terms] == [1] and stage.coming == 3 and stage.total == 1
    stage.pointed.emit("", ())
    assert stage.written == (0, 0, 0)
    qtbot.mouseClick(stage, Qt.MouseButton.LeftButton, pos=cell(stage, "y", (0, 2, 2)))
    totals = []
    for position in range(9):
        state.position = position
        assert stage.written == (0, 2, 2)
        totals.append(stage.total)
        panel.grab()
    assert totals == [1, 3, 3, 6, 7, 7, 7, 7, 7] and stage.coming == 0
    assert "3 × 1" in stage.accessibleDescription() and stage.accessibleDescription().endswith("= 7")
    qtbot.mouseClick(stage, Qt.MouseButton.LeftButton, pos=cell(stage, "y", (0, 2, 2)))
    assert stage.pinned is None
    stage.pinned = (0, 6, 6)
    control(panel, "slide.side").setValue(2)
    assert stage.pinned is None, "that output is no more"


def test_pointing_at_an_input_shows_its_stamp_for_as_long(panel, lab):
    stage, state = panel.slide.stamps, lab.project.convolution
    stage.pointed.emit("x", (0, 1, 0))
    assert stage.spot == (0, 1, 0) and state.position == 0
    assert stage.board("p", (0,)).values.tolist() == [[3, 6, 3], [6, 9, 6], [3, 6, 3]]
    stage.pointed.emit("", ())
    assert stage.spot == (0, 0, 0)


def test_keys_transport_and_typing(panel, qtbot, lab):
    stage, state = panel.slide.stamps, lab.project.convolution
    control(panel, "slide.channels").setValue(2)
    for key, position in (
        (Qt.Key.Key_Right, 1), (Qt.Key.Key_Down, 4), (Qt.Key.Key_PageDown, 13), (Qt.Key.Key_Left, 12), (Qt.Key.Key_PageUp, 3),
    ):  # fmt: skip
        qtbot.keyClick(stage, key)
        assert state.position == position
    assert panel.slide.transport.where.text() == "channel 0 · row 1 · col 0"
    panel.slide.go_last()
    assert state.position == 17 and stage.coming == 0
    qtbot.mouseClick(stage, Qt.MouseButton.LeftButton, pos=cell(stage, "x", (0, 0, 1)))
    assert stage.line.isVisible() and state.position == 1, "the number that is typed stamps"
    stage.line.selectAll()
    qtbot.keyClicks(stage.line, "-5")
    qtbot.keyClick(stage.line, Qt.Key.Key_Return)
    assert state.slide.x[0][0][1] == -5 and np.array_equal(shown(stage), by_torch(state.slide, 2))
    stage.given.emit("b", (0, 0, 0), 4.0)
    assert state.slide.b[0] == 4 and stage.board("b", (0,)).values[0, 0] == 4
    qtbot.keyClick(stage, Qt.Key.Key_Space)
    assert panel.slide.transport.is_playing
    panel.hidden()
    assert not panel.slide.transport.is_playing


def test_in_groups_a_channel_stamps_into_its_own_maps(panel, lab):
    stage, state = panel.slide.stamps, lab.project.convolution
    state.slide = replace(SlideDocument.course(), operation="transposed", filters=3, groups=3)
    assert np.allclose(stage.output, by_torch(state.slide))
    for c in range(3):
        state.position = 25 * c + 12
        assert [board.index for board in stage.boards if board.name == "p"] == [(c,)]
        assert stage.written[0] == c and len([board for board in stage.boards if board.name == "y"]) == 3
        assert stage.board("x", ((c + 1) % 3,)).caption.endswith("other maps")
    control(panel, "slide.groups").setValue(2)
    assert "do not both fall into 2 equal groups" in stage.scene.problem
    panel.grab()


def test_what_is_cut_off_is_shown_and_said(panel, lab):
    stage = panel.slide.stamps
    control(panel, "slide.padding").setValue(3)
    assert stage.output.shape == (1, 1, 1) and not stage.is_written
    assert "lies wholly on what is cut off" in stage.accessibleDescription()
    panel.grab()
    assert stage.explanation(stage.board("y", (0,)), 0, 0).startswith("Cut off by the padding")
    stage.pointed.emit("y", (0, -3, -3))
    assert stage.total == 1, "there, too, stamps add up"
    panel.grab()
    lab.project.convolution.position = 4
    stage.pointed.emit("", ())
    assert stage.is_written and stage.total == 3
    assert "1 stamps of each channel" in stage.explanation(stage.board("n"), 0, 0)
    assert stage.explanation(stage.board("p", (0,)), 1, 1) == "1 × 3 = 3"


def test_overlaps_are_a_map_and_the_checkerboard_is_said(panel, lab):
    stage = panel.slide.stamps
    assert (
        stage.board("n").values[2].tolist() == [2, 2, 4, 2, 4, 2, 2] and "Checkerboard" in panel.slide.fit.words.text()
    )
    control(panel, "slide.filter").setValue(4)
    assert set(stage.board("n").values[2:-2, 2:-2].ravel()) == {4} and "Even" in panel.slide.fit.words.text()
    assert "(3 − 1)·2 − 2·0 + 1·(4 − 1) + 0 + 1 =\u00a0" in panel.slide.fit.numbers.text()


@pytest.mark.parametrize(
    ("growth", "words"),
    [
        (Growth(3, 3, 2), "Checkerboard: 1 and 2 in turn, as 3/2 is not whole. F = 2 is even."),
        (Growth(3, 2, 2), "one stamp lies on every column. The output is twice as large."),
        (Growth(3, 1), "Each number makes one cell"),
        (Growth(3, 1, 3), "Gaps: hatched columns get no stamp, only the bias. F = 3 is even."),
        (Growth(3, 3, 2, dilation=2), "With d = 1, F = S is even."),
        (Growth(3, 3, 2, output_padding=2), "below the stride or the dilation: 1 at most"),
        (Growth(2, 1, 1, 4), "cover 2 cells, and 2·4 are cut off: nothing is left. Cut off 0 at most."),
    ],
)
def test_the_sentence_about_the_growth(growth, words):
    assert words in growth_sentence(growth)


def test_a_picture_is_doubled_without_squares(panel, qtbot, lab, until):
    until(lambda: panel.gallery.is_settled)
    click(qtbot, panel, "slide.source.picture")
    click(qtbot, panel, "slide.blend")
    stage, document = panel.slide.stamps, lab.project.convolution.slide
    assert stage.output.shape == (3, 42, 64) and document.groups == 3
    assert stage.position == stage.scene.x.size - 1 and stage.board("y", (0,)).look == "picture"
    small = torch.from_numpy(stage.scene.x)[None]
    smooth = torch.nn.functional.interpolate(small, scale_factor=2, mode="bilinear")[0].numpy()
    assert np.allclose(stage.output[:, 2:-2, 2:-2], smooth[:, 2:-2, 2:-2]), "the same as bilinear interpolation inside"
    qtbot.mouseClick(stage, Qt.MouseButton.LeftButton, pos=cell(stage, "x", (1, 10, 16)))
    assert stage.spot == (1, 10, 16)
    panel.grab()
    click(qtbot, panel, "slide.course")
    assert lab.project.convolution.slide == SlideDocument.stamps()


def test_guessing_covers_what_the_window_has_not_reached(panel, qtbot, lab):
    state, stage = lab.project.convolution, panel.slide.stage
    state.slide, state.position = SlideDocument.course(), 4
    assert not control(panel, "slide.blend").isVisible()
    click(qtbot, panel, "slide.guess")
    assert state.guess and [int(stage.board("y", (k,)).covered.sum()) for k in (0, 1)] == [4, 9]
    stage.pointed.emit("y", (1, 0, 0))
    assert stage.spot == (0, 1, 1), "a covered number does not show how it is made"
    assert stage.explanation(stage.board("y", (1,)), 0, 0).startswith("Still covered")
    before = panel.grab().toImage()
    click(qtbot, panel, "forward")
    assert int(stage.board("y", (0,)).covered.sum()) == 3 and panel.grab().toImage() != before
    click(qtbot, panel, "slide.guess")
    assert stage.board("y", (0,)).covered is None and not lab.history.can_undo
