"""The tour: a picture of every stop in every size and theme, and a clear end when a stop is not reached."""

from __future__ import annotations

import gc

import pytest
from PySide6.QtGui import QImage

from cvlab.ui.panel import Stop
from cvlab.ui.tour import Guide, TourFailed


@pytest.fixture
def guide(small_window, tmp_path):
    yield lambda *panels: Guide(small_window, tmp_path, panels or None, [(1100, 720), (960, 640)], ["light", "dark"])
    from cvlab.ui.theme import theme

    theme().choose("light")
    assert not gc.isenabled()


def test_every_stop_is_pictured_in_every_size_and_theme(guide, tmp_path):
    pictures = guide().walk()
    assert [path.name for path in pictures[:4]] == [
        "calm-open-1100x720-light.png",
        "calm-open-1100x720-dark.png",
        "calm-open-960x640-light.png",
        "calm-open-960x640-dark.png",
    ]
    assert len(pictures) == 8
    for path in pictures:
        image = QImage(str(path))
        width, height = path.stem.split("-")[2].split("x")
        assert (image.width(), image.height()) == (int(width), int(height))
        is_dark = image.pixelColor(image.width() // 2, 60).lightness() < 100
        assert is_dark == ("dark" in path.stem)


def test_a_stop_that_is_never_ready_ends_it(guide, calm_and_wild, monkeypatch):
    calm, _ = calm_and_wild
    monkeypatch.setattr(calm, "tour", lambda self: iter([Stop("never", lambda: False, 0.05)]))
    with pytest.raises(TourFailed, match="never was not ready"):
        guide("calm").walk()


def test_a_panel_that_cannot_be_built_or_is_unknown_ends_it(guide, calm_and_wild):
    _, wild = calm_and_wild
    wild.faults = 1
    with pytest.raises(TourFailed, match="could not be built"):
        guide("wild").walk()
    with pytest.raises(TourFailed, match="calm, wild"):
        guide("nowhere").walk()
