from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pyqtgraph as pg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QFontMetricsF, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from cvlab.core.epochs import EpochLine
from cvlab.ui.theme import theme
from cvlab.ui.widgets.axes import EpochAxis, StepAxis, ValueAxis, quantile, value_range
from cvlab.ui.widgets.plot import CurvePlot, Mark
from cvlab.ui.widgets.words import Words


def three(value: float) -> str:
    return f"{value:.3f}"


@pytest.fixture
def plot(qtbot):
    made = CurvePlot("Loss", text=three, tick=three, widest="0.000")
    qtbot.addWidget(made)
    made.add_series("batch", "batch", "train", "raw")
    made.add_series("held_out", "held out", "held_out", "points")
    made.resize(640, 320)
    made.show()
    return made


def fill(plot: CurvePlot, n: int = 100) -> None:
    x = np.arange(1.0, n + 1)
    plot.show_series("batch", x, 2.3 * np.exp(-x / n))
    plot.show_series("held_out", x[9::10], 2.0 * np.exp(-x[9::10] / n))
    plot.refresh(n)


def colours(plot: CurvePlot) -> set[str]:
    image = plot.grab().toImage()
    return {image.pixelColor(x, y).name() for x in range(0, image.width(), 2) for y in range(0, image.height(), 2)}


# -- ranges ----------------------------------------------------------------------------------------------------------


@given(st.lists(st.floats(min_value=1e-6, max_value=1e6), min_size=1, max_size=60))
def test_every_held_out_value_lies_in_the_range(values):
    curve = [(np.array(values), False)]
    low, high = value_range(curve, None, top=None, log=False)
    assert low == 0.0
    assert max(values) <= high <= 3 * max(values)
    low, high = value_range(curve, None, top=None, log=True)
    assert low <= math.log10(min(values)) + 1e-9
    assert high >= math.log10(max(values)) - 1e-9


def test_one_wild_batch_does_not_flatten_the_rest():
    calm = np.full(1000, 0.5)
    calm[500] = 1e6
    assert value_range([(calm, True)], None, top=None, log=False)[1] < 1


def test_values_that_are_not_numbers_are_left_out():
    broken = np.array([1.0, np.nan, np.inf, -np.inf])
    assert value_range([(broken, False)], None, top=None, log=False) == (0.0, 1.5)


def test_the_reference_is_in_view_before_there_is_anything_else():
    low, high = value_range([], math.log(10), top=None, log=False)
    assert low < math.log(10) < high


def test_nothing_at_all_still_gives_a_range():
    for log in (False, True):
        low, high = value_range([(np.empty(0), True)], None, top=None, log=log)
        assert low < high


# -- axes ------------------------------------------------------------------------------------------------------------


def breadth(text: str) -> float:
    return 7.0 * len(text)


def places(marks) -> list[float]:
    return [place for place, _ in marks]


def texts(marks) -> list[str]:
    return [text for _, text in marks]


def test_steps_are_whole_and_thousands_set_apart(qapp):
    axis = StepAxis(pg.ViewBox(enableMenu=False))
    assert texts(axis.marks(0, 25_000, 480, breadth)) == ["0", "5,000", "10,000", "15,000", "20,000", "25,000"]
    assert places(axis.marks(0, 3, 600, breadth)) == [0, 1, 2, 3]
    axis.is_whole = False
    assert texts(axis.marks(1_234_567.0, 1_234_567.5, 600, breadth))[:2] == ["1,234,567.0", "1,234,567.2"]


@given(st.floats(0, 1e9), st.floats(1e-3, 1e9), st.floats(80, 2000), st.booleans())
def test_words_along_an_axis_never_crowd(qapp, low, span, size, whole):
    axis = StepAxis(pg.ViewBox(enableMenu=False))
    axis.is_whole = whole
    marks = axis.marks(low, low + span, size, breadth)
    edges = [(size * (x - low) / span, breadth(text) / 2) for x, text in marks]
    assert all(b - a >= max(64 * 0.99, half + other) for (a, half), (b, other) in pairwise(edges))
    assert not whole or all(x == round(x) for x, _ in marks)


def test_epochs_stand_where_their_last_step_is(qapp):
    axis = EpochAxis(pg.ViewBox(enableMenu=False))
    assert axis.marks(0, 100, 600, breadth) == []
    axis.line = EpochLine(36, 5)
    marks = axis.marks(0, 180, 600, breadth)
    assert places(marks) == [36, 72, 108, 144, 180]
    assert texts(marks) == ["epoch 1", "2", "3", "4", "5"]


@given(st.integers(1, 2000), st.integers(1, 5000), st.floats(80, 2000))
def test_epoch_marks_never_crowd(qapp, each, epochs, size):
    axis = EpochAxis(pg.ViewBox(enableMenu=False))
    axis.line = EpochLine(each, epochs)
    marks = axis.marks(0, each * epochs, size, breadth)
    assert len(marks) <= size / 60 + 2
    assert all(place % each == 0 for place, _ in marks)


def test_after_another_batch_size_the_marks_stand_closer(qapp):
    axis = EpochAxis(pg.ViewBox(enableMenu=False))
    axis.line = EpochLine(36, 5)
    axis.line.turn(73, 9)
    marks = axis.marks(0, 99, 600, breadth)
    assert places(marks) == [36, 72, 81, 90, 99]
    assert texts(marks) == ["epoch 1", "2", "3", "4", "5"]


def test_logarithmic_ticks_say_the_values_themselves(qapp):
    axis = ValueAxis(pg.ViewBox(enableMenu=False), three)
    axis.is_log = True
    assert texts(axis.marks(-1.0, 1.0, 300)) == ["0.100", "0.200", "0.500", "1.000", "2.000", "5.000", "10.000"]


@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 0.98, 1.0])
@given(values=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60))
def test_a_quantile_is_numpys(share, values):
    assert quantile(np.array(values), share) == pytest.approx(np.quantile(values, share), rel=1e-12, abs=1e-9)


def test_the_wheel_over_an_axis_stretches_that_direction_only(plot):
    fill(plot)
    plot.grab()
    (left, right), (low, high) = plot.view.viewRange()
    turn(plot, plot.values)
    assert plot.view.viewRange()[0] == [left, right]
    closer = plot.view.viewRange()[1]
    assert closer[1] - closer[0] < high - low
    turn(plot, plot.steps)
    assert plot.view.viewRange()[1] == closer
    assert plot.view.viewRange()[0][1] - plot.view.viewRange()[0][0] < right - left


@pytest.mark.parametrize(("where", "moves_x", "moves_y"), [("view", True, True), ("values", False, True)])
def test_a_hand_drags_the_curves_or_one_axis(plot, where, moves_x, moves_y, monkeypatch):
    monkeypatch.setitem(pg.CONFIG_OPTIONS, "mouseRateLimit", -1)  # no event is left out for being quick
    fill(plot)
    plot.grab()
    (left, _), (low, _) = plot.view.viewRange()
    viewport, at = plot.canvas.viewport(), getattr(plot, where).sceneBoundingRect().center().toPoint()
    QTest.mouseMove(viewport, at)
    QTest.mousePress(viewport, Qt.MouseButton.LeftButton, pos=at)
    for far in (10, 25, 40):
        place = QPointF(at + QPoint(-far, far // 2))
        event = QMouseEvent(
            QEvent.Type.MouseMove, place, viewport.mapToGlobal(place), Qt.MouseButton.NoButton,
            Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier,
        )  # fmt: skip
        QApplication.sendEvent(viewport, event)
    QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=at + QPoint(-40, 20))
    (new_left, _), (new_low, _) = plot.view.viewRange()
    assert (new_left > left, new_low > low) == (moves_x, moves_y)


def turn(plot, axis) -> None:
    """One notch of the wheel over the middle of an axis."""
    viewport, at = plot.canvas.viewport(), axis.sceneBoundingRect().center()
    event = QWheelEvent(
        at, viewport.mapToGlobal(at), QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(viewport, event)


def test_the_words_at_the_ends_are_whole_where_no_other_axis_leaves_room(plot):
    plot.show_message("Nothing yet")  # and no grid
    muted, ink = theme().colour("raised"), []
    for above_and_below in (True, False):
        plot.show_axes(below=above_and_below, above=above_and_below)
        QApplication.processEvents()
        image = plot.canvas.grab().toImage()
        ink.append(sum(image.pixelColor(x, y) != muted for x in range(44) for y in range(image.height())))
    assert len(plot.values.marks(0, 1, plot.scales.area.height())) == 6
    assert ink[1] >= 0.98 * ink[0], "nothing of a word is cut off"


def test_a_word_is_laid_out_once_and_not_too_many_are_kept(qapp):
    words = Words()
    words.begin()
    assert words.width("1,000") == pytest.approx(QFontMetricsF(qapp.font()).horizontalAdvance("1,000"), abs=1.0)
    assert words._of("1,000") is words._of("1,000")
    for i in range(3000):
        words.width(str(i))
    assert len(words._laid) <= 1024


# -- the plot --------------------------------------------------------------------------------------------------------


def test_the_curves_are_painted_in_their_roles_colours(plot):
    held_out = theme().colour("held_out").name()
    before = plot.grab().toImage()
    fill(plot)
    assert held_out in colours(plot)
    assert plot.grab().toImage() != before


def test_it_repaints_itself_in_the_other_theme(plot):
    fill(plot)
    theme().choose("dark")
    try:
        assert theme().colour("held_out").name() in colours(plot)
        assert theme().colour("raised").name() in colours(plot)
    finally:
        theme().choose("light")


def test_the_legend_shows_the_latest_values(plot):
    fill(plot)
    assert plot.series["batch"].key.value.text() == three(2.3 * math.exp(-1))


def test_pointing_reads_out_the_values_there_and_leaving_the_latest(plot, qtbot):
    fill(plot)
    area = plot.view.sceneBoundingRect()
    with qtbot.waitSignal(plot.hovered) as caught:
        plot.canvas.pointed.emit(QPointF(area.center()))
    x = caught.args[0]
    assert x == pytest.approx(50, abs=3)
    assert plot.series["batch"].key.value.text() == three(2.3 * math.exp(-x / 100))
    with qtbot.waitSignal(plot.hovered) as caught:
        plot.canvas.left.emit()
    assert caught.args == [None]
    assert plot.series["batch"].key.value.text() == three(2.3 * math.exp(-1))


def test_a_real_mouse_over_the_canvas_points(plot, qtbot):
    fill(plot)
    plot.canvas.setMouseTracking(True)
    with qtbot.waitSignal(plot.hovered):
        QTest.mouseMove(plot.canvas.viewport(), QPoint(300, 120))
        QTest.mouseMove(plot.canvas.viewport(), QPoint(320, 130))


def test_before_the_first_held_out_point_there_is_nothing_to_read(plot):
    fill(plot)
    plot.point_at(3)
    assert plot.series["held_out"].key.value.text() == ""


def test_it_follows_in_jumps_until_a_person_looks_closer_and_again_after_a_double_click(plot, qtbot):
    fill(plot)
    assert plot.view.viewRange()[0][1] == pytest.approx(100, rel=0.02)
    plot.view.sigRangeChangedManually.emit([True, True])
    plot.view.setXRange(10, 20, padding=0)
    plot.refresh(200)
    assert plot.view.viewRange()[0] == pytest.approx([10, 20])
    QTest.mouseDClick(plot.canvas.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(300, 120))
    assert plot.view.viewRange()[0][1] == pytest.approx(200, rel=0.02)


def test_a_logarithmic_axis_shows_the_same_curve_in_decades(plot):
    fill(plot)
    plot.set_log(True)
    y = plot.series["batch"].line.y
    np.testing.assert_allclose(10**y, plot.series["batch"].y)
    low, high = plot.view.viewRange()[1]
    assert low <= math.log10(2.3 * math.exp(-1))
    assert high >= math.log10(2.2)


def test_zero_and_broken_values_can_be_drawn_on_a_logarithmic_axis(plot):
    plot.set_log(True)
    plot.show_series("batch", np.arange(4.0), np.array([1.0, 0.0, np.nan, np.inf]))
    plot.refresh(4)
    assert not plot.grab().isNull()


def test_a_line_has_a_gap_where_a_value_is_missing_and_dots_only_where_there_are_values(plot):
    x = np.arange(101.0)
    y = np.where((x > 30) & (x < 70), np.nan, 1.0)
    plot.show_series("batch", x, y)
    plot.refresh(100)
    line = plot.series["batch"].line
    line.show_line(pg.mkPen("#ff0000", width=2), smooth=False)
    image = plot.canvas.grab().toImage()
    places = [plot.view.mapViewToDevice(QPointF(at, 1.0)) for at in (15.0, 50.0, 85.0)]
    assert [_has_red(image, place) for place in places] == [True, False, True]
    line.show_line(pg.mkPen("#ff0000", width=1), smooth=True)
    line.show_dots(pg.mkPen("#ff0000"), 9.0)
    image = plot.canvas.grab().toImage()
    above = [QPointF(place.x(), place.y() - 3) for place in places]
    assert [_has_red(image, place) for place in above] == [True, False, True]


def _has_red(image, place):
    near = [image.pixelColor(round(place.x()), round(place.y()) + dy) for dy in (-1, 0, 1)]
    return any(colour.red() > 150 and colour.green() < 90 for colour in near)


def test_words_at_marks_do_not_lie_over_each_other(plot):
    fill(plot)
    plot.show_marks([Mark(10, "learning rate 0.01"), Mark(12, "learning rate 0.02"), Mark(80, "batch size 64")])
    assert [text for _, text in plot._notes.told(plot.scales, plot._words)] == ["learning rate 0.01", "batch size 64"]
    warning = theme().colour("warning").name()
    assert warning in colours(plot)
    plot.show_marks([])
    assert warning not in colours(plot)


def test_the_reference_is_a_dashed_line_where_its_value_is_on_either_axis(plot):
    fill(plot)
    plot.show_reference(1.0, "guessing")
    for log in (False, True):
        plot.set_log(log)
        y = plot.scales.up(0.0 if log else 1.0)
        image = plot.canvas.grab().toImage()
        at = [image.pixelColor(x, int(y)).name() for x in range(100, 500)]
        assert 100 < at.count(theme().colour("muted").name()) < 350


def test_pixels_and_steps_agree_with_the_view_that_the_hand_moves(plot):
    fill(plot)
    plot.view.setRange(xRange=(20, 60), yRange=(0.5, 2), padding=0)
    plot.grab()
    scene = plot.view.mapViewToScene(QPointF(31.0, 1.7))
    assert (plot.scales.across(31.0), plot.scales.up(1.7)) == pytest.approx((scene.x(), scene.y()))
    assert plot.scales.x_at(scene.x()) == pytest.approx(31.0)


def test_the_message_is_there_until_it_is_taken_away(plot):
    plot.show_message("Press Start")
    assert plot.message.isVisible()
    plot.show_message("")
    assert not plot.message.isVisible()


def test_clearing_forgets_curves_marks_and_zoom(plot):
    fill(plot)
    plot.show_marks([Mark(10, "x")])
    plot.clear()
    assert all(not len(series.x) for series in plot.series.values())
    assert plot.marks == ()


def test_drawing_tells_what_it_cost(plot):
    fill(plot)
    plot.grab()
    assert 0 < plot.cost < 5


# -- long series -------------------------------------------------------------------------------------------------------


def drawn(plot, name="batch"):
    return plot.series[name].line.x, plot.series[name].line.y


def test_of_a_long_series_the_painter_gets_what_can_be_seen(plot):
    x, y = np.arange(1.0, 2e6), np.ones(2 * 10**6 - 1)
    y[1_234_567] = 5.0
    plot.show_series("batch", x, y)
    plot.refresh(2e6)
    assert len(drawn(plot)[0]) < 20_000 and drawn(plot)[1].max() == 5.0
    plot.view.setXRange(1_234_000, 1_235_000, padding=0)
    seen_x, seen_y = drawn(plot)
    assert seen_x[0] <= 1_234_000 and seen_x[-1] >= 1_235_000 and len(seen_x) < 1_010
    np.testing.assert_array_equal(seen_y, y[int(seen_x[0]) - 1 : int(seen_x[-1])])
    plot.view.setXRange(1_000, 2_000, padding=0)
    assert drawn(plot)[1].max() == 1.0
    plot.set_log(True)
    assert drawn(plot)[1].max() == np.log10(5.0), "all of it is seen again"
    plot.show_series("batch", x[:100], y[:100])
    plot.refresh(100)
    assert len(drawn(plot)[0]) == 100
