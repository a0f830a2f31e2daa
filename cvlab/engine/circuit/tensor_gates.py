"""The registry of the gates on vectors and matrices."""

from __future__ import annotations

from cvlab.engine.circuit.elementwise import ELEMENTWISE
from cvlab.engine.circuit.products import PRODUCTS
from cvlab.engine.circuit.scores import SCORES
from cvlab.engine.circuit.tensor_gate import TensorGate

TENSOR_GATES: dict[str, TensorGate] = {gate.id: gate for gate in (*ELEMENTWISE, *PRODUCTS, *SCORES)}
"""By id. Those of `GATES` have the same id here."""

TENSOR_FUNCTIONS = ("sum", "mean", "softmax", "logsumexp", "cross_entropy", "hinge", "transpose")
"""Names that a person may call beside those of the scalar gates."""
