"""`cvlab circuit`: the value, every node's value and gradient, and the order; words and a status for what cannot be read."""

import json

import pytest

from cvlab.cli import main


def call(capsys, *arguments):
    status = main(["circuit", *arguments])
    out, err = capsys.readouterr()
    return status, out, err


def test_the_course_example_as_json(capsys):
    status, out, err = call(capsys, "(x+y)*z", "x=-2", "y=5", "z=-4", "--json")
    found = json.loads(out)
    assert status == 0 and err == ""
    assert found["value"] == -12 and found["output"] == "f"
    assert found["gradients"] == {"x": -4, "y": -4, "z": 3}
    nodes = {node["name"]: node for node in found["nodes"]}
    assert nodes["q"]["value"] == 3 and nodes["q"]["gradient"] == -4 and nodes["q"]["operands"] == ["x", "y"]
    assert found["order"] == ["q", "f"] and found["backward_order"] == ["f", "q"]
    assert [each["verdict"] for each in found["checks"]] == ["agrees"] * 3


def test_presets_collapse_and_code(capsys):
    status, out, _ = call(capsys, "neuron", "w2=-3", "--collapse")
    assert status == 0 and "sigmoid(q4)" in out and "0.7311" in out
    status, out, _ = call(capsys, "neuron", "--code")
    space = {}
    exec(compile(out, "circuit.py", "exec"), space)  # our own text
    assert status == 0 and space["dw0"] == pytest.approx(-0.19661193)


def test_a_value_as_one_gate(capsys):
    status, out, _ = call(capsys, "a = x*y + 1; f = a * a", "x=2", "y=3", "--fold", "a", "--json")
    found = json.loads(out)
    node = next(each for each in found["nodes"] if each["name"] == "a")
    assert status == 0 and node["gate"] == "composite" and node["local"] == [3, 2] and node["formula"] == "x * y + 1"
    assert found["order"] == ["a", "f"] and found["gradients"] == {"x": 42, "y": 28}
    status, out, _ = call(capsys, "a = x*y + 1; f = a * a", "--fold", "a", "--fold", "f", "--json")
    assert json.loads(out)["order"] == ["f"]
    status, _, err = call(capsys, "a = x*y", "--fold", "b")
    assert status == 2 and "no value b" in err and "a" in err
    status, _, err = call(capsys, "f = x * y + z", "--fold", "x")
    assert "no gate" in err


def test_vectors_and_matrices(capsys):
    text = "W = [[1, 2], [3, 4]]; x = [1, -1]; s = W @ x; L = sum(s ** 2)"
    status, out, err = call(capsys, text, "x=[2, -1]", "W[0,1]=1", "--json")
    found = json.loads(out)
    assert status == 0 and err == "" and found["value"] == 5
    assert found["shapes"]["W"] == [2, 2] and found["inputs"]["x[0]"] == 2 and found["gradients"]["W[0,0]"] == 4
    nodes = {node["name"]: node for node in found["nodes"]}
    assert nodes["W"]["value"] == [[1, 1], [3, 4]] and nodes["s"]["gradient"] == [2, 4] and nodes["s"]["shape"] == [2]
    assert all(c["verdict"] == "agrees" and c["shapes_agree"] for c in found["checks"])
    status, out, _ = call(capsys, "net-2-3-2")
    assert status == 0 and "W1 @ x" in out and "3 × 2" in out
    status, _, err = call(capsys, text, "x=[1, 2, 3]")
    assert status == 2 and "x cannot be a vector of 3" in err and "x is a vector of 2" in err
    status, _, err = call(capsys, text, "x=W")
    assert status == 2 and "NAME=VALUE" in err


def test_what_has_no_value_is_null_with_a_sentence(capsys):
    status, out, _ = call(capsys, "1/x + log(y)", "x=0", "y=-1", "--json")
    found = json.loads(out)
    assert status == 1 and found["value"] is None and len(found["notes"]) == 2
    assert found["error"]["what"] == " ".join(found["notes"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["2x"], "2*x"),
        (["x + y", "z=1"], "no input z"),
        (["x + y", "x"], "NAME=VALUE"),
        (["x + y", "x=one"], "NAME=VALUE"),
        (["x + y", "x=inf"], "finite"),
        (["__import__('os')"], "underscores"),
    ],
)
def test_wrong_arguments_are_status_2_in_words(capsys, arguments, words):
    status, out, err = call(capsys, *arguments)
    assert status == 2 and out == "" and words in err
    assert json.loads(call(capsys, *arguments, "--json")[1])["error"]["kind"] == "ExpressionError"
