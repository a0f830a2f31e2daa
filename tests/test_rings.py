"""The house stands as it was drawn: rings point down, Qt stays above, and no connection keeps a widget alive."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
UI = sorted((ROOT / "cvlab" / "ui").rglob("*.py"))
NAMES = [str(path.relative_to(ROOT)) for path in UI]
EVERY_UI_FILE = pytest.mark.parametrize("path", UI, ids=NAMES)

QT = ("PySide6", "shiboken6", "pyqtgraph", "superqt", "qtawesome", "qtpy")
HEAVY = (*QT, "torch", "torchvision", "matplotlib", "numpy", "pydantic")

LOADED = """
import importlib, pkgutil, sys
for name in {packages!r}:
    package = importlib.import_module(name)
    for found in pkgutil.walk_packages(package.__path__, name + ".") if {deep!r} else ():
        importlib.import_module(found.name)
print(*[name for name in {banned!r} if name in sys.modules])
"""


def loaded(packages: tuple[str, ...], banned: tuple[str, ...], *, deep: bool) -> str:
    code = LOADED.format(packages=packages, banned=banned, deep=deep)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=110)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_engine_and_core_load_no_qt():
    assert loaded(("cvlab.engine", "cvlab.core"), QT, deep=True) == ""


def test_importing_cvlab_loads_nothing_heavy():
    assert loaded(("cvlab", "cvlab.__main__"), HEAVY, deep=False) == ""


def test_the_window_is_there_before_torch():
    pytest.importorskip("PySide6", reason="there is no window without Qt")
    assert loaded(("cvlab.ui.app",), ("torch", "torchvision", "matplotlib", "qtawesome"), deep=False) == ""


def test_the_contracts_of_the_import_linter_hold():
    done = subprocess.run(
        [sys.executable, "-c", "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=110,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@EVERY_UI_FILE
def test_no_torch_at_the_top_of_a_ui_module(path):
    for node in at_the_top(ast.parse(path.read_text("utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
        for name in names:
            assert name.split(".")[0] not in ("torch", "torchvision", "matplotlib"), f"{path}:{node.lineno}"


def at_the_top(tree: ast.Module):
    """Imports that run when the module is imported: outside functions and outside `if TYPE_CHECKING`."""
    waiting: list[ast.stmt] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif isinstance(node, ast.If) and "TYPE_CHECKING" not in ast.unparse(node.test):
            waiting += node.body + node.orelse
        elif isinstance(node, ast.Try | ast.With):
            waiting += node.body


def leaks(source: str) -> list[int]:
    """Lines that connect a signal to a lambda, a partial, or a function made inside a function: each keeps `self` alive."""
    found = []
    for outer in ast.walk(ast.parse(source)):
        if not isinstance(outer, ast.Module | ast.FunctionDef):
            continue
        local = {
            node.name
            for node in ast.walk(outer)
            if isinstance(node, ast.FunctionDef) and isinstance(outer, ast.FunctionDef) and node is not outer
        }
        for node in ast.walk(outer):
            is_connect = (
                isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "connect"
            )
            for slot in node.args if is_connect else ():
                made_here = isinstance(slot, ast.Name) and slot.id in local
                called = slot.func if isinstance(slot, ast.Call) else None
                is_partial = called is not None and ast.unparse(called).split(".")[-1] in ("partial", "partialmethod")
                if isinstance(slot, ast.Lambda) or made_here or is_partial:
                    found.append(node.lineno)
    return sorted(set(found))


@EVERY_UI_FILE
def test_only_bound_methods_are_connected(path):
    assert leaks(path.read_text("utf-8")) == [], "connect a bound method: the others keep the widget alive for ever"


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("button.clicked.connect(lambda: 1)", [1]),
        ("button.clicked.connect(functools.partial(f, 1))", [1]),
        ("def make(self):\n    def go(): pass\n    self.b.clicked.connect(go)", [3]),
        ("def make(self):\n    self.b.clicked.connect(self.go)", []),
    ],
)
def test_the_check_itself_finds_what_it_is_for(source, lines):
    assert leaks(source) == lines


@EVERY_UI_FILE
def test_colours_and_style_sheets_live_in_the_theme(path):
    if "theme" in path.relative_to(ROOT).parts:
        return
    source = path.read_text("utf-8")
    assert not re.search(r"""["']#[0-9a-fA-F]{3,8}["']""", source), "ask theme().colour(role)"
    assert "setStyleSheet" not in source, "give the widget a role"


def test_no_view_is_longer_than_it_should_be():
    lines = {name: len(path.read_text("utf-8").splitlines()) for name, path in zip(NAMES, UI, strict=True)}
    limits = {name: 350 if "panels" in Path(name).parts else 400 for name in lines}
    assert {name: count for name, count in lines.items() if count > limits[name]} == {}, "split by noun"
