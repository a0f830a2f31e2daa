"""Observable state, and seeds that are the same in every process."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import cvlab

SCRIPT = """
from cvlab.core.panels.convolution_documents import PoolDocument, SlideDocument
from cvlab.core.panels.linear import LabDocument
from cvlab.core.state import seed_from
documents = (SlideDocument.course(), SlideDocument.stamps(), PoolDocument(), LabDocument.first(3))
print([seed_from(document) for document in documents])
"""


def test_a_seed_does_not_depend_on_the_process():
    seeds = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(seeds) == 1 and len(set(ast.literal_eval(seeds.pop()))) == 4


def test_nothing_is_seeded_by_pythons_hash():
    """The built-in hash is for `__hash__` alone: of text it differs from process to process."""
    found = []
    for path in sorted(Path(cvlab.__file__).parent.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        own = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == "__hash__"]
        allowed = {inner for function in own for inner in ast.walk(function)}
        for node in ast.walk(tree):
            if (
                node not in allowed
                and isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == "hash"
            ):
                found.append(f"{path.name}:{node.lineno}")
    assert not found
