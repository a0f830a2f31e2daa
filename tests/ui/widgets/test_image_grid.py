"""The image grid: colours that keep order and sign, tiles as large as they can be, and cells that can be read."""

from __future__ import annotations

from itertools import pairwise
from math import ceil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint

from cvlab.ui.theme import theme
from cvlab.ui.theme.style import contrast
from cvlab.ui.widgets.image_grid import MOST, ImageGrid, best_columns, colour_table, to_levels


@pytest.fixture
def grid(qapp, qtbot):
    theme().choose("light")
    made = ImageGrid()
    made.resize(480, 160)
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.show()
    return made


numbers = st.lists(st.floats(-50, 50, width=32), min_size=2, max_size=40)


@given(numbers)
def test_signed_levels_keep_order_and_sign(values):
    maps = np.array(values, np.float32)
    levels = to_levels(maps, float(np.abs(maps).max()), signed=True).astype(int)
    order = np.argsort(maps, kind="stable")
    assert (np.diff(levels[order]) >= 0).all()
    assert (levels[maps == 0] == 127).all()
    assert (levels[maps > 0] >= 127).all() and (levels[maps < 0] <= 127).all()
    mirrored = to_levels(-maps, float(np.abs(maps).max()), signed=True).astype(int)
    assert (np.abs(levels + mirrored - 254) <= 1).all()


@given(numbers)
def test_magnitudes_start_at_nothing_and_end_at_the_largest(values):
    maps = np.abs(np.array(values, np.float32))
    levels = to_levels(maps, float(maps.max()), signed=False)
    assert (levels[maps == 0] == 0).all()
    if maps.max() > 0:
        assert levels[maps.argmax()] == 254


@given(st.integers(1, 16), st.integers(1, 40), st.integers(1, 40), st.integers(100, 900), st.integers(60, 500))
def test_tiles_are_as_large_as_any_number_of_columns_makes_them(count, height, width, room_x, room_y):
    def scale(columns: int) -> float:
        rows = ceil(count / columns)
        across, down = (room_x - 8 * (columns - 1)) / columns / width, (room_y - 8 * (rows - 1)) / rows / height
        return max(0.05, min(across, down))

    found = best_columns(count, height, width, room_x, room_y)
    assert scale(found) == pytest.approx(max(scale(columns) for columns in range(1, count + 1)))


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("signed", [False, True])
def test_lightness_changes_steadily_from_zero_outwards(qapp, mode, signed):
    theme().choose(mode)
    zero = theme().colour("sunken").name()
    colours = [colour.name() for colour in colour_table(signed=signed)]
    theme().choose("light")
    assert len(colours) == 255
    halves = [colours] if not signed else [colours[127:], colours[127::-1]]
    for half in halves:
        assert half[0] == zero
        away = [contrast(zero, colour) for colour in half]
        # One step in 255 of a channel may round the other way.
        assert all(later >= earlier - 0.05 for earlier, later in pairwise(away))
        assert away[-1] > 4.5


def test_the_sign_is_found_from_the_values_unless_it_is_told(grid):
    maps = np.ones((2, 4, 4), np.float32)
    grid.set_maps(maps)
    assert not grid.is_signed
    grid.set_maps(-maps)
    assert grid.is_signed
    grid.set_maps(maps, signed=True)
    assert grid.is_signed


def test_the_largest_value_is_painted_in_the_last_colour_and_zero_in_the_first(grid):
    maps = np.zeros((3, 8, 8), np.float32)
    maps[1] = 2.5
    grid.set_maps(maps, signed=False)
    shown = grid.grab().toImage()
    table = colour_table(signed=False)
    for number, wanted in ((0, table[0]), (1, table[-1]), (2, table[0])):
        middle = grid._tile(number).center().toPoint()
        assert shown.pixelColor(middle).name() == wanted.name()


def test_the_pointer_reads_the_cell_under_it(grid):
    maps = np.arange(2 * 4 * 5, dtype=np.float32).reshape(2, 4, 5)
    grid.set_maps(maps, name="conv1, filter")
    tile = grid._tile(1)
    place = QPoint(int(tile.left() + tile.width() * 0.5), int(tile.top() + tile.height() * 0.9))
    assert grid.explanation(place) == "conv1, filter 2 of 2\nrow 4, column 3: 37.000"
    assert grid.explanation(QPoint(-5, -5)) == ""


def test_what_is_not_a_number_shows_as_nothing_and_what_are_no_maps_is_refused(grid):
    grid.set_maps(np.array([[[np.nan, np.inf], [1.0, -np.inf]]]))
    assert np.isfinite(grid.maps).all() and grid.maps[0, 1, 0] == 1
    with pytest.raises(ValueError, match=r"\(N, H, W\)"):
        grid.set_maps(np.zeros((4, 4)))


def test_all_zeros_and_very_many_maps_can_be_shown(grid):
    grid.set_maps(np.zeros((200, 3, 3), np.float32), signed=True)
    assert len(grid.maps) == MOST
    assert not grid.grab().isNull()
    grid.show_message("Nothing yet")
    assert grid.maps is None and not grid.grab().isNull()


@pytest.mark.parametrize("size", [(161, 73), (600, 90), (200, 500)])
def test_tiles_stay_inside_at_any_size(grid, size):
    grid.resize(*size)
    grid.set_maps(np.random.default_rng(0).normal(size=(16, 10, 10)))
    for number in range(16):
        tile = grid._tile(number)
        assert tile.left() >= 0 and tile.top() >= 0
        assert tile.right() <= grid.width() and tile.bottom() <= grid.height() + 1e-6
