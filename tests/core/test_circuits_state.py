"""The circuits document: what typing keeps, what folding does, and that a project file brings it all back."""

import json
import math
import zipfile

import pytest

from cvlab.core.panels.circuits import FAR, CircuitDocument
from cvlab.core.project import Project
from cvlab.core.storage.project_file import load_project, save_project
from cvlab.engine.circuit.composite import own_gates, span
from cvlab.engine.circuit.presets import BY_ID
from cvlab.engine.errors import ExpressionError, NotOurFile


def test_typing_keeps_what_still_fits():
    document = CircuitDocument("f = x * y").turned({"x": 4, "y": 7})
    more = document.typed("f = x * y + z")
    assert more.evaluation.inputs == {"x": 4, "y": 7, "z": -1}
    fewer = more.typed("f = x")
    assert fewer.values == {"x": 4}
    assert more.typed("x = 9; f = x * y").evaluation.inputs == {"x": 9, "y": 7}, "a new starting value wins"
    with pytest.raises(ExpressionError):
        document.typed("f = x *")


def test_typing_keeps_the_numbers_of_a_matrix_that_were_turned():
    document = CircuitDocument("W = [[1, 2], [3, 4]]; x = [1, 1]; f = sum(W @ x)").turned({"W[0,1]": 9, "x[1]": 5})
    more = document.typed("W = [[1, 2], [3, 4]]; x = [1, 1]; f = mean(W @ x)")
    assert more.values == {"W[0,1]": 9, "x[1]": 5}
    smaller = more.typed("W = [[1, 2]]; x = [1, 7]; f = mean(W @ x)")
    assert smaller.evaluation.inputs == {"W[0,0]": 1, "W[0,1]": 9, "x[0]": 1, "x[1]": 7}


def test_turning_does_not_read_the_text_again():
    document = CircuitDocument("f = x * y")
    assert document.turned({"x": 3}).circuit is document.circuit


def test_folding_goes_both_ways_for_both_kinds():
    written = CircuitDocument(BY_ID["neuron"].text)
    root = written.circuit.nodes[written.circuit.output]
    folded = written.folded(span(root))
    assert len(folded.circuit.gates) == len(written.circuit.gates) - 3
    assert folded.folded(span(root)) == written
    called = CircuitDocument("f = sigmoid(x)")
    root = called.circuit.gates[0]
    assert len(called.folded(span(root)).circuit.gates) == 4
    assert called.folded(span(root)).folded(span(root)) == called
    assert folded.evaluation.output == pytest.approx(written.evaluation.output, rel=1e-14)


def own(document, name):
    return own_gates(document.circuit, document.circuit.by_name[name].id)


def test_gates_become_one_and_open_again_innermost_last():
    plain = CircuitDocument("a = x * y + 1; b = a * z + x; f = b * b")
    one = plain.grouped(own(plain, "a"))
    assert [n.gate for n in one.circuit.gates] == ["composite", "mul", "add", "mul"]
    two = one.grouped([node.id for node in one.circuit.gates])
    assert [n.name for n in two.circuit.gates] == ["f"] and two.evaluation.output == plain.evaluation.output
    assert two.opened(two.circuit.output) == one
    assert one.opened(one.circuit.by_name["a"].id) == plain
    assert plain.opened(plain.circuit.output) is plain
    with pytest.raises(ExpressionError, match="both leave"):
        forked = CircuitDocument("a = x * y; b = x + y; f = a * b")
        forked.grouped([forked.circuit.by_name["a"].id, forked.circuit.by_name["b"].id])


def test_typing_keeps_the_gates_that_it_does_not_touch():
    document = CircuitDocument("a = x * y + 1; b = exp(-x) + 2; f = 1 / (1 + exp(-a)) + b")
    document = document.grouped(own(document, "a"))
    document = document.grouped(own(document, "b"))
    names = [n.name for n in document.circuit.gates if n.inside]
    longer = document.typed("a = x * y + 1; b = exp(-x) + 2; f = 1 / (1 + exp(-a)) + 3 * b")
    assert names == ["a", "b"] == [n.name for n in longer.circuit.gates if n.inside]
    before = longer.typed("c = 3; a = x * y + 1; b = exp(-x) + 2; f = 1 / (1 + exp(-a)) + 3 * b")
    assert [n.name for n in before.circuit.gates if n.inside] == ["a", "b"]
    inside = longer.typed("a = x * y + 1; b = exp(-x) + 7; f = 1 / (1 + exp(-a)) + 3 * b")
    assert [n.name for n in inside.circuit.gates if n.inside] == ["a"]
    assert longer.typed("f = x").groups == ()


def test_a_project_file_brings_the_circuit_back(tmp_path):
    project = Project()
    document = CircuitDocument(BY_ID["neuron"].text).turned({"w0": 0.25})
    document = document.folded(span(document.circuit.nodes[document.circuit.output]))
    root = document.circuit.nodes[document.circuit.output]
    project.circuits.document = CircuitDocument(
        document.text, document.values, document.merge, document.collapsed,
        groups=(tuple(span(document.circuit.nodes[i]) for i in document.circuit.nodes[root.id].operands[:1]),),
        moved={"f": (1.5, -2.0)},
    )  # fmt: skip
    assert any(node.inside for node in project.circuits.document.circuit.gates)
    project.circuits.position, project.circuits.along, project.circuits.step = 3, "x1", 0.5
    save_project(project, tmp_path / "p.cvlab")
    again = load_project(tmp_path / "p.cvlab").circuits
    assert again.document == project.circuits.document
    assert (again.position, again.along, again.step) == (3, "x1", 0.5)
    other = Project()
    other.adopt(load_project(tmp_path / "p.cvlab"))
    assert other.circuits.document == project.circuits.document


def _edited(tmp_path, **changes):
    save_project(Project(), tmp_path / "p.cvlab")
    with zipfile.ZipFile(tmp_path / "p.cvlab") as archive:
        data = json.loads(archive.read("project.json"))
    data.setdefault("circuits", {}).update(changes)
    with zipfile.ZipFile(tmp_path / "p.cvlab", "w") as archive:
        archive.writestr("project.json", json.dumps(data))
    return tmp_path / "p.cvlab"


@pytest.mark.parametrize(
    "changes",
    [
        {"text": "2x"},
        {"text": "x" * 30_000},
        {"values": {"x": math.inf}},
        {"position": -1},
        {"step": 0},
        {"moved": {"q": [1]}},
        {"groups": [[[0, 1, 2]]]},
    ],
)
def test_a_file_with_a_circuit_that_cannot_be_read_is_refused(tmp_path, changes):
    with pytest.raises(NotOurFile):
        load_project(_edited(tmp_path, **changes))


def test_values_of_inputs_that_are_gone_are_ignored(tmp_path):
    again = load_project(_edited(tmp_path, values={"x": 2.0, "gone": 1.0})).circuits
    assert again.document.evaluation.inputs["x"] == 2.0 and again.position == FAR


def test_groups_of_gates_that_are_not_there_are_ignored(tmp_path):
    again = load_project(_edited(tmp_path, groups=[[[0, 1]], [], [[900, 1000], [-4, 7]]])).circuits
    assert again.document.circuit.unfolded is None and again.document.evaluation.output == -12


def test_a_file_from_before_the_circuits_has_the_default(tmp_path):
    save_project(Project(), tmp_path / "p.cvlab")
    with zipfile.ZipFile(tmp_path / "p.cvlab") as archive:
        data = json.loads(archive.read("project.json"))
    data.pop("circuits", None)
    with zipfile.ZipFile(tmp_path / "p.cvlab", "w") as archive:
        archive.writestr("project.json", json.dumps(data))
    assert load_project(tmp_path / "p.cvlab").circuits.document == CircuitDocument()
