"""What every verb of the command line promises, for every verb and option that the parser has: none is listed here by hand.

Texts come out in any encoding; what is wrong with the arguments is one sentence and exit status 2; with --json, one document.
"""

import argparse
import codecs
import contextlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cvlab import console
from cvlab.cli import main
from cvlab.cli.main import parser
from cvlab.core import paths
from cvlab.core.storage.run_folder import RunFolder
from cvlab.engine.nets import zoo
from cvlab.engine.training.recipe import Recipe

ENCODINGS = ("cp1252", "cp437", "gbk", "ascii", "utf-8", "utf-8-sig", "koi8-r", "shift_jis")
LIBRARY = ("Input should", "pydantic", "valid integer", "unable to parse", "Field required", "Extra inputs", "validation error",
           "invalid choice", "invalid literal", "Errno")  # fmt: skip


def leaves(of: argparse.ArgumentParser | None = None, words: tuple[str, ...] = ()):
    """(words, parser) of every verb."""
    of = of or parser()
    if of.get_default("verb") is not None:
        yield words, of
    for action in of._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, sub in action.choices.items():
                yield from leaves(sub, (*words, name))


def groups(of: argparse.ArgumentParser | None = None, words: tuple[str, ...] = ()):
    of = of or parser()
    yield words, of
    for action in of._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, sub in action.choices.items():
                yield from groups(sub, (*words, name))


WHOLE = bool(os.environ.get("CVLAB_EXAMPLES"))
"""Whether every wrong value is tried with every option, instead of some with each."""
PARSER = parser()
LEAVES = dict(leaves(PARSER))
GROUPS = dict(groups(PARSER))
EVERY_VERB = pytest.mark.parametrize("words", LEAVES, ids=" ".join)
EVERY_PARSER = pytest.mark.parametrize("words", GROUPS, ids=lambda words: " ".join(words) or "cvlab")


@contextlib.contextmanager
def streams(encoding, monkeypatch):
    """Standard output and standard error in this encoding, as Python makes them where they are redirected."""
    out, err = io.BytesIO(), io.BytesIO()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", io.TextIOWrapper(out, encoding=encoding, errors="strict", newline="\n"))
        patch.setattr(sys, "stderr", io.TextIOWrapper(err, encoding=encoding, errors="strict", newline="\n"))
        yield lambda: tuple(_decoded(stream, raw, encoding) for stream, raw in ((sys.stdout, out), (sys.stderr, err)))
        sys.stdout.flush(), sys.stderr.flush()


def _decoded(stream, raw, encoding):
    stream.flush()
    return raw.getvalue().decode(encoding)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A home with one run that has not trained, and a picture; the working directory is another, empty folder."""
    home = tmp_path_factory.mktemp("verbs")
    before = os.environ.get("CVLAB_HOME")
    os.environ["CVLAB_HOME"] = str(home)
    try:
        folder = RunFolder.create(paths.runs(), zoo.linear_classifier(), Recipe(threads=1, device="cpu"))
    finally:
        os.environ.pop("CVLAB_HOME") if before is None else os.environ.update(CVLAB_HOME=before)
    Image.fromarray(np.zeros((28, 28), np.uint8)).save(home / "digit.png")
    (home / "work").mkdir()
    return home, folder.record.id


@pytest.fixture(autouse=True)
def there(place, monkeypatch):
    monkeypatch.setattr(sys.modules["cvlab.cli.main"], "parser", lambda: PARSER)  # made once: 50 ms otherwise each time
    monkeypatch.setenv("CVLAB_HOME", str(place[0]))
    monkeypatch.chdir(place[0] / "work")


# -- encodings -----------------------------------------------------------------------------------------------------------


@EVERY_PARSER
def test_the_help_is_readable_in_every_encoding(words, monkeypatch):
    texts = {}
    for encoding in (
        ENCODINGS if WHOLE or not words else ("ascii", "utf-8", ENCODINGS[len("".join(words)) % len(ENCODINGS)])
    ):
        with streams(encoding, monkeypatch) as written:
            assert main([*words, "--help"]) == 0
            out, err = written()
        assert err == "" and "usage: cvlab" in out
        texts[encoding] = out
    assert texts["ascii"].isascii() and texts["ascii"].count("?") == texts["utf-8"].count("?")
    assert texts["ascii"].split() == console.plain(texts["utf-8"]).split()


EXAMPLES = {
    ("recipe",): ["lenet"], ("runs", "list"): [], ("runs", "show"): ["RUN"], ("runs", "compare"): ["RUN", "RUN"],
    ("runs", "note"): ["RUN", "--text", "naïve × 漢字 λ"], ("net", "show"): ["resnet20"], ("net", "code"): ["lenet"],
    ("net", "list"): [], ("net", "advise"): ["lenet5"], ("net", "pattern"): ["INPUT -> [CONV -> RELU]*2 -> FC"],
    ("circuit",): ["-sigmoid(w*x)", "w=2", "x=-1"], ("data", "list"): [], ("data", "info"): ["cifar10"],
("predict",): ["lenet-mnist", "PICTURE"], ("doctor",): [],
    ("data", "challenge"): ["mnist-mini", "--kind", "scale", "--count", "2"],
    ("knn",): ["--queries", "3", "--train", "50"],
    ("knn", "tune"): ["--train", "60", "--k", "1,3", "--folds", "2"],
    ("net", "export"): ["lenet", "lenet.json"], ("net", "import"): ["lenet.json"],
}  # fmt: skip
"""Arguments with which a verb works within a second. The others (training, downloads, the window, benches) write through the same
two streams; their help and their failures are written in every encoding."""


SLOW = (("doctor",), ("predict",), ("data", "challenge"), ("knn",), ("knn", "tune"))
"""Load what others of this file do not; they are run where everything is."""


@pytest.mark.parametrize("words", [words for words in EXAMPLES if WHOLE or words not in SLOW], ids=" ".join)
def test_a_verb_says_the_same_in_every_encoding(words, place, monkeypatch):
    home, run = place
    given = [{"RUN": run, "PICTURE": str(home / "digit.png")}.get(each, each) for each in EXAMPLES[words]]
    (home / "work" / "lenet.json").write_text(zoo.lenet().model_dump_json(), encoding="utf-8")
    encodings = (
        ("ascii",)
        if words in (("doctor",), ("knn", "tune"), ("knn",))
        else ("ascii", "cp1252", "cp437", "gbk", "utf-8-sig")
    )
    for encoding in encodings:
        with streams(encoding, monkeypatch) as written:
            assert main([*words, *given]) == 0, written()
            out, err = written()
        assert out.strip() and "Unicode" not in err and "Traceback" not in err
        if words != ("runs", "note"):
            assert "?" not in out.replace("??", ""), "a character without a reading"
        with streams(encoding, monkeypatch) as written:
            assert main([*words, *given, "--json"]) == 0
            raw = written()[0]
        assert raw.lstrip("\ufeff").isascii() and json.loads(raw.lstrip("\ufeff")) and raw.count("\n") == 1


def test_every_character_in_the_texts_has_a_reading_in_ascii():
    """The oracle: the characters that stand in string literals below the window."""
    import ast

    root = Path(console.__file__).parent
    found = set()
    for path in [*root.glob("*.py"), *(p for ring in ("cli", "core", "engine") for p in (root / ring).rglob("*.py"))]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found |= {character for character in node.value if not character.isascii()}
    assert len(found) > 30 and not [character for character in found if "?" in console.plain(character)]
    assert all(console.plain(character).isascii() for character in map(chr, range(0x250)))
    assert console.plain("28×28 – “λ = ½”, x⁻¹² ≤ 10⁶") == '28x28 - "lambda = 1/2", x^-12 <= 10^6'


@pytest.mark.parametrize("encoding", [*ENCODINGS, "utf-16", "latin-1"])
def test_no_text_at_all_ends_in_an_error_of_the_encoding(encoding, monkeypatch):
    text = (
        "".join(map(chr, [*range(0x20, 0x3000, 7), 0x1F600, 0x10FFFF, 0xD800, 0xDC80, 0xDCFF, 0xDFFF])) + "\udc80 end"
    )
    with streams(encoding, monkeypatch) as _:
        console.prepare()
        print(text)  # noqa: T201
        console.say(text)
        sys.stdout.flush()
        raw = sys.stdout.buffer.getvalue()
    assert raw.decode(encoding, "replace").rstrip().endswith(" end")
    codecs.lookup_error(console.ERRORS)


# -- wrong arguments -----------------------------------------------------------------------------------------------------

FREE = {
    "--title", "--text", "--tag", "--filter", "--out", "--runs", "folder", "--fold", "--search", "--data", "--photos",
}  # fmt: skip
"""Free text, and where something is written: any value will do. Those of these that name something are tried below."""


def wrong_values(action: argparse.Action) -> list[str]:
    if action.dest == "expression":
        return ["2x", ")", "x +"]
    if action.choices is not None:
        return ["nosuch"]
    try:
        taken = action.type is None or action.type is Path or action.type("nosuch") == "nosuch"
    except argparse.ArgumentTypeError:
        taken = False
    numbers = ["nosuch", "", "1e999", "nan", "-999999999999", "9" * 30, "½"]
    return (
        ["nosuch-name"]
        if taken
        else numbers
        if WHOLE
        else [numbers[len(action.dest) % 2], numbers[2 + len(action.dest) % 5]]
    )


def good(action: argparse.Action, run: str) -> list[str]:
    name = action.option_strings[0] if action.option_strings else action.dest
    known = {"net": "lenet", "run": run, "runs": run, "data": "mnist-mini", "model": "lenet-mnist", "step": "0",
             "expression": "x",
             "values": "x=1", "pattern": "lenet", "image": "digit.png", "--kind": "scale", "source": ".", "file": "x.json",
             "folder": "out"}  # fmt: skip
    return [known[name]]


def cases():
    for words, leaf in LEAVES.items():
        for action in leaf._actions:
            if isinstance(action, argparse._HelpAction | argparse._SubParsersAction) or action.nargs == 0:
                continue
            yield pytest.param(words, action, id=f"{' '.join(words)} {action.option_strings[:1] or action.dest}")


@pytest.mark.parametrize(("words", "action"), list(cases()))
def test_a_wrong_value_is_one_sentence_and_status_2(words, action, place, capsys, monkeypatch):
    leaf = LEAVES[words]
    monkeypatch.setattr("cvlab.cli.bench.train.child", pytest.fail, raising=False)
    name = action.option_strings[-1] if action.option_strings else action.dest
    if name in FREE or (isinstance(action, argparse.BooleanOptionalAction)):
        return
    given: list[str] = [*words]
    for other in leaf._actions:
        needed = (not other.option_strings and other.nargs not in ("?", "*")) or (
            other.option_strings and other.required
        )
        if other is not action and needed and not isinstance(other, argparse._SubParsersAction):
            given += ([other.option_strings[0]] if other.option_strings else []) + good(other, place[1])
    for value in wrong_values(action):
        arguments = (
            [*given, f"{name}={value}"] if action.option_strings else _placed(leaf, words, action, value, place[1])
        )
        status = main([*arguments, "--json"])
        out, err = capsys.readouterr()
        shown = f"cvlab {' '.join(arguments)}: {err}"
        assert status == 2, shown
        told = json.loads(out)
        assert told["error"]["what"].endswith((".", "?")), shown
        assert err.count("\n") == 1 and "Traceback" not in err and "fault of cvlab" not in err, shown
        assert not [words for words in LIBRARY if words in err], shown


def _placed(leaf, words, action, value, run):
    """The positional arguments in their order, this one with the wrong value."""
    given = [*words]
    for other in leaf._actions:
        if other.option_strings and other.required:
            given += [other.option_strings[0], *good(other, run)]
    for other in leaf._actions:
        if other.option_strings or isinstance(other, argparse._SubParsersAction):
            continue
        if other is action:
            given += ["--", value] if value.startswith("-") else [value]
        elif other.nargs not in ("?", "*"):
            given += good(other, run)
    return given


@EVERY_PARSER
def test_an_unknown_option_is_told_with_the_one_that_was_meant(words, capsys):
    options = [name for name in GROUPS[words]._option_string_actions if len(name) > 5]
    for name in options[:: 1 if WHOLE else 9]:
        assert main([*words, f"{name[:-2]}{name[-1]}{name[-2]}q"]) == 2
        err = capsys.readouterr().err
        assert f"Did you mean “{name}”" in err or "Did you mean" in err, err
        assert err.count("\n") == 1


@EVERY_PARSER
def test_a_verb_written_wrongly_suggests_the_one_that_was_meant(words, capsys):
    for action in GROUPS[words]._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name in list(action.choices)[:: 1 if WHOLE else 4]:
                if len(name) > 3:
                    assert main([*words, name[:-2] + name[-1] + name[-2]]) == 2
                    assert "Did you mean" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["trian", "lenet"], "train"), (["train", "lnet"], "lenet"), (["train", "lenet", "--epohcs", "1"], "--epochs"),
        (["train", "lenet", "--set", "optimizer.lrr=1"], "optimizer.lr"), (["train", "lenet", "--optimizer", "adma"], "adam"),
        (["train", "lenet", "--recipe", "lenet-bst"], "lenet-best"), (["data", "info", "minst"], "mnist"),
        (["tour", "x", "--panel", "trainnig"], "training"), (["predict", "lenet-mnits", "x.png"], "lenet-mnist"),
        (["runs", "shwo", "x"], "show"), (["train", "lenet", "--data", "cifr10"], "cifar10"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)  # fmt: skip
def test_what_was_meant_is_suggested(arguments, meant, capsys):
    assert main(arguments) == 2
    err = capsys.readouterr().err
    assert f"id you mean “{meant}”" in err or f"id you mean {meant}?" in err, err


def test_a_run_is_suggested_by_its_id(place, capsys):
    assert main(["runs", "show", f"{place[1][:-1]}"]) == 2
    assert f"Did you mean “{place[1]}”?" in capsys.readouterr().err


# -- expressions, pipes, closed streams ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "x", "value"),
    [("-x**2", 3, -9), ("-x", 2, -2), ("-(x+1)*2", 1, -4), ("--x", 5, 5), ("-2.5*x", 2, -5), ("- x", 1, -1),
     ("-1e-3*x", 1, -1e-3),
     ("-sin(x)", 0, 0), ("-h*x", 2, None)],
)  # fmt: skip
def test_an_expression_may_begin_with_a_dash(expression, x, value, capsys):
    more = ["h=3"] if "h*" in expression else []
    for arguments in (
        ["circuit", expression, f"x={x}", *more, "--json"],
        ["circuit", "--merge", "--json", expression, f"x={x}", *more],
    ):
        assert main(arguments) == 0
        assert json.loads(capsys.readouterr().out)["value"] == pytest.approx(-6 if value is None else value)


@pytest.mark.parametrize(
    ("expression", "status"),
    [("1/0", 1), ("x/x", 1), ("log(x)", 1), ("sqrt(x)", 1), ("exp(1000)", 1), ("1/2", 0), ("x+1", 0)],
)
def test_a_circuit_without_finite_numbers_has_failed(expression, status, capsys):
    given = ["x=0"] if "x" in expression.replace("exp", "") else []
    assert main(["circuit", expression, *given, "--json"]) == status
    found = json.loads(capsys.readouterr().out)
    assert ("error" in found) == bool(status) and (not status or found["error"]["what"].endswith("."))


def run(command, **variables):
    environment = {**os.environ, "PYTHONPATH": str(Path(console.__file__).parents[1]), **variables}
    return subprocess.run(
        ["sh", "-c", command.replace("cvlab", f"'{sys.executable}' -m cvlab")],
        capture_output=True,
        check=False,
        env=environment,
    )


@pytest.mark.skipif(os.name != "posix", reason="needs a shell")
def test_a_closed_or_broken_stream_is_no_traceback():
    done = run(
        "cvlab net show resnet20 --json | head -c 1; cvlab net list >&-; cvlab runs show nosuch >&- 2>&-; echo status $?"
    )
    assert done.stderr == b"" and done.stdout == b"{status 2\n", done


@pytest.mark.skipif(os.name != "posix", reason="needs a shell")
def test_the_process_writes_the_encoding_that_it_is_told():
    done = run("cvlab net show lenet", PYTHONIOENCODING="cp1252")
    assert done.returncode == 0 and done.stderr == b"" and "28×28×6" in done.stdout.decode("cp1252")


@pytest.mark.parametrize(
    "arguments", [["nosuch.cvlab"], ["--panel", "nosuch"], ["--size", "1x1"], ["--theme", "blue"], ["--pnael", "x"]]
)
def test_the_window_is_not_opened_for_wrong_arguments(arguments, capsys, monkeypatch):
    from cvlab import __main__ as entry

    monkeypatch.setattr(entry, "_open_window", pytest.fail)
    assert entry.main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and arguments[-1].rstrip("x") in err
