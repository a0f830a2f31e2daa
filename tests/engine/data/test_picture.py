import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from cvlab.engine.data import picture, picture_file
from cvlab.engine.data.drawing import prepare
from cvlab.engine.data.picture import from_image
from cvlab.engine.errors import CorruptData, DataMissing


def saved(tmp_path, array, name="digit.png", mode=None, **options):
    path = tmp_path / name
    image = array if isinstance(array, Image.Image) else Image.fromarray(array)
    (image.convert(mode) if mode else image).save(path, **options)
    return path


@pytest.mark.parametrize("name", ["d.png", "d.bmp", "d.gif"])
@pytest.mark.parametrize("inverted", [False, True])
def test_a_digit_comes_back_as_itself_dark_on_light_or_light_on_dark(tmp_path, digits, name, inverted):
    for digit in digits[:20]:
        found = from_image(saved(tmp_path, 255 - digit if inverted else digit, name))
        assert np.abs(found.image.astype(int) - digit).max() <= 2  # stretched, where no pixel is quite white
        assert any("inverted" in sentence for sentence in found.sentences) == inverted


@pytest.mark.parametrize("name", ["d.jpg", "d.webp"])
def test_a_lossy_photo_of_a_digit_is_read_the_same(tmp_path, digits, name):
    enlarged = np.kron(digits[0], np.ones((16, 16), np.uint8))
    rng = np.random.default_rng(0)
    paper = 225 - enlarged * 0.7 + rng.normal(0, 3, enlarged.shape)
    found = prepare(from_image(saved(tmp_path, paper.clip(0, 255).astype(np.uint8), name, quality=85)).image)
    assert np.abs(found.image.astype(float) - digits[0]).mean() < 8


@pytest.mark.parametrize("ink", [0, 255])
def test_transparent_paper_takes_the_inks_opposite(tmp_path, digits, ink):
    rgba = np.zeros((28, 28, 4), np.uint8)
    rgba[..., :3], rgba[..., 3] = ink, digits[0]
    found = from_image(saved(tmp_path, rgba))
    assert np.abs(found.image.astype(int) - digits[0]).max() <= 2


def test_colours_palettes_and_sixteen_bits_are_made_grey(tmp_path, digits):
    for array, mode in ((digits[0], "RGB"), (digits[0], "P"), (digits[0].astype(np.uint16) * 257, None)):
        found = from_image(saved(tmp_path, array, mode=mode))
        assert np.abs(found.image.astype(int) - digits[0]).max() <= 2


def test_a_wide_picture_is_padded_to_a_square(tmp_path):
    wide = np.zeros((20, 60), np.uint8)
    wide[5:15, 25:35] = 255
    found = from_image(saved(tmp_path, wide))
    assert found.image.shape == (60, 60) and "square" in found.sentences[-1]
    assert np.array_equal(found.image[20:40], wide)


def test_the_camera_is_held_upright(tmp_path, digits):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    path = saved(tmp_path, np.rot90(digits[0]), exif=exif)
    assert np.abs(from_image(path).image.astype(int) - digits[0]).max() <= 2


def test_a_large_photo_is_reduced(tmp_path):
    large = np.zeros((1500, 2400), np.uint8)
    large[300:900, 1000:1200] = 255
    assert max(from_image(saved(tmp_path, large)).image.shape) == picture.MAX_SIDE


def test_the_grain_of_a_noisy_photo_is_not_taken_for_ink(tmp_path):
    photo = np.random.default_rng(0).normal(200, 6, (900, 900))
    photo[200:700, 400:500] = 40
    found = from_image(saved(tmp_path, photo.clip(0, 255).astype(np.uint8)))
    assert prepare(found.image).cropped.shape == (500, 100) and "The paper's grain removed." in found.sentences


def test_an_even_shade_has_no_ink(tmp_path):
    found = from_image(saved(tmp_path, np.full((40, 40), 200, np.uint8)))
    assert not found.image.any() and "No ink" in found.sentences[-1]


def test_a_file_that_is_no_picture_is_said(tmp_path):
    path = tmp_path / "notes.png"
    path.write_text("not a picture")
    with pytest.raises(CorruptData, match="is not a picture"):
        from_image(path)
    with pytest.raises(DataMissing, match="is not there"):
        from_image(tmp_path / "none.png")


def test_a_folder_is_no_picture(tmp_path):
    with pytest.raises(CorruptData):
        from_image(tmp_path)


def test_what_is_too_large_is_never_decoded(tmp_path, monkeypatch, digits):
    path = saved(tmp_path, digits[0])
    monkeypatch.setattr(picture_file, "MAX_PIXELS", 100)
    with pytest.raises(CorruptData, match="28 x 28 pixels"):
        from_image(path)
    monkeypatch.setattr(picture_file, "MAX_FILE_BYTES", 10)
    with pytest.raises(CorruptData, match="too large"):
        from_image(path)


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_a_damaged_file_never_does_worse_than_corrupt_data(tmp_path, digits, data):
    name = data.draw(st.sampled_from(["d.png", "d.jpg", "d.bmp", "d.gif", "d.webp"]))
    path = saved(tmp_path, digits[0], name)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(1, len(content)))])
    try:
        found = from_image(path).image
    except CorruptData as error:
        assert str(error)
    else:
        assert found.dtype == np.uint8 and found.shape[0] == found.shape[1]
