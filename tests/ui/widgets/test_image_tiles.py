import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor

from cvlab.ui.widgets.cloud_plot import CloudPlot
from cvlab.ui.widgets.dial_plot import DialLine, DialPlot
from cvlab.ui.widgets.image_tiles import ImageTiles, picture_of


@pytest.mark.parametrize("channels", [1, 3])
def test_a_picture_has_the_pixels_of_its_array_and_owns_them(channels, qapp):
    image = np.random.default_rng(0).integers(0, 256, (channels, 5, 7), dtype=np.uint8)
    picture = picture_of(image)
    wanted = image.copy()
    image[:] = 0
    assert (picture.width(), picture.height()) == (7, 5)
    for row in range(5):
        for column in range(7):
            colour = QColor(picture.pixel(column, row))
            values = (colour.red(), colour.green(), colour.blue())
            assert values == tuple(wanted[:, row, column].tolist() * (3 // channels))


def test_tiles_stand_in_rows_without_touching_and_are_clicked(qtbot):
    tiles = ImageTiles(3, clickable=True)
    qtbot.addWidget(tiles)
    tiles.resize(400, 300)
    tiles.show_images(np.zeros((5, 1, 4, 4), np.uint8), list("abcde"))
    places = [tiles.tile(i) for i in range(5)]
    assert all(not a.intersects(b) for i, a in enumerate(places) for b in places[:i])
    assert places[3].top() > places[0].bottom() and places[1].left() > places[0].right()
    assert all(tiles.rect().contains(place.toRect()) for place in places)
    with qtbot.waitSignal(tiles.chosen) as caught:
        qtbot.mouseClick(tiles, Qt.MouseButton.LeftButton, pos=places[4].center().toPoint())
    assert caught.args == [4]
    assert tiles.number_at(places[0].center()) == 0


def test_columns_spread_as_far_as_there_is_room_and_tiles_stay_as_large(qtbot):
    close, wide = ImageTiles(4), ImageTiles(4, spread=40)
    for tiles in (close, wide):
        qtbot.addWidget(tiles)
        tiles.resize(700, 400)
        tiles.show_images(np.zeros((16, 1, 4, 4), np.uint8), ["1: 75 % · 6: 25 %"] * 16)
    assert wide.tile(0).size() == close.tile(0).size()
    assert wide.tile(1).left() - wide.tile(0).right() == pytest.approx(40, abs=1)
    wide.resize(380, 400)
    places = [wide.tile(i) for i in range(16)]
    assert all(wide.rect().contains(place.toRect()) for place in places)
    assert all(not a.intersects(b) for i, a in enumerate(places) for b in places[:i])


def test_tiles_show_pixels_sharp_and_a_message_in_their_place(qtbot):
    tiles = ImageTiles(1)
    qtbot.addWidget(tiles)
    tiles.resize(100, 120)
    tiles.set_caption_lines(0)
    board = np.array([[[255, 0], [0, 255]]], np.uint8)
    tiles.show_images(board[None])
    area, image = tiles.tile(0), tiles.grab().toImage()
    for row in range(2):
        for column in range(2):
            x, y = (area.left() + (column + 0.5) * area.width() / 2, area.top() + (row + 0.5) * area.height() / 2)
            assert QColor(image.pixel(int(x), int(y))).red() == board[0, row, column]
    tiles.show_message("Nothing yet")
    assert tiles.count == 0 and tiles.message == "Nothing yet"
    tiles.grab()


def test_a_dial_line_is_read_between_its_points():
    line = DialLine("1-NN", "train", (0.0, 0.5, 1.0), (0.9, 0.7, 0.1))
    assert line.at(0.25) == pytest.approx(0.8) and line.at(1.0) == pytest.approx(0.1)
    assert line.at(1.2) is None and DialLine("net", "train", (), ()).at(0.5) is None


def test_the_dial_plot_picks_where_it_is_pressed_and_dragged(qtbot):
    plot = DialPlot("amount", "accuracy")
    qtbot.addWidget(plot)
    plot.resize(500, 200)
    plot.show_lines((DialLine("net", "train", (0.0, 1.0), (1.0, 0.5)),), 0.1)
    plot.show_here(0.3)
    plot.grab()
    picked = []
    plot.picked.connect(picked.append)
    area = plot.area()
    qtbot.mousePress(plot, Qt.MouseButton.LeftButton, pos=area.center().toPoint())
    qtbot.mouseMove(plot, area.bottomRight().toPoint())
    assert picked[0] == pytest.approx(0.5, abs=0.01)
    qtbot.mousePress(plot, Qt.MouseButton.LeftButton, pos=QPoint(1, 1))
    assert picked[-1] == 0


def test_a_cloud_fits_its_window_with_the_same_scale_both_ways(qtbot):
    plot = CloudPlot()
    qtbot.addWidget(plot)
    plot.resize(200, 240)
    points = np.array([[3.0, 0.0], [-3.0, 0.5], [0.0, -1.0]])
    plot.show_cloud("centred", "var", points, points[:1], np.zeros(2), np.eye(2))
    area = plot.area()
    assert all(area.contains(place) for place in plot.place(points))
    zero, right, up = plot.place(np.array([(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)]))
    assert right.x() - zero.x() == pytest.approx(zero.y() - up.y()) and zero == area.center()
    plot.grab()
