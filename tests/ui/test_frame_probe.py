"""The circuit that `cvlab bench circuit` measures is one of the size that it says."""

import math

from cvlab.engine.circuit.passes import evaluate
from cvlab.engine.circuit.reader import read
from cvlab.ui.frame_probe import GATES, tangle


def test_the_tangle_has_its_gates_and_stays_small():
    circuit = read(tangle(GATES))
    assert len(circuit.gates) == GATES == 200 and len(circuit.inputs) == 8
    assert all(math.isfinite(value) and abs(value) < 1e3 for value in evaluate(circuit).values)
