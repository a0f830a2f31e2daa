"""The circuit's picture while the eye moves: what is shifted is what would be painted, and it is sharp again at rest."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt

from cvlab.ui.panels.circuits.circuits import CircuitsPanel

TANGLE = "x = 0.5; y = -1.5; " + "; ".join(
    ["a0 = x*y", "a1 = x+y", *(f"a{i} = {'tanh' if i % 3 else 'sin'}(a{i * 7 // 11} + a{i - 2})" for i in range(2, 70))]
)


@pytest.fixture
def panel(host):
    shown = host(CircuitsPanel, 1100, 800)
    shown.edits.open_text(TANGLE)
    shown.view.fit()
    shown.view._sharpen()
    return shown


def pixels(panel):
    image = panel.view.viewport().grab().toImage()
    return np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine()).astype(int)


def rest(panel):
    panel.view._sharpen()
    return pixels(panel)


@pytest.mark.parametrize("scale", [0.35, 0.7, 1.3])
def test_what_is_shifted_is_what_would_be_painted(panel, scale, qtbot):
    panel.view.zoom(scale / panel.view.scale_now)
    still = rest(panel)
    panel.view._scroll(QPointF(0, 0))
    for across, down in ((40, 0), (-13, 25), (7, -60), (150, 90)):
        panel.view._scroll(QPointF(across, down))
        panel.view._begin_motion()
        moving = pixels(panel)
        assert panel.scene.picture._shot is not None
        after = rest(panel)
        # Text is laid out anew where a strip begins; all else is the same to the last shade.
        assert np.mean(np.abs(moving - after) > 8) < 2e-3
    assert np.abs(still - after).max() > 100, "it moved"


def test_zooming_is_sharp_again_at_rest(panel, qtbot):
    for factor in (1.15, 1.15, 0.8, 1.6, 3.0, 0.4):
        panel.view.zoom(factor)
        assert panel.scene.picture.is_moving
        pixels(panel)
    sharp = rest(panel)
    assert not panel.scene.picture.is_moving
    panel.scene.picture.moved()
    assert np.abs(sharp - rest(panel)).max() == 0
    panel.view.zoom(1.1)
    qtbot.waitUntil(lambda: not_moving(panel))


def not_moving(panel):
    assert not panel.scene.picture.is_moving


def test_new_numbers_are_shown_while_it_moves(panel):
    panel.view.zoom(1.0 / panel.view.scale_now)
    panel.view._begin_motion()
    before = pixels(panel)
    panel.inputs.rows["x"].box.setValue(2.25)
    assert np.abs(pixels(panel) - before).max() > 100
    moving = pixels(panel)
    assert np.mean(np.abs(rest(panel) - moving) > 8) < 2e-3


def test_a_click_finds_its_gate_after_a_pan(panel, qtbot):
    panel.view.zoom(1.0 / panel.view.scale_now)
    view, item = panel.view, panel.scene.nodes[panel.walk.circuit.by_name["a3"].id]
    panel.view.look_at(item.pos())
    at = view.mapFromScene(item.pos()) + QPoint(1, 1)
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert panel.walk.circuit.nodes[panel.walk.current().node].name == "a3"
