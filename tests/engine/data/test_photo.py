"""Photos: reduced, upright, colour kept, and words for what is none."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from cvlab.engine.data.photo import MAX_SIDE, open_photo, read_photo
from cvlab.engine.errors import CorruptData, DataMissing


def saved(path, array, **options):
    Image.fromarray(array).save(path, **options)
    return path


def test_colour_is_kept_and_a_png_comes_back_bit_for_bit(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (12, 20, 3), dtype=np.uint8)
    photo = open_photo(saved(tmp_path / "cat.png", pixels))
    assert photo.title == "cat" and photo.was == (12, 20)
    assert np.array_equal(photo.pixels, np.moveaxis(pixels, 2, 0))
    assert photo.unit.max() <= 1 and photo.unit.dtype == np.float32
    again = read_photo(photo.png, "again")
    assert np.array_equal(again.pixels, photo.pixels)


def test_grey_is_one_channel_and_transparent_is_white(tmp_path):
    grey = np.full((10, 10), 99, np.uint8)
    assert open_photo(saved(tmp_path / "g.png", grey)).pixels.shape == (1, 10, 10)
    clear = np.zeros((10, 10, 4), np.uint8)
    assert (open_photo(saved(tmp_path / "t.png", clear)).pixels == 255).all()
    deep = np.full((10, 10), 65535, np.uint16)
    assert (open_photo(saved(tmp_path / "d.png", deep)).pixels == 255).all()


def test_a_large_photo_is_reduced_and_turned_upright(tmp_path):
    wide = np.zeros((400, 900, 3), np.uint8)
    wide[:, :450] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held on its side
    photo = open_photo(saved(tmp_path / "p.jpg", wide, exif=exif))
    assert max(photo.pixels.shape) == MAX_SIDE and photo.pixels.shape[1] > photo.pixels.shape[2]
    assert photo.pixels[0, 5, 50] > 200 and photo.pixels[0, -5, 50] < 50


@pytest.mark.parametrize("data", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n" + b"\0" * 40])
def test_what_is_no_picture_is_refused_in_words(tmp_path, data):
    path = tmp_path / "bad.png"
    path.write_bytes(data)
    with pytest.raises(CorruptData, match="bad"):
        open_photo(path)
    with pytest.raises(CorruptData):
        read_photo(data, "bad")


def test_too_small_and_not_there(tmp_path):
    with pytest.raises(CorruptData, match="too small"):
        open_photo(saved(tmp_path / "dot.png", np.zeros((2, 2, 3), np.uint8)))
    with pytest.raises(DataMissing):
        open_photo(tmp_path / "gone.png")
