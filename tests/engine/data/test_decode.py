import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cvlab.engine.data.decode import MAX_PIXELS, Target, decode, read_header
from cvlab.engine.errors import CorruptData
from tests.engine.data.pictures import noise, picture

RED = (200, 30, 60)


def shades(content: bytes, target: Target) -> list[int]:
    """The one colour that the picture has in its middle, a number a channel."""
    pixels = decode(content, target)
    assert pixels.shape == target.shape and pixels.dtype == np.uint8
    return pixels[:, target.height // 2, target.width // 2].tolist()


def test_a_lossless_picture_of_the_right_size_arrives_to_the_byte():
    values = np.random.default_rng(0).integers(0, 256, (6, 5, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, "PNG")
    assert np.array_equal(decode(buffer.getvalue(), Target(3, 6, 5)), values.transpose(2, 0, 1))


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM", "WEBP", "GIF", "JPEG"])
def test_every_format_gives_the_colour(kind):
    found = shades(picture(RED, kind=kind), Target(3, 8, 8))
    assert np.abs(np.subtract(found, RED)).max() <= (0 if kind in ("PNG", "BMP", "TIFF", "PPM") else 8)


@pytest.mark.parametrize(
    ("mode", "kind"), [("P", "PNG"), ("CMYK", "JPEG"), ("CMYK", "TIFF"), ("RGBA", "PNG"), ("RGBA", "WEBP")]
)
def test_palettes_inks_and_alpha_give_the_colour(mode, kind):
    found = shades(picture(RED, kind=kind, mode=mode), Target(3, 8, 8))
    assert np.abs(np.subtract(found, RED)).max() <= 26  # the web palette has steps of 51


@pytest.mark.parametrize("mode", ["1", "L", "LA"])
def test_grey_pictures_give_one_or_three_channels(mode):
    content = picture((255, 255, 255), mode=mode)
    assert shades(content, Target(1, 8, 8)) == [255] and shades(content, Target(3, 8, 8)) == [255] * 3
    assert read_header(content).is_grey


def test_colour_becomes_grey_by_its_luminance():
    assert shades(picture((255, 0, 0)), Target(1, 8, 8)) == [76]  # 0.299 of 255


def test_what_is_transparent_becomes_white():
    buffer = io.BytesIO()
    Image.new("RGBA", (8, 8), (200, 30, 60, 0)).save(buffer, "PNG")
    assert shades(buffer.getvalue(), Target(3, 8, 8)) == [255] * 3
    buffer = io.BytesIO()
    Image.new("P", (8, 8), 0).save(buffer, "GIF", transparency=0)
    assert shades(buffer.getvalue(), Target(3, 8, 8)) == [255] * 3


def test_sixteen_bits_become_eight():
    buffer = io.BytesIO()
    Image.fromarray(np.full((8, 8), 65535 // 2, np.uint16)).save(buffer, "PNG")
    assert shades(buffer.getvalue(), Target(1, 8, 8)) == [127]


def test_the_camera_was_held_sideways():
    image = Image.new("RGB", (8, 4), (0, 0, 0))
    image.paste((255, 255, 255), (0, 0, 4, 4))  # its left half is white
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise: what was left is above
    buffer = io.BytesIO()
    image.save(buffer, "PNG", exif=exif)
    header = read_header(buffer.getvalue())
    assert (header.width, header.height) == (4, 8)
    pixels = decode(buffer.getvalue(), Target(3, 8, 4))
    assert pixels[0, :4].min() == 255 and pixels[0, 4:].max() == 0


@pytest.mark.parametrize("fit", ["crop", "letterbox", "stretch"])
@given(width=st.integers(1, 70), height=st.integers(1, 70), channels=st.sampled_from([1, 3]))
def test_every_size_becomes_the_target(fit, width, height, channels):
    target = Target(channels, 16, 12, fit)
    pixels = decode(picture((90, 90, 90), (width, height)), target)
    assert pixels.shape == target.shape
    if fit == "letterbox":
        assert set(np.unique(pixels)) <= {0, 90} and (pixels == 90).any()
    else:
        assert (pixels == 90).all()


def test_crop_keeps_the_middle_and_letterbox_all():
    image = Image.new("RGB", (48, 16), (0, 0, 0))
    image.paste((255, 255, 255), (16, 0, 32, 16))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    assert decode(buffer.getvalue(), Target(3, 16, 16, "crop")).min() == 255
    boxed = decode(buffer.getvalue(), Target(3, 16, 16, "letterbox"))
    assert boxed[0, 8, 0] == 0 and boxed[0, 8, 8] == 255 and boxed[0, 0].max() == 0


def png_of(width: int, height: int) -> bytes:
    """A PNG whose header says this size, with hardly any pixels behind it."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("side", [7_000, 10_000, 30_000])
def test_a_huge_picture_is_refused_by_its_header(side, monkeypatch):
    monkeypatch.setattr(Image.Image, "load", None)  # nobody decodes
    with pytest.raises(CorruptData, match="pixels") as caught:
        decode(png_of(side, side), Target(3, 8, 8))
    assert f"{MAX_PIXELS:,}" in caught.value.what


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "an empty file"),
        (b"no picture at all", "not a picture"),
        (noise(1, (64, 64), "JPEG")[:700], "damaged"),
        (picture()[:40], "damaged|not a picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a picture"),
    ],
)
def test_what_cannot_be_read_gives_its_reason(content, reason):
    with pytest.raises(CorruptData, match=reason):
        decode(content, Target(3, 8, 8))


@given(
    st.binary(max_size=200), st.sampled_from(["PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM"]), st.integers(0, 60)
)
def test_no_bytes_whatever_raise_anything_else(garbage, kind, place):
    content = bytearray(picture(kind=kind))
    content[place : place + len(garbage)] = garbage
    try:
        assert decode(bytes(content), Target(3, 8, 8)).shape == (3, 8, 8)
    except CorruptData as error:
        assert error.what
