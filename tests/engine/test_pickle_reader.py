"""Pickles are read without unpickling: values and arrays come out as pickle and numpy write them; nothing is ever run."""

# ruff: noqa: E501 - one case a line

from __future__ import annotations

import os
import pickle
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvlab.engine.data import pickled
from cvlab.engine.errors import CorruptData
from cvlab.engine.pickle_reader import PickleReader, Refused

EXAMPLES = int(os.environ.get("CVLAB_EXAMPLES", "40"))

keys = st.text(max_size=5) | st.integers(-(2**70), 2**70)
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4) | st.tuples(inner, inner, inner, inner) | st.tuples(inner),
    max_leaves=20,
)  # fmt: skip


def nothing(*given):
    raise Refused("a call")


@settings(max_examples=EXAMPLES, deadline=None)
@given(plain, st.integers(0, 4))
def test_plain_values_come_out_as_pickle_gives_them(value, protocol):
    content = pickle.dumps(value, protocol=protocol)
    found, end = PickleReader(nothing, nothing).read(b"before" + content + b"behind", 6)
    assert found == value and type(found) is type(value) and end == 6 + len(content)


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    st.sampled_from(["u1", "i1", "<u2", ">i2", "<i4", ">u4", "<i8", "<f2", ">f4", "<f8", "?"]),
    st.lists(st.integers(0, 4), max_size=3), st.sampled_from("CF"), st.integers(0, 4),
)  # fmt: skip
def test_arrays_come_out_as_numpy_gives_them(kind, shape, order, protocol):
    array = np.arange(int(np.prod(shape))).reshape(shape).astype(kind, order=order)
    content = pickle.dumps({"data": array, "labels": [1, 2]}, protocol=protocol)
    found, theirs = pickled.loads(content), pickle.loads(content)
    assert found["labels"] == theirs["labels"]
    assert np.array_equal(found["data"], theirs["data"]) and found["data"].dtype == array.dtype.newbyteorder("=")


class Call:
    def __init__(self, call, *arguments):
        self.call, self.arguments = call, arguments

    def __reduce__(self):
        return self.call, self.arguments


@pytest.mark.parametrize("protocol", range(5))
@pytest.mark.parametrize(
    "call", [os.system, eval, exec, getattr, open, __import__, np.load, np.fromfile, np.empty, pickle.loads]
)
def test_nothing_is_called(call, protocol, monkeypatch):
    for value in (Call(call, "x"), {"data": Call(call, "x")}, [Call(call)]):
        with pytest.raises(CorruptData, match="asks for code to be run"):
            pickled.loads(pickle.dumps(value, protocol=protocol))


@pytest.mark.parametrize(
    "content",
    [
        b"\x80\x02}N" + b"\x85" * 100_000 + b"Ns.",  # as a key, the unpickler of Python ends the process
        b"\x80\x02}]Ns.",
        b"\x80\x02cnumpy\nndarray\n(J\xff\xff\xff\x7ft\x85R.",
        b"\x80\x02" + b"]" * 600_000 + b".",
        pickle.dumps(np.zeros(3, object)),
        pickle.dumps(np.zeros(3, "M8[s]")),
    ],
)  # fmt: skip
def test_what_would_end_the_process_or_fill_the_memory_is_refused(content):
    with pytest.raises(CorruptData):
        pickled.loads(content)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b".",
        b"\x80\x02]r\xff\xff\xff\x7f",
        b"\x80\x02X" + struct.pack("<I", 2**32 - 1) + b"a.",
        b"(",
        b"t.",
        b"\x80\x02h\x05.",
    ],
)
def test_what_is_cut_short_raises(content):
    with pytest.raises((ValueError, LookupError)):
        pickled.loads(content)
