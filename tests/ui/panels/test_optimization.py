"""The optimization panel through what a person does: play, step, take back, drag the start, turn, type, shape a schedule."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication

from cvlab.core.panels.optimization import SPEEDS, TYPED, RaceDocument, ScheduleDocument
from cvlab.engine.race import Race
from cvlab.engine.schedules import Schedule
from cvlab.engine.surfaces import rosenbrock, valley
from cvlab.ui.panels.optimization.looks import PARTS, RACERS
from cvlab.ui.panels.optimization.loss_scale import LossScale
from cvlab.ui.panels.optimization.optimization import OptimizationPanel
from cvlab.ui.panels.optimization.relief import ReliefRequest, view_of
from cvlab.ui.panels.optimization.schedule_plot import dragged, handles
from cvlab.ui.widgets.polyline import polyline, thinned
from tests.ui.hands import click, control


@pytest.fixture
def panel(host):
    return host(OptimizationPanel, 1048, 845)


@pytest.fixture
def settled(panel, until):
    """A function that waits until pictures and race are those that are wanted."""

    def wait():
        until(lambda: panel.race.is_drawn)

    wait()
    return wait


def press_map(qtbot, panel, x, y):
    at = panel.race.map.pixel(x, y).toPoint()
    qtbot.mouseClick(panel.race.map, Qt.MouseButton.LeftButton, pos=at)


# -- the race --------------------------------------------------------------------------------------------------------


def test_it_opens_with_nine_on_their_way(panel, settled):
    race = panel.race.player.race
    assert [racer.name for racer in race.racers] == list(RACERS) and race.t > 50
    for name, row in panel.race.racers.rows.items():
        assert row.tick.isChecked() and row.height_now.text() not in ("", "–")
        assert race.heights(name)[-1] < race.heights(name)[0]
    assert "x += v" in panel.race.step_card.rule.text()


def test_step_back_and_rewind(panel, settled, qtbot):
    player = panel.race.player
    click(qtbot, panel, "rewind")
    assert player.t == 0 and not control(panel, "back").isEnabled()
    assert "At the start" in panel.race.step_card.rule.text()
    click(qtbot, panel, "step")
    click(qtbot, panel, "step")
    assert player.t == 2 and "step 2" in panel.race.transport.where.text()
    there = player.race.path("Adam")[-1].copy()
    click(qtbot, panel, "back")
    click(qtbot, panel, "step")
    np.testing.assert_array_equal(player.race.path("Adam")[-1], there)


def test_it_plays_at_its_speed_pauses_and_rests_when_hidden(panel, settled, qtbot, lab):
    player = panel.race.player
    click(qtbot, panel, "rewind")
    control(panel, "speed").setValue(len(SPEEDS) - 1)
    assert lab.project.optimization.speed == SPEEDS[-1] and not lab.history.can_undo
    click(qtbot, panel, "play")
    assert player.is_playing and control(panel, "play").accessibleName() == "Pause"
    qtbot.waitUntil(lambda: player.t > 30)
    click(qtbot, panel, "play")
    t = player.t
    assert not player.is_playing and panel.race.transport.where.text() == f"step {t}"
    player.beat()
    assert player.t == t
    click(qtbot, panel, "play")
    panel.hidden()
    assert not player.is_playing and not player._timer.isActive()


def test_frames_and_speed_alone_say_how_far_it_goes(panel, settled):
    player = panel.race.player
    player.go(0)
    player.speed = 30
    player.play()
    player._timer.stop()
    for _ in range(125):  # two seconds of frames
        player.beat()
    assert player.t == 60
    player.pause()


def test_a_finished_race_plays_again_from_the_start(panel, settled, qtbot):
    player = panel.race.player
    lab_race = Race(valley(), player.race.racers, limit=5)
    player.take(lab_race, 5)
    qtbot.waitUntil(lambda: player.is_settled)
    player.play()
    assert player.is_playing and player.t == 0
    player.speed = 300
    qtbot.waitUntil(lambda: not player.is_playing)
    assert player.t == 5


def test_a_click_sets_the_start_for_everybody_and_can_be_undone(panel, settled, qtbot, lab):
    t = panel.race.player.t
    press_map(qtbot, panel, -2.0, 2.0)
    start = lab.project.optimization.race.start
    assert start == pytest.approx((-2.0, 2.0), abs=0.05)
    settled()
    race = panel.race.player.race
    assert race.t == t and all(tuple(race.path(name)[0]) == start for name in RACERS)
    lab.history.undo()
    assert lab.project.optimization.race.start is None


def test_a_drag_of_the_start_is_one_undo_step_and_keys_move_it_too(panel, settled, qtbot, lab):
    map_ = panel.race.map
    at = map_.pixel(0.0, 0.0).toPoint()
    qtbot.mousePress(map_, Qt.MouseButton.LeftButton, pos=at)
    for i in range(1, 4):
        map_.placed.emit(*map_.place(QPointF(at + QPoint(10 * i, 0))))
    qtbot.mouseRelease(map_, Qt.MouseButton.LeftButton, pos=at)
    x = lab.project.optimization.race.start[0]
    assert x > 0.1
    lab.history.undo()
    assert lab.project.optimization.race.start is None and not lab.history.can_undo
    qtbot.keyClick(map_, Qt.Key.Key_Right)
    assert lab.project.optimization.race.start[0] == pytest.approx(1.0 + 0.09)


def test_turning_a_racer_replays_it_alone_to_the_same_step(panel, settled, qtbot, lab):
    race = panel.race.player.race
    before = {name: race.path(name).copy() for name in RACERS}
    box = control(panel, "momentum.mu")
    box.setValue(0.5)
    settled()
    assert panel.race.player.race is race and race.t == len(before["SGD"]) - 1
    assert not np.array_equal(race.path("Momentum"), before["Momentum"])
    for name in RACERS:
        if name != "Momentum":
            np.testing.assert_array_equal(race.path(name), before[name])
    fresh = Race(race.surface, lab.project.optimization.race.racers)
    fresh.jump(race.t)
    np.testing.assert_array_equal(race.path("Momentum"), fresh.path("Momentum"))
    click(qtbot, panel, "reset")
    settled()
    np.testing.assert_array_equal(race.path("Momentum"), before["Momentum"])
    lab.history.undo()
    assert box.value() == 0.5
    lab.history.undo()
    assert box.value() == 0.9


def test_a_setting_out_of_range_gets_a_sentence(panel, settled, lab):
    control(panel, "momentum.mu").setValue(3)
    row = panel.race.settings.forms["momentum"].rows["mu"]
    assert row.words.isVisible() and "below 1" in row.words.text()
    assert lab.project.optimization.race.optimizer("Momentum").mu == 0.9


def test_who_flies_off_is_told_with_a_rate_to_try(panel, settled, qtbot):
    click(qtbot, panel, "choose.sgd")
    control(panel, "sgd.learning_rate").setValue(10)
    settled()
    row = panel.race.racers.rows["SGD"]
    assert row.height_now.text() == "flew off" and "try 1." in row.height_now.toolTip()
    assert "left the surface" in panel.race.step_card.rule.text()
    assert panel.race.racers.rows["Adam"].height_now.text() != "flew off"
    panel.grab()


def test_racers_can_be_hidden_and_one_is_taken_apart(panel, settled, qtbot, lab):
    click(qtbot, panel, "show.adagrad")
    assert lab.project.optimization.race.resting == ("Adagrad",)
    assert "Adagrad" not in panel.race.map._names
    click(qtbot, panel, "choose.nesterov")
    assert "x_ahead = x + mu * v" in panel.race.step_card.rule.text()
    assert [a.role for a in panel.race.step_card.arrows._step.arrows] == [
        "look-ahead",
        "gradient",
        "scaled step",
        "step",
    ]
    assert control(panel, "nesterov.mu").isVisible() and not control(panel, "momentum.mu").isVisible()
    click(qtbot, panel, "choose.nesterov")
    assert control(panel, "choose.nesterov").isChecked()
    for name in RACERS:
        if name != "Adagrad":
            click(qtbot, panel, f"show.{panel.race.racers.rows[name].tick.objectName().split('show.')[1]}")
    assert panel.race.map._names == ()
    panel.grab()


def test_every_part_of_every_step_has_a_colour(panel, settled):
    race = panel.race.player.race
    assert {arrow.role for name in RACERS for arrow in race.last_step(name).arrows} <= set(PARTS)


def test_noise_is_the_same_for_all_and_for_ever(panel, settled, lab):
    calm = panel.race.player.race.path("SGD").copy()
    control(panel, "noise").setValue(40)
    settled()
    race = panel.race.player.race
    assert race.noise == 0.4 and lab.project.optimization.race.noise == 0.4
    assert not np.array_equal(race.path("SGD"), calm)
    control(panel, "noise").setValue(0)
    settled()
    np.testing.assert_array_equal(panel.race.player.race.path("SGD"), calm)


def pixels(picture) -> np.ndarray:
    image = picture.toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).astype(int)


def other_pixels(one, other) -> int:
    return int((np.abs(one - other).max(axis=2) > 60).sum())


def test_paths_and_losses_that_grew_look_like_those_drawn_at_once(panel, settled):
    """What is added frame by frame may differ from one long line at its joints only."""
    page = panel.race
    page.player.go(0)
    page.map.grab()
    bare = pixels(page.map.picture.pixmap)
    for t in range(1, 151):
        page.player.go(t)
        page.map.grab()
        page.losses.grab()
    grown, curves = pixels(page.map.picture.pixmap), pixels(page.losses.grab())
    page.map.picture.forget()
    page.losses._paint_anew()
    page.map.grab()
    whole = pixels(page.map.picture.pixmap)
    assert other_pixels(bare, whole) > 300
    assert other_pixels(grown, whole) < 0.15 * other_pixels(bare, whole)
    assert other_pixels(curves, pixels(page.losses.grab())) < 150


def test_paths_of_other_settings_are_drawn_anew(panel, settled):
    page = panel.race
    page.map.grab()
    map_before, losses_before, t = pixels(page.map.picture.pixmap), pixels(page.losses.grab()), page.player.t
    control(panel, "momentum.mu").setValue(0.5)
    settled()
    page.map.grab()
    assert page.player.t == t
    assert other_pixels(map_before, pixels(page.map.picture.pixmap)) > 30
    assert other_pixels(losses_before, pixels(page.losses.grab())) > 30


def test_a_step_back_takes_its_piece_of_path_away(panel, settled):
    page = panel.race
    page.player.go(0)
    for t in (1, 2, 3):
        page.player.go(t)
        page.map.grab()
    page.player.go(2)
    page.map.grab()
    back = pixels(page.map.picture.pixmap)
    page.map.picture.forget()
    page.map.grab()
    assert other_pixels(back, pixels(page.map.picture.pixmap)) == 0


def test_nine_step_and_are_drawn_beat_by_beat(panel, settled):
    page = panel.race
    page.player.go(0)
    page.player.play()
    page.player._timer.stop()
    for _ in range(60):
        page.player.beat()
        page.map.repaint()
        page.losses.repaint()
    page.player.pause()
    assert page.player.t == 57 and page.map.picture._drawn[1] == 57
    assert page.losses._drawn >= 55


def test_the_axes_of_the_losses_are_whole_decades_around_them():
    scale = LossScale.around(QRectF(40, 6, 300, 100), 250, 0.02, 300.0)
    assert (scale.across, scale.low, scale.high) == (3, -2, 3)
    assert scale.x(np.array([1, 10, 1000])).tolist() == [40, 140, 340]
    assert scale.y(np.array([1000.0, 0.01, 1e-9])).tolist() == [6, 106, 106]
    deep = LossScale.around(QRectF(0, 0, 10, 10), 1, 1e-200, 0.9)
    assert (deep.across, deep.low, deep.high) == (2, -9, 0)
    nothing = LossScale.around(QRectF(0, 0, 10, 10), 5, np.inf, -np.inf)
    assert (nothing.low, nothing.high) == (-2, 0)


def test_a_thinned_line_keeps_its_peaks():
    x = np.linspace(0, 20, 2001)
    y = np.sin(x)
    y[777] = 50.0
    thin_x, thin_y = thinned(x, y)
    assert len(thin_x) == len(thin_y) <= 2 * 21 and thin_y.max() == 50.0 and (np.diff(thin_x) >= 0).all()
    _falling_x, falling_y = thinned(x, -x)
    assert (np.diff(falling_y) <= 0).all(), "within a column the line goes on as it went"
    assert np.array_equal(thinned(x[:1], y[:1])[1], y[:1])
    line = polyline(np.array([1.0, 2.5]), np.array([3.0, -4.0]))
    assert [(point.x(), point.y()) for point in line] == [(1.0, 3.0), (2.5, -4.0)]


def test_places_and_pixels_agree_and_both_axes_have_one_scale(panel, settled):
    map_ = panel.race.map
    for x, y in ((0.0, 0.0), (-2.0, 3.0), (4.0, -1.0)):
        assert map_.place(map_.pixel(x, y)) == pytest.approx((x, y))
    origin, right, up = map_.pixel(0, 0), map_.pixel(1, 0), map_.pixel(0, 1)
    assert right.x() - origin.x() == pytest.approx(origin.y() - up.y())


def test_the_wheel_looks_closer_around_the_pointer_and_back(panel, settled, qtbot, lab, until):
    map_ = panel.race.map
    whole, at = map_.projection.view, QPointF(map_.width() * 0.7, map_.height() * 0.4)
    there, lowest, floor = map_.place(at), map_.lowest, panel.race._floor()
    wheel(map_, at, 4)
    assert map_.place(at) == pytest.approx(there) and control(panel, "whole").isVisible()
    left, right, low, high = map_.projection.view
    assert (right - left) * 1.25**4 == pytest.approx(whole[1] - whole[0])
    assert whole[0] <= left < right <= whole[1] and whole[2] <= low < high <= whole[3]
    panel.grab()  # before its picture is made
    until(lambda: map_.relief.view == map_.part)
    assert not map_.relief.is_whole and map_.lowest == lowest and panel.race._floor() == floor
    panel.grab()
    x, y = map_.place(QPointF(100, 50))
    qtbot.mouseClick(map_, Qt.MouseButton.LeftButton, pos=QPoint(100, 50))
    assert lab.project.optimization.race.start == pytest.approx((x, y), abs=0.2 / map_.projection.scale)
    wheel(map_, at, -9)
    assert map_.part is None and map_.projection.view == whole and not control(panel, "whole").isVisible()
    for _ in range(60):
        wheel(map_, at, 3)
    assert whole[1] - whole[0] <= 32 * (map_.projection.view[1] - map_.projection.view[0])
    panel.grab()
    click(qtbot, panel, "whole")
    until(lambda: map_.relief.is_whole)
    assert map_.projection.view == whole


def test_the_map_is_pushed_and_zoomed_by_keys_and_another_surface_is_shown_whole(panel, settled, qtbot, lab):
    map_ = panel.race.map
    qtbot.keyClick(map_, Qt.Key.Key_Plus)
    before, start = map_.projection.view, lab.project.optimization.race.start
    qtbot.mousePress(map_, Qt.MouseButton.RightButton, pos=QPoint(100, 100))
    drag_right(map_, QPointF(130, 80))
    qtbot.mouseRelease(map_, Qt.MouseButton.RightButton, pos=QPoint(130, 80))
    after, unit = map_.projection.view, map_.projection.scale
    assert after == pytest.approx(
        (before[0] - 30 / unit, before[1] - 30 / unit, before[2] - 20 / unit, before[3] - 20 / unit)
    )
    assert lab.project.optimization.race.start == start, "a push sets no start"
    qtbot.keyClick(map_, Qt.Key.Key_0)
    assert map_.part is None
    qtbot.keyClick(map_, Qt.Key.Key_Plus)
    panel.race.choose("bowl")
    settled()
    assert map_.part is None and map_.relief.is_whole


def wheel(widget, at: QPointF, steps: int):
    event = QWheelEvent(
        at, widget.mapToGlobal(at), QPoint(), QPoint(0, 120 * steps), Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(widget, event)


def drag_right(widget, at: QPointF):
    right, none = Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier
    widget.mouseMoveEvent(QMouseEvent(QEvent.Type.MouseMove, at, widget.mapToGlobal(at), right, right, none))


# -- surfaces --------------------------------------------------------------------------------------------------------


def test_surfaces_can_be_chosen_and_undone(panel, settled, lab):
    combo = control(panel, "surface")
    for i in range(combo.count()):
        combo.setCurrentIndex(i)
        combo.activated.emit(i)
        settled()
        assert lab.project.optimization.race.surface == combo.itemData(i)
        assert panel.race.player.race.surface is lab.project.optimization.race.ground
        panel.grab()
    lab.history.undo()
    assert combo.currentData() == combo.itemData(combo.count() - 2)


def type_surface(panel, qtbot, lab, text):
    panel.race.choose(TYPED)
    line = control(panel, "text")
    line.selectAll()
    qtbot.keyClicks(line, text) if len(text) < 100 else line.insert(text)
    return line


def test_a_typed_surface_is_raced_on(panel, settled, qtbot, lab):
    type_surface(panel, qtbot, lab, "x**2 + 3*y**2")
    settled()
    race = panel.race.player.race
    assert race.surface.height(np.array([1.0, 2.0])) == 13.0
    assert panel.race.map.relief.surface is race.surface and not panel.race.typed.message.isVisible()


def test_a_slip_keeps_the_last_surface_and_points_at_its_column(panel, settled, qtbot, lab):
    line = type_surface(panel, qtbot, lab, "x**2 + y")
    qtbot.keyClicks(line, " + 2q")
    bar = panel.race.typed
    assert bar.message.isVisible() and bar.pointer.isVisible()
    metrics = line.fontMetrics()
    column = line.mapTo(bar, QPoint(0, 0)).x() + metrics.horizontalAdvance("x**2 + y + 2")
    assert abs(bar.pointer.x_at - column) < 24
    assert lab.project.optimization.race.text == "x**2 + y + 2"
    control(panel, "noise").setValue(10)
    assert line.text() == "x**2 + y + 2q", "what is being typed stays"


@pytest.mark.parametrize("text", ["x +", "", "x" * 10_000, "z + 1", "__import__('os')", "1/(", "x ** ** y"])
def test_what_is_no_surface_gets_a_sentence(panel, settled, qtbot, lab, text):
    line = type_surface(panel, qtbot, lab, text)
    if not text:
        qtbot.keyClick(line, Qt.Key.Key_Delete)
    assert panel.race.typed.message.isVisible() and panel.race.typed.message.text().endswith(".")
    settled()
    panel.grab()


def test_a_surface_with_holes_is_drawn_and_says_where_nobody_can_start(panel, settled, qtbot, lab):
    type_surface(panel, qtbot, lab, "log(x - 2)")
    settled()
    assert panel.race.player.race is None and "cannot start there" in panel.race.map._message
    assert panel.race.map.relief.has_heights
    panel.grab()
    click(qtbot, panel, "play")
    assert not panel.race.player.is_playing
    press_map(qtbot, panel, 3.0, 0.0)
    settled()
    assert panel.race.player.race is not None and panel.race.map._message == ""


def test_a_surface_without_any_height_is_an_empty_map(panel, settled, qtbot, lab):
    type_surface(panel, qtbot, lab, "x/0")
    settled()
    assert not panel.race.map.relief.has_heights and panel.race.player.race is None
    panel.grab()


@pytest.mark.parametrize(
    "text",
    ["1e308*x", "-1e308*x**3", "exp(exp(x*y))", "x**99 - y**99", "1e-300*x", "0*x", "max(x, y)", "1/(x*y)", "sqrt(x)"],
)
def test_wild_heights_are_drawn_and_raced_on(panel, settled, qtbot, lab, text):
    type_surface(panel, qtbot, lab, text)
    settled()
    for t in (0, 1, 40):
        panel.race.player.go(t)
        for name in RACERS:
            panel.race._choose_racer(name)
            panel.grab()
    assert panel.race.map.relief.has_heights


def test_the_relief_is_deep_where_the_surface_is_low():
    ground = rosenbrock()
    request = ReliefRequest(ground, 90, 60, (0, 0, 255), (255, 255, 255), (0, 0, 0), (128, 128, 128))
    relief = request.run(_Free())
    assert relief.rgb.shape == (60, 90, 3) and relief.view == view_of(ground, 90, 60)
    left, right, low, high = relief.view
    column, row = int((1 - left) / (right - left) * 90), int((high - 1) / (high - low) * 60)
    corner = int((-1.9 - left) / (right - left) * 90), 58
    red = relief.rgb[..., 0].astype(int)
    assert red[row - 1 : row + 2, column - 1 : column + 2].mean() < red[corner[1], corner[0] - 1 : corner[0] + 2].mean()


class _Free:
    def check(self) -> None:
        """Nobody wants to stop it."""


# -- schedules -------------------------------------------------------------------------------------------------------


@pytest.fixture
def schedules(panel, qtbot, lab, until):
    click(qtbot, panel, "page.schedules")
    until(lambda: panel.schedules.is_drawn)
    return panel.schedules


def test_a_handle_shapes_the_curve_in_one_undo_step(schedules, panel, qtbot, lab):
    plot = schedules.plot
    at = plot.pixel(5, 0.05).toPoint()
    to = plot.pixel(8, 0.02).toPoint()
    qtbot.mousePress(plot, Qt.MouseButton.LeftButton, pos=at)
    for share in (0.3, 0.7, 1.0):
        _drag(plot, QPointF(at + (to - at) * share))
    qtbot.mouseRelease(plot, Qt.MouseButton.LeftButton, pos=to)
    schedule = lab.project.optimization.schedule.schedule
    assert schedule.every == pytest.approx(8, abs=0.2) and schedule.factor == pytest.approx(0.2, abs=0.02)
    assert schedules.form.rows["every"].editor.value() == schedule.every
    lab.history.undo()
    assert lab.project.optimization.schedule == ScheduleDocument()


def _drag(plot, at: QPointF) -> None:
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    plot.mouseMoveEvent(QMouseEvent(QEvent.Type.MouseMove, at, plot.mapToGlobal(at), left, left, none))


@pytest.mark.parametrize("kind", ["constant", "step", "exponential", "1/t", "cosine", "warm-up", "one-cycle"])
def test_every_handle_lies_on_its_curve_and_stays_under_the_pointer(kind):
    document = ScheduleDocument(Schedule(kind=kind), 0.1, 20)
    for handle in handles(document):
        assert document.schedule.rate(document.base, handle.epoch, 20) == pytest.approx(handle.rate, rel=1e-6)
        epoch, rate = (handle.epoch + 2 if handle.epoch else 0.0), handle.rate * 0.8
        wanted = dragged(document, handle.id, epoch, rate)
        base = wanted.pop("base", document.base)
        moved = ScheduleDocument(document.schedule.changed(**wanted), base, 20)
        again = next(other for other in handles(moved) if other.id == handle.id)
        assert again.rate == pytest.approx(rate, rel=0.01)
        if wanted and handle.id != "k":
            assert again.epoch == pytest.approx(epoch, rel=0.01)


@pytest.mark.parametrize("epoch", [-5.0, 0.0, 1e9, float("inf")])
@pytest.mark.parametrize("rate", [-1.0, 0.0, 1e9, float("inf")])
def test_a_handle_dragged_anywhere_asks_for_what_is_allowed(epoch, rate):
    for kind in ("step", "exponential", "1/t", "warm-up", "one-cycle"):
        document = ScheduleDocument(Schedule(kind=kind))
        for handle in handles(document):
            wanted = dragged(document, handle.id, epoch, rate)
            assert 0 < wanted.pop("base", 0.1) <= 100
            document.schedule.changed(**wanted)


def test_the_form_chooses_kind_and_length_and_refuses_in_words(schedules, panel, lab, until):
    combo = control(panel, "schedule")
    i = combo.findData("cosine")
    combo.setCurrentIndex(i)
    combo.activated.emit(i)
    control(panel, "schedule.epochs").setValue(30)
    document = lab.project.optimization.schedule
    assert (document.schedule.kind, document.epochs) == ("cosine", 30)
    control(panel, "schedule.epochs").setValue(10**6)
    assert schedules.frame.rows["epochs"].words.isVisible()
    assert lab.project.optimization.schedule.epochs == 30
    until(lambda: len(schedules.rates.curves[0].y) == 31)
    panel.grab()


def test_going_to_the_schedules_rests_the_race_and_explains_them(panel, settled, qtbot):
    click(qtbot, panel, "play")
    with qtbot.waitSignal(panel.explain) as told:
        click(qtbot, panel, "page.schedules")
    assert told.args[0].title == "Cooling down" and not panel.race.player.is_playing


def test_the_tour_comes_to_its_stops(panel, lab, until):
    names = []
    for stop in panel.tour():
        until(stop.is_ready)
        names.append(stop.name)
    assert names == ["race", "himmelblau", "net", "schedules"]
    assert lab.project.optimization.race == RaceDocument("himmelblau")


# -- the race on a real net -------------------------------------------------------------------------------------------


def test_the_net_race_runs_pauses_goes_on_and_is_the_same_again(panel, lab, until):
    lab.project.optimization.page = "net"
    page = panel.net
    for name, line in page.lines.items():
        if line.tick.isChecked() != (name in ("SGD", "Adam")):
            line.tick.click()
    page.boxes["steps"].setValue(6)
    page.boxes["batch"].setValue(8)
    page.start.click()
    assert page.is_running and page.cancel.isEnabled() and page.start.text() == "Pause"
    page.start.click()
    assert page.start.text() == "Go on" and "paused" in page.words.text()
    page.start.click()
    until(lambda: not page.is_running)
    first = page.standing
    assert first.t == 6 and set(first.losses) == {"SGD", "Adam"} and len(first.losses["SGD"]) == 6
    assert page.lines["Adam"].accuracy.text().endswith("%") and page.lines["Momentum"].loss.text() == "–"
    page.start.click()
    until(lambda: not page.is_running)
    assert page.standing is not first
    assert all((page.standing.losses[name] == first.losses[name]).all() for name in first.losses)


def test_the_net_race_is_cancelled_refused_and_undone(panel, lab):
    page = panel.net
    before = lab.project.optimization.net
    page.lines["SGD"].rate.setValue(0.5)
    assert dict(lab.project.optimization.net.rates) == {"SGD": 0.5}
    page.start.click()
    assert page.is_running
    page.cancel.click()
    assert not page.is_running and page.start.text() == "Start"
    for line in page.lines.values():
        if line.tick.isChecked():
            line.tick.click()
    page.start.click()
    assert not page.is_running, "nobody takes part"
    while lab.history.can_undo:
        lab.history.undo()
    assert lab.project.optimization.net == before and page.lines["SGD"].tick.isChecked()
