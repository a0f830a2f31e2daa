"""Event files read back by a parser of its own, written from the format's description: frames, checksums, figures."""

import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvlab.engine.training.control import Control
from cvlab.engine.training.events import EpochEnd, RunFinished, StepEnd, ViewTaken
from cvlab.engine.training.fit import fit
from cvlab.engine.training.learner import Learner
from cvlab.engine.training.recipe import Recipe
from cvlab.engine.training.tensorboard import EventWriter, crc32c, file_name, histogram, scalars


def slow_crc32c(data):
    """Bit by bit, by long division."""
    crc = 0xFFFFFFFF
    for byte in data:
        for i in range(8):
            bit = (crc ^ byte >> i) & 1
            crc >>= 1
            if bit:
                crc ^= 0x82F63B78
    return crc ^ 0xFFFFFFFF


def unmask(masked):
    rotated = (masked - 0xA282EAD8) % 2**32
    return (rotated >> 17 | rotated << 15) % 2**32


def frames(data):
    place = 0
    while place < len(data):
        length = struct.unpack_from("<Q", data, place)[0]
        assert unmask(struct.unpack_from("<I", data, place + 8)[0]) == slow_crc32c(data[place : place + 8])
        content = data[place + 12 : place + 12 + length]
        assert unmask(struct.unpack_from("<I", data, place + 12 + length)[0]) == slow_crc32c(content)
        yield content
        place += 16 + length
    assert place == len(data)


def message(data):
    """number -> list of values of a protocol buffer's fields."""
    fields, place = {}, 0

    def varint():
        nonlocal place
        value = shift = 0
        while True:
            byte = data[place]
            place += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while place < len(data):
        key = varint()
        match key & 7:
            case 0:
                value = varint()
            case 1:
                value = struct.unpack_from("<d", data, place)[0]
                place += 8
            case 2:
                size = varint()
                value = data[place : place + size]
                place += size
            case 5:
                value = struct.unpack_from("<f", data, place)[0]
                place += 4
        fields.setdefault(key >> 3, []).append(value)
    return fields


def figures(data):
    """(step, tag) -> value of every scalar."""
    found = {}
    for content in frames(data):
        event = message(content)
        for summary in event.get(5, []):
            for value in map(message, message(summary).get(1, [])):
                if 2 in value:
                    found[event[2][0], value[1][0].decode()] = value[2][0]
    return found


@given(st.binary(max_size=200))
def test_checksums(data):
    assert crc32c(data) == slow_crc32c(data)


def test_the_checksum_of_the_standard():
    assert crc32c(bytes(32)) == 0x8A9136AA and crc32c(b"\xff" * 32) == 0x62A8AB43, "RFC 3720, B.4"


@given(st.integers(0, 2**40), st.floats(width=32, allow_nan=False, allow_infinity=False), st.floats(0, 2e9))
def test_a_scalar_comes_back(step, value, wall):
    data = scalars(wall, step, {"a/b": value, "nothing": None})
    event = message(next(frames(data)))
    assert event[1] == [wall] and event.get(2, [0]) == [step]
    assert figures(data) == {(step, "a/b"): value}


def test_a_histogram_comes_back():
    counts = np.array([1, 0, 4, 2])
    event = message(next(frames(histogram(1.0, 7, "w", counts, -1.0, 3.0))))
    histo = message(message(message(event[5][0])[1][0])[5][0])
    assert (histo[1], histo[2], histo[3]) == ([-1.0], [3.0], [7.0])
    np.testing.assert_array_equal(np.frombuffer(histo[6][0]), [0, 1, 2, 3])
    np.testing.assert_array_equal(np.frombuffer(histo[7][0]), counts)
    assert histo[4][0] == pytest.approx(-0.5 + 4 * 1.5 + 2 * 2.5)


def test_a_run_comes_back(net, data):
    control, writer = Control(), EventWriter()
    written, events = writer.begin(100.0, 0), []
    for event in fit(
        Learner(net, data, Recipe(data="bars", epochs=2, batch_size=50, threads=1, device="cpu")), control
    ):
        if isinstance(event, StepEnd) and event.step == 2:
            control.ask("layers")
        events.append(event)
        written += writer.encode(event, 100.0)
    first, second, *_ = frames(written)
    assert message(first)[3] == [b"brain.Event:2"] and message(message(second)[7][0]) == {1: [1]}
    found = figures(written)
    for event in events:
        if isinstance(event, EpochEnd):
            assert found[event.step, "accuracy/held_out"] == np.float32(event.held_out_accuracy)
            assert found[event.step, "loss/train"] == np.float32(event.train_loss)
        if isinstance(event, RunFinished):
            assert found[event.step, "accuracy/test"] == np.float32(event.test_accuracy)
        if isinstance(event, ViewTaken):
            assert math.isclose(
                found[event.step, "update_ratio/conv1"], event.content.layers[0].update_ratio, rel_tol=1e-6
            )
    assert found[1, "loss/batch"] == np.float32(next(e.loss for e in events if isinstance(e, StepEnd)))


def test_the_name_is_one_that_tensorboard_finds():
    assert file_name(1.9, "host", 7) == "events.out.tfevents.1.host.7.cvlab"


@pytest.mark.filterwarnings("ignore")  # what TensorBoard itself warns of
def test_tensorboards_own_reader_finds_every_figure(net, data, tmp_path):
    reader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    control, writer, events = Control(), EventWriter(), []
    with (tmp_path / file_name(100.0, "host", 7)).open("wb") as file:
        file.write(writer.begin(100.0, 0))
        for event in fit(
            Learner(net, data, Recipe(data="bars", epochs=2, batch_size=50, threads=1, device="cpu")), control
        ):
            if isinstance(event, StepEnd) and event.step == 2:
                control.turn("optimizer.learning_rate", 0.002)
                control.ask("layers")
            events.append(event)
            file.write(writer.encode(event, 100.0))
    found = reader.EventAccumulator(str(tmp_path), {reader.SCALARS: 0, reader.HISTOGRAMS: 0})
    found.Reload()
    said = {(tag, each.step): each.value for tag in found.Tags()["scalars"] for each in found.Scalars(tag)}
    for event in events:
        if isinstance(event, EpochEnd):
            assert said["loss/train", event.step] == np.float32(event.train_loss)
            assert said["loss/held_out", event.step] == np.float32(event.held_out_loss)
            assert said["accuracy/held_out", event.step] == np.float32(event.held_out_accuracy)
        if isinstance(event, RunFinished):
            assert said["accuracy/test", event.step] == np.float32(event.test_accuracy)
    assert said["knobs/optimizer.learning_rate", 3] == np.float32(0.002)
    (view,) = [event for event in events if isinstance(event, ViewTaken)]
    for layer in view.content.layers:
        for name in ("weight", "gradient", "activation"):
            distribution = getattr(layer, name)
            if distribution is not None:
                (told,) = found.Histograms(f"{layer.name}/{name}")
                value = told.histogram_value
                assert told.step == view.step and value.num == distribution.counts.sum()
                assert (value.min, value.max) == (distribution.low, distribution.high)
                assert np.array_equal(
                    [count for count in value.bucket if count], distribution.counts[distribution.counts > 0]
                )
