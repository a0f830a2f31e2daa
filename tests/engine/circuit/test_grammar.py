"""The grammar reads what Python reads, keeps the structure, and refuses the rest in words, at the column, at once."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvlab.engine.circuit.cursor import MAX_DEPTH
from cvlab.engine.circuit.grammar import MAX_GATES
from cvlab.engine.circuit.passes import evaluate
from cvlab.engine.circuit.reader import read
from cvlab.engine.circuit.tokens import MAX_CHARACTERS
from cvlab.engine.errors import ExpressionError

_ATOM = st.sampled_from(["x", "y", "2", "0.5", "3."])


def _grow(inner):
    return (
        st.builds("{}{}{}".format, inner, st.sampled_from(["+", "-", "*", " / ", "**", " - "]), inner)
        | st.builds("{}{}".format, st.sampled_from(["-", "+", "--"]), inner)
        | st.builds("({})".format, inner)
    )


@given(st.recursive(_ATOM, _grow, max_leaves=10), st.floats(0.5, 2), st.floats(0.5, 2))
@settings(max_examples=500, deadline=None)
def test_precedence_and_grouping_are_pythons(text, x, y):
    if text.count("**") > 3:
        return
    if "x" not in text and "y" not in text:
        text += "+x"
    try:
        expected = eval(text, {"x": x, "y": y, "__builtins__": {}})  # our own text
    except (OverflowError, ZeroDivisionError):
        return
    if isinstance(expected, complex) or not math.isfinite(expected):
        return
    circuit = read(text)
    got = evaluate(circuit, {n.name: {"x": x, "y": y}[n.name] for n in circuit.inputs}).output
    assert got == pytest.approx(float(expected), rel=1e-12)


@given(st.text(max_size=60) | st.text("xyz019.+-*/()=,; \n^#e_", max_size=40))
@settings(max_examples=1500, deadline=None)
def test_any_text_is_a_circuit_or_an_error_that_points_into_it(text):
    try:
        circuit = read(text)
    except ExpressionError as error:
        assert error.what.endswith(".") and error.remedy
        assert 0 <= error.offset <= len(text) and error.length >= 1
    else:
        evaluate(circuit)


WRONG = [
    ("2x", 0, "2*x"),
    ("3(x)", 0, "3*"),
    ("x y", 0, "x*y"),
    ("(x)(y)", 2, "(…)*(…)"),
    ("x^2", 1, "**"),
    ("sigmod(x)", 0, "sigmoid"),
    ("ln(x)", 0, "log"),
    ("pow(x, 2)", 0, "**"),
    ("softmax(x)", 0, "x = [1, 2]"),
    ("x(y + 1)", 0, "x*"),
    ("(x + 1", 0, ")"),
    ("x + 1)", 5, "("),
    ("x +", 2, "after it"),
    ("* x", 0, "Begin"),
    ("x = 1; y = sin", 11, "sin(x)"),
    ("sin()", 4, "sin(x)"),
    ("max(x)", 0, "max(x, y)"),
    ("sin(1,5)", 0, "1.5"),
    ("3,14", 1, "1.5"),
    ("x × y", 2, "*"),
    ("x − y", 2, "-"),
    ("x // y", 2, "/"),
    ("x == y", 3, "="),
    ("a = b = c", 6, "each name"),
    ("f = q; q = x", 4, "before this one"),
    ("q = q + 1", 4, "another name"),
    ("x = 1; x = 2", 7, "another name"),
    ("x = 1", 0, "f = x * y"),
    ("x\n+ y", 0, "brackets"),
    ("exp = 3", 0, "exp1"),
    ("1e999", 0, "1.8e308"),
    ("5", 0, "x * 5"),
    ("", 0, "(x + y) * z"),
    (" # only a remark", 0, "(x + y) * z"),
    ("__import__('os').system('true')", 0, "letters"),
    ("lambda x: x", 0, "functions"),
    ("[x for x in y]", 3, "Use numbers"),
    ("x.__class__", 1, "x_i"),
    ("x if y else z", 2, "functions"),
    ("'x' * 10", 0, "numbers"),
    ("q = x + y;\nf = q ^ z", 17, "**"),
]


@pytest.mark.parametrize(("text", "offset", "instead"), WRONG)
def test_errors_point_at_the_column_and_say_what_to_write(text, offset, instead):
    with pytest.raises(ExpressionError) as caught:
        read(text)
    error = caught.value
    assert error.offset == offset and instead in error.remedy
    assert error.column == offset - (text.rfind("\n", 0, offset) + 1) + 1


HUGE = {
    "letters": "x" * 100_000,
    "a sum": "x+" * 50_000 + "x",
    "at the limit": "x+" * (MAX_CHARACTERS // 2 - 1) + "x",
    "brackets": "(" * 9_000 + "x" + ")" * 9_000,
    "open brackets": "(" * 19_999,
    "signs": "-" * 19_999 + "x",
    "powers": "x**" * 6_000 + "x",
    "functions": "sin(" * 4_000 + "x" + ")" * 4_000,
    "statements": "\n".join(f"a{i} = a{i + 1}" for i in range(1_500)),
    "commas": "max(" + "x," * 9_000 + "x)",
    "zeros": "\x00" * 19_999,
    "digits": "9" * 19_999,
    "a name": "x" * 19_999,
    "exponents": "1e" * 9_999,
    "blanks": " " * 19_999,
}


@pytest.mark.parametrize("text", HUGE.values(), ids=HUGE)
def test_huge_input_is_refused_in_words(text):
    # How long it takes is `cvlab bench circuit`'s to say.
    with pytest.raises(ExpressionError) as caught:
        read(text)
    assert caught.value.what and caught.value.remedy


def test_deep_but_allowed_nesting_works_from_a_deep_stack():
    text = "(" * MAX_DEPTH + "x" + ")" * MAX_DEPTH

    def deeper(n):
        return deeper(n - 1) if n else read(text)

    assert deeper(250).gates == ()
    assert len(read("sin(" * MAX_DEPTH + "x" + ")" * MAX_DEPTH).gates) == MAX_DEPTH
    with pytest.raises(ExpressionError, match=f"More than {MAX_DEPTH}"):
        read(f"({text})")


def test_the_largest_circuit_is_read_and_evaluated():
    circuit = read("+".join(["x"] * (MAX_GATES + 1)))
    assert len(circuit.gates) == MAX_GATES
    assert evaluate(circuit, {"x": 2}).by_input == {"x": MAX_GATES + 1}


def test_structure_is_kept():
    assert [n.gate for n in read("x*2*3 + x + x - y/2").gates] == ["mul", "mul", "add", "add", "div", "sub"]
    assert [n.gate for n in read("0*x + 1*x - -x").gates] == ["mul", "mul", "add", "neg", "sub"]
    assert len(read("sin(x)*sin(x)").gates) == 3 and len(read("sin(x)*sin(x)", merge=True).gates) == 2


def test_comments_lines_and_brackets_over_lines():
    circuit = read("# two numbers\nx = 2; y = 3  # start\n\nf = (x +\n     y) * y\n")
    assert evaluate(circuit).output == 15
    [q, f] = circuit.gates
    assert circuit.text[q.offset : q.after] == "x +\n     y" and f.name == "f"
