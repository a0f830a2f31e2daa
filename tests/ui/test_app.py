"""The entry point and the application around the window."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

import cvlab.__main__ as entry
from cvlab.ui.app import Collector
from cvlab.ui.pump import Histogram
from cvlab.ui.warm_up import WarmUp


@pytest.mark.parametrize(
    ("arguments", "is_window"),
    [
        ([], True),
        (["--panel", "builder"], True),
        (["mine.cvlab"], True),
        (["--theme", "dark"], True),
        (["train", "lenet"], False),
        (["--help"], False),
        (["tour", "out"], False),
    ],
)
def test_what_opens_the_window(arguments, is_window):
    assert entry._asks_for_window(arguments) == is_window


def test_without_a_display_it_says_so_and_names_the_tour(monkeypatch, capsys):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(entry.sys, "platform", "linux")
    assert entry.main([]) == 1
    assert "cvlab tour" in capsys.readouterr().err


def test_without_qt_it_names_the_command_that_installs_it(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "PySide6", None)
    assert entry.main([]) == 1
    assert "PySide6-Essentials pyqtgraph" in capsys.readouterr().err


@pytest.mark.parametrize("size", ["wide", "12", "1x2x3"])
def test_a_size_that_is_none_is_an_error_of_the_arguments(size, capsys):
    assert entry.main(["--size", size]) == 2
    assert size in capsys.readouterr().err


def test_the_window_paints_and_ends_in_a_process_of_its_own(home):
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "ignore", "-m", "cvlab", "--probe-first-paint"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("held", "collects"), [(Qt.MouseButton.NoButton, True), (Qt.MouseButton.LeftButton, False)])
def test_garbage_is_collected_on_the_gui_thread_only_and_not_in_a_gesture(small_window, monkeypatch, held, collects):
    monkeypatch.setattr(QGuiApplication, "mouseButtons", lambda: held)
    collector = Collector(small_window)
    try:
        collector.start()
        assert not gc.isenabled()
        ring: list = []
        ring.append(ring)
        del ring
        before = sum(generation["collected"] for generation in gc.get_stats())
        collector._collect()
        after = sum(generation["collected"] for generation in gc.get_stats())
        assert (after > before) == collects
    finally:
        collector._timer.stop()
        gc.unfreeze()


def test_the_device_is_told_when_torch_is_loaded(small_window, qtbot):
    warm_up = WarmUp(small_window)
    warm_up.finished.connect(small_window.status.show_device)
    small_window.pump.ticked.connect(warm_up.look)
    with qtbot.waitSignal(warm_up.finished, timeout=60_000):
        warm_up.start()
    warm_up.join()
    assert small_window.status.device.text()
    assert "PyTorch" in small_window.status.device.parentWidget().toolTip()


def test_histogram_percentiles_are_exact_to_a_bin():
    histogram = Histogram()
    for milliseconds in range(100):
        histogram.add(milliseconds + 0.1)
    assert histogram.percentile(0.5) == pytest.approx(49.1, abs=0.3)
    assert histogram.percentile(0.99) == pytest.approx(98.1, abs=0.3)
    assert histogram.max == 99.1
    histogram.add(5000)
    assert histogram.percentile(1) == 5000
    assert Histogram().percentile(0.99) == 0
