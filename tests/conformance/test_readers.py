"""Every kind of file that is read, damaged or hostile: each ends in a sentence or in a valid object, in bounded memory.

A long run: CVLAB_EXAMPLES=300 pytest tests/conformance/test_readers.py tries 300 changes at random of each kind, and all that is
hostile on purpose.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conformance.file_kinds import KINDS

EXAMPLES = int(os.environ.get("CVLAB_EXAMPLES", "20"))
EVERY = 1 if EXAMPLES > 100 else 25
"""Of what is hostile on purpose, every so-manieth is tried."""
MEGABYTES = 1300
"""That reading one file may take at most: a picture of 40 million pixels, four bytes each, in several steps."""

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="memory is bounded and measured as Linux does it"
)


@pytest.fixture(scope="module")
def worker():
    with subprocess.Popen(
        [sys.executable, "-m", "tests.conformance.reader_worker"],
        cwd=Path(__file__).parents[2], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        assert process.stdout.readline() == "{}\n", "the worker does not start"
        yield process
        process.stdin.close()


@pytest.mark.timeout(3600 if EXAMPLES > 100 else 120)
@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_file_ends_in_a_sentence_or_an_object(worker, kind):
    worker.stdin.write(json.dumps({"kind": kind, "hostile": EVERY, "random": EXAMPLES}) + "\n")
    worker.stdin.flush()
    answers = list(map(json.loads, iter(worker.stdout.readline, "{}\n")))
    assert len(answers) > EXAMPLES
    faults = [
        each for each in answers if each["outcome"] not in ("sentence", "object") or each["megabytes"] > MEGABYTES
    ]
    assert not faults, f"{len(faults)} of {len(answers)}; the first: {faults[:3]}"
