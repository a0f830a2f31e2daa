"""The pad: what mouse, pen and finger leave behind, held against geometry worked out here."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage, QInputDevice, QPointingDevice, QTabletEvent
from PySide6.QtTest import QTest

from cvlab.ui.theme import theme
from cvlab.ui.widgets.drawing_pad import DrawingPad
from cvlab.ui.widgets.ink import SIDE, Page, Stroke
from cvlab.ui.widgets.paper import Paper


class Owner:
    """Does what a panel does with a finished stroke."""

    def __init__(self, pad: DrawingPad) -> None:
        self.pad, self.page, self.strokes = pad, Page(), []
        pad.drawn.connect(self.take)

    def take(self, stroke: Stroke) -> None:
        self.strokes.append(stroke)
        self.page = self.page.with_stroke(stroke)
        self.pad.show_page(self.page)

    def show(self, page: Page) -> None:
        self.page = page
        self.pad.show_page(page)


@pytest.fixture
def pad(qapp, qtbot):
    made = DrawingPad()
    made.resize(280, 280)
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.show()
    return made


def spot(pad: DrawingPad, x: float, y: float):
    """A place in canvas pixels as the widget's point."""
    field = pad.field()
    return QPointF(field.x() + x * field.width() / SIDE, field.y() + y * field.width() / SIDE).toPoint()


def draw(pad: DrawingPad, *places: tuple[float, float], release: bool = True) -> None:
    QTest.mousePress(pad, Qt.MouseButton.LeftButton, pos=spot(pad, *places[0]))
    for place in places[1:]:
        QTest.mouseMove(pad, spot(pad, *place))
    if release:
        QTest.mouseRelease(pad, Qt.MouseButton.LeftButton, pos=spot(pad, *places[-1]))


def distance_to_path(points) -> np.ndarray:
    """(SIDE, SIDE): how far each pixel's centre is from the polygon through the points."""
    y, x = np.mgrid[:SIDE, :SIDE] + 0.5
    nearest = np.full((SIDE, SIDE), np.inf)
    for (ax, ay, _), (bx, by, _) in pairwise(points):
        length = max((bx - ax) ** 2 + (by - ay) ** 2, 1e-12)
        along = np.clip(((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length, 0, 1)
        nearest = np.minimum(nearest, np.hypot(x - ax - along * (bx - ax), y - ay - along * (by - ay)))
    return nearest


def test_a_straight_stroke_has_round_ends_and_the_width_of_the_brush(pad):
    owner = Owner(pad)
    pad.set_brush(40)
    draw(pad, (120, 140), (200, 200), (280, 260), (440, 380))
    mask, away = pad.mask(), distance_to_path(owner.strokes[0].points)
    assert mask[away < 18.5].min() == 255
    assert mask[away > 21.5].max() == 0


@pytest.mark.parametrize("seed", range(4))
def test_a_stroke_drawn_live_leaves_the_bytes_of_the_same_stroke_shown_at_once(pad, seed):
    owner, random = Owner(pad), np.random.default_rng(seed)
    for _ in range(3):
        draw(pad, *random.uniform(40, 520, (12, 2)))
    live = pad.mask()
    assert len(owner.strokes) == 3 and live.any()
    again = Paper()
    again.show(owner.page)
    assert np.array_equal(live, again.mask())


@pytest.mark.parametrize("size", [(180, 180), (560, 560), (700, 300)])
def test_the_canvas_does_not_know_how_large_it_is_shown(pad, size):
    owner = Owner(pad)
    pad.resize(*size)
    draw(pad, (100, 100), (300, 180), (460, 460))
    x, y, width = owner.strokes[0].points[-1]
    assert width == 44
    assert abs(x - 460) < 4 and abs(y - 460) < 4


def test_a_click_is_a_dot(pad):
    pad.set_brush(60)
    owner = Owner(pad)
    draw(pad, (280, 280))
    mask = pad.mask()
    assert len(owner.strokes[0].points) == 1
    assert mask.astype(bool).sum() == pytest.approx(np.pi * 30**2, rel=0.05)


def test_ink_is_told_while_the_pen_moves_and_the_clock_starts_at_the_first_movement(pad, qtbot):
    pad.mask()
    assert pad.inked_at is None
    with qtbot.waitSignal(pad.inked):
        draw(pad, (100, 100), (200, 200), release=False)
    first = pad.inked_at
    assert first is not None and pad.is_drawing and pad.mask().any()
    assert pad.inked_at is None
    QTest.mouseMove(pad, spot(pad, 300, 300))
    assert pad.inked_at > first
    pad.cancel()


def test_escape_takes_back_the_stroke_under_the_pen(pad):
    owner = Owner(pad)
    draw(pad, (100, 100), (200, 200))
    before = pad.mask()
    draw(pad, (300, 100), (400, 300), release=False)
    assert not np.array_equal(pad.mask(), before)
    QTest.keyClick(pad, Qt.Key.Key_Escape)
    assert np.array_equal(pad.mask(), before) and not pad.is_drawing
    QTest.mouseRelease(pad, Qt.MouseButton.LeftButton, pos=spot(pad, 400, 300))
    assert len(owner.strokes) == 1


def test_the_first_stroke_takes_the_place_of_an_example_and_escape_brings_it_back(pad):
    owner = Owner(pad)
    owner.show(Page((Stroke(((100.0, 100.0, 44.0), (100.0, 400.0, 44.0))),), is_example=True))
    example = pad.mask()
    draw(pad, (400, 100), (400, 400), release=False)
    assert not pad.mask()[:, :200].any()
    QTest.keyClick(pad, Qt.Key.Key_Escape)
    assert np.array_equal(pad.mask(), example)
    draw(pad, (400, 100), (400, 400))
    assert not pad.mask()[:, :200].any() and len(owner.page.strokes) == 1 and not owner.page.is_example


def test_a_stroke_that_nobody_takes_does_not_stay(pad):
    draw(pad, (100, 100), (300, 300))
    assert not pad.mask().any()


def test_pressure_widens_the_stroke(pad):
    owner, pen = Owner(pad), QPointingDevice.primaryPointingDevice()
    none, left = Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton
    for kind, x, pressure in (
        (QEvent.Type.TabletPress, 100, 0.1),
        (QEvent.Type.TabletMove, 250, 0.5),
        (QEvent.Type.TabletMove, 400, 1.0),
        (QEvent.Type.TabletRelease, 400, 0.0),
    ):
        place = QPointF(spot(pad, x, 280))
        event = QTabletEvent(
            kind,
            pen,
            place,
            pad.mapToGlobal(place),
            pressure,
            0,
            0,
            0,
            0,
            0,
            Qt.KeyboardModifier.NoModifier,
            left,
            none,
        )
        pad.tabletEvent(event)
        assert event.isAccepted()
    widths = [width for _, _, width in owner.strokes[0].points]
    assert widths == sorted(widths) and widths[0] == pytest.approx(44 * 0.58) and widths[-1] == pytest.approx(44 * 1.3)


def test_a_finger_draws(pad):
    owner = Owner(pad)
    screen = QTest.createTouchDevice(QInputDevice.DeviceType.TouchScreen)
    QTest.touchEvent(pad, screen).press(0, spot(pad, 100, 100), pad).commit()
    QTest.touchEvent(pad, screen).move(0, spot(pad, 300, 300), pad).commit()
    QTest.touchEvent(pad, screen).release(0, spot(pad, 300, 300), pad).commit()
    assert len(owner.strokes) == 1 and pad.mask()[200, 200] == 255


@pytest.mark.parametrize("key", [Qt.Key.Key_Delete, Qt.Key.Key_Backspace])
def test_delete_asks_for_clean_paper(pad, qtbot, key):
    with qtbot.waitSignal(pad.cleared):
        QTest.keyClick(pad, key)


# Qt 6.12 has a newer constructor, which 6.11 does not know.
@pytest.mark.filterwarnings("ignore:Function. .Q(Drag|Drop):DeprecationWarning")
def test_dropped_files_and_pictures_are_offered(pad, qtbot, tmp_path):
    file, picture = QMimeData(), QMimeData()
    file.setUrls([QUrl.fromLocalFile(str(tmp_path / "seven.png"))])
    image = QImage(8, 8, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    picture.setImageData(image)
    offered = [drop(pad, qtbot, data) for data in (file, picture)]
    assert offered[0] == Path(tmp_path / "seven.png")
    assert offered[1].size() == image.size()


def drop(pad, qtbot, data):
    buttons, keys, copy = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, Qt.DropAction.CopyAction
    enter = QDragEnterEvent(spot(pad, 200, 200), copy, data, buttons, keys)
    pad.dragEnterEvent(enter)
    assert enter.isAccepted()
    with qtbot.waitSignal(pad.offered) as heard:
        pad.dropEvent(QDropEvent(QPointF(spot(pad, 200, 200)), copy, data, buttons, keys))
    return heard.args[0]


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_ink_is_painted_in_the_themes_ink(pad, mode):
    theme().choose(mode)
    owner = Owner(pad)
    draw(pad, (150, 280), (250, 280), (400, 280))
    shown = pad.grab().toImage()
    assert shown.pixelColor(spot(pad, 280, 280)).name() == theme().colour("ink").name()
    assert shown.pixelColor(spot(pad, 280, 60)).name() == theme().colour("sunken").name()
    owner.show(Page())
    assert pad.grab().toImage().pixelColor(spot(pad, 200, 280)).name() == theme().colour("sunken").name()
    theme().choose("light")


def test_a_picture_of_the_nets_own_pixels_stays_exact(pad):
    image = np.random.default_rng(0).integers(0, 256, (28, 28)).astype(np.uint8)
    pad.show_page(Page.of_picture(image))
    assert np.array_equal(pad.mask(), np.kron(image, np.ones((20, 20), np.uint8)))


def test_taking_strokes_back_ends_at_clean_paper():
    a, b = Stroke(((1.0, 1.0, 8.0),)), Stroke(((9.0, 9.0, 8.0),))
    page = Page().with_stroke(a).with_stroke(b)
    assert page.without_last_stroke().strokes == (a,)
    assert page.without_last_stroke().without_last_stroke().is_empty
