"""Which way the gates with corners go, in each place, and whether they stand on one: there the function has a kink."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cvlab.engine.circuit.scores import margins, rows_and_classes
from cvlab.engine.circuit.tensor_gate import TensorGate
from cvlab.engine.circuit.tensors import Value, cell


def branches(gate: TensorGate, xs: Sequence[Value], out: Value) -> bytes | None:
    """Which way a gate with corners goes in each place; None for a smooth gate."""
    if gate.id in ("relu", "abs"):
        return np.sign(xs[0]).tobytes()
    if gate.id in ("max", "min"):
        return b"".join(np.equal(x, out).tobytes() for x in xs)
    if gate.id == "hinge":
        return np.sign(margins(xs[0], xs[1], xs[2] if len(xs) > 2 else 1.0)).tobytes()
    return None


def on_corner(gate: TensorGate, names: Sequence[str], xs: Sequence[Value], out: Value) -> str:
    """The place at which a gate stands on a corner, "s[1]"; "" if at none."""
    if gate.id in ("relu", "abs"):
        found = np.argwhere(np.equal(xs[0], 0))
        return cell(names[0], tuple(map(int, found[0]))) if len(found) else ""
    if gate.id in ("max", "min"):
        if len(xs) == 1:
            found = np.argwhere(np.equal(xs[0], out))
            return " and ".join(cell(names[0], tuple(map(int, at))) for at in found[:2]) if len(found) > 1 else ""
        ties = sum(np.equal(x, out).astype(int) for x in np.broadcast_arrays(*xs))
        found = np.argwhere(ties > 1)
        return f"place {list(map(int, found[0]))}" if len(found) else ""
    if gate.id == "hinge":
        by = margins(xs[0], xs[1], xs[2] if len(xs) > 2 else 1.0)
        rows, right = rows_and_classes(*xs[:2])
        by[np.arange(len(rows)), right] = 1.0
        found = np.argwhere(by == 0)
        return cell(names[0], tuple(map(int, found[0][-xs[0].ndim :]))) if len(found) else ""
    return ""
