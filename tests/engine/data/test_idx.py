import gzip
import struct
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as stn

from cvlab.engine.data import idx
from cvlab.engine.errors import CorruptData

ARRAYS = stn.arrays(
    st.sampled_from([np.uint8, np.int8, np.int16, np.int32, np.float32, np.float64]),
    stn.array_shapes(min_dims=1, max_dims=4, max_side=5),
)


@given(ARRAYS, st.booleans())
def test_what_is_written_is_read(array, packed):
    content = idx.write(array)
    back = idx.read(gzip.compress(content, mtime=0) if packed else content)
    assert back.dtype == array.dtype and back.shape == array.shape
    assert back.tobytes() == array.tobytes()


def test_the_header_is_the_documented_one():
    content = idx.write(np.arange(6, dtype=np.int16).reshape(2, 3))
    assert content == bytes([0, 0, 0x0B, 2]) + struct.pack(">II", 2, 3) + struct.pack(">6h", *range(6))


def test_a_file_is_read_by_its_content_not_by_its_name(tmp_path):
    path = tmp_path / "anything.txt"
    path.write_bytes(gzip.compress(idx.write(np.arange(4, dtype=np.uint8))))
    assert idx.read(path).tolist() == [0, 1, 2, 3]


WHOLE = idx.write(np.zeros((3, 4), np.uint8))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not an IDX file"),
        (b"<html>404</html>", "not an IDX file"),
        (bytes([0, 0, 0x07, 1]) + bytes(8), "not an IDX file"),  # no such type
        (bytes([0, 0, 0x08, 0]) + bytes(8), "not an IDX file"),  # no axes
        (WHOLE[:7], "ends inside its header"),
        (WHOLE[:-1], "is cut short"),
        (WHOLE + b"\0", "goes on after its last number"),
        (gzip.compress(WHOLE, mtime=0)[:-9], "damaged gzip"),
        (gzip.compress(WHOLE, mtime=0)[:-8] + bytes(8), "damaged gzip"),  # wrong CRC
        (b"\x1f\x8b" + bytes(20), "damaged gzip"),
        (bytes([0, 0, 0x08, 2]) + b"\xff" * 8, "announces more than is allowed"),
    ],
)
def test_what_is_not_one_whole_array_is_said_in_words(content, words):
    with pytest.raises(CorruptData, match=words):
        idx.read(content, name="labels")


@given(st.binary(max_size=60))
def test_random_bytes_never_do_worse_than_corrupt_data(content):
    try:
        idx.read(content, max_bytes=1000)
    except CorruptData as error:
        assert str(error)


def test_a_gzip_bomb_is_never_unpacked():
    honest = bytes([0, 0, 0x08, 1]) + struct.pack(">I", 100)
    bomb = gzip.compress(honest + bytes(50_000_000), mtime=0)
    tracemalloc.start()
    try:
        with pytest.raises(CorruptData, match="goes on after"):
            idx.read(bomb)
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(CorruptData, match=r"labels\.gz is not there"):
        idx.read(tmp_path / "labels.gz")


def test_what_idx_cannot_hold_is_refused():
    with pytest.raises(ValueError, match="plain numbers"):
        idx.write(np.zeros(3, np.complex64))
