"""TensorBoard's event files, written by hand: a TFRecord frame around a protocol buffer, a few dozen bytes a figure.

Only what a run has to say: scalars, histograms, and where a resumed run began anew. Format: tensorflow/core/util/event.proto,
summary.proto and lib/io/record_writer.h. Reading them is TensorBoard's affair; nothing here reads.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping

import numpy as np

from cvlab.engine.training.events import EpochEnd, Event, KnobTurned, RunFinished, StepEnd, ViewTaken

STEPS_APART = 0.05
"""Seconds of training between two steps that are written: metrics.jsonl has them all."""

_DOUBLE, _BYTES = 1, 2  # wire types of protocol buffers; 0 is a whole number, 5 a float


def file_name(wall: float, host: str, process: int) -> str:
    """As TensorBoard looks for them: it takes every file with "tfevents" in its name."""
    return f"events.out.tfevents.{int(wall)}.{host or 'cvlab'}.{process}.cvlab"


class EventWriter:
    """Turns a run's events into the bytes to append to one file. `begin` comes first; what it gives starts the file.

    Nothing is kept but the time of the last step, so that a step every 50 ms is written and not each one.
    """

    def __init__(self) -> None:
        self._last = -1.0

    def begin(self, wall: float, step: int = 0) -> bytes:
        """The file's head. step: where this part of the run begins; what older files hold of later steps is void."""
        head = record(_event(wall, 0, _field(3, _BYTES, b"brain.Event:2")))
        session = _varint_field(1, 1)  # SessionLog.START
        return head + record(_event(wall, step, _field(7, _BYTES, session)))

    def encode(self, event: Event, wall: float) -> bytes:
        """What an event adds to the file; b"" for one that has no figure."""
        match event:
            case StepEnd():
                if 0 <= event.seconds - self._last < STEPS_APART:
                    return b""
                self._last = event.seconds
                values = {
                    "loss/batch": event.loss,
                    "accuracy/batch": event.accuracy,
                    "learning_rate": event.learning_rate,
                }
                return scalars(wall, event.step, values)
            case EpochEnd():
                return scalars(wall, event.step, {
                    "loss/train": event.train_loss, "accuracy/train": event.train_accuracy,
                    "loss/held_out": event.held_out_loss, "accuracy/held_out": event.held_out_accuracy,
                    "images_per_second": event.images_per_second,
                })  # fmt: skip
            case KnobTurned():
                return scalars(wall, event.step, {f"knobs/{event.knob}": event.new})
            case RunFinished():
                return scalars(wall, event.step, {"loss/test": event.test_loss, "accuracy/test": event.test_accuracy})
            case ViewTaken(view="layers"):
                return b"".join(_layers(wall, event))
        return b""


def scalars(wall: float, step: int, values: Mapping[str, float | None]) -> bytes:
    """One record with a number a tag; those that are None are left out."""
    parts = [
        _field(1, _BYTES, _field(1, _BYTES, tag.encode()) + struct.pack("<B", 2 << 3 | 5) + _float(value))
        for tag, value in values.items()
        if value is not None
    ]
    return record(_event(wall, step, _field(5, _BYTES, b"".join(parts)))) if parts else b""


def histogram(wall: float, step: int, tag: str, counts: np.ndarray, low: float, high: float) -> bytes:
    """One record with a histogram of equal bins from low to high."""
    edges = np.linspace(low, high, len(counts) + 1)
    if high <= low:
        edges = np.linspace(low - 0.5, low + 0.5, len(counts) + 1)
    middles, count = (edges[1:] + edges[:-1]) / 2, counts.astype(np.float64)
    numbers = (low, high, count.sum(), (count * middles).sum(), (count * middles**2).sum())
    body = b"".join(struct.pack("<Bd", i << 3 | _DOUBLE, float(value)) for i, value in enumerate(numbers, 1))
    body += _field(6, _BYTES, edges[1:].astype("<f8").tobytes()) + _field(7, _BYTES, count.astype("<f8").tobytes())
    value = _field(1, _BYTES, _field(1, _BYTES, tag.encode()) + _field(5, _BYTES, body))
    return record(_event(wall, step, _field(5, _BYTES, value)))


def _layers(wall: float, event: ViewTaken):
    for layer in event.content.layers:
        for name in ("weight", "gradient", "activation"):
            found = getattr(layer, name)
            if found is not None and found.counts.any():
                yield histogram(wall, event.step, f"{layer.name}/{name}", found.counts, found.low, found.high)
        yield scalars(wall, event.step, {
            f"dead/{layer.name}": layer.dead, f"update_ratio/{layer.name}": layer.update_ratio,
        })  # fmt: skip


def _event(wall: float, step: int, what: bytes) -> bytes:
    return struct.pack("<Bd", 1 << 3 | _DOUBLE, wall) + _varint_field(2, step) + what


def _field(number: int, kind: int, content: bytes) -> bytes:
    return bytes([number << 3 | kind]) + _varint(len(content)) + content


def _float(value: float) -> bytes:
    """In 32 bits; what does not fit into them is infinite there."""
    try:
        return struct.pack("<f", value)
    except OverflowError:
        return struct.pack("<f", math.copysign(math.inf, value))


def _varint_field(number: int, value: int) -> bytes:
    return bytes([number << 3]) + _varint(value)


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first, the top bit set on all but the last."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def record(content: bytes) -> bytes:
    """A TFRecord: length, its checksum, the content, its checksum."""
    length = struct.pack("<Q", len(content))
    return length + struct.pack("<I", _masked(length)) + content + struct.pack("<I", _masked(content))


def _masked(content: bytes) -> int:
    """A CRC-32C turned by 15 bits and shifted, so that checksums of data that hold checksums stay well mixed."""
    crc = crc32c(content)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def _table() -> tuple[int, ...]:
    rows = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        rows.append(byte)
    return tuple(rows)


_CRC = _table()


def crc32c(content: bytes) -> int:
    """CRC-32 with Castagnoli's polynomial (RFC 3720). 0.1 µs a byte.

    >>> hex(crc32c(b"123456789"))
    '0xe3069283'
    """
    crc = 0xFFFFFFFF
    for byte in content:
        crc = _CRC[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF
