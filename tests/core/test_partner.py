"""One of two processes that train together is killed: the other ends with a sentence, and what it saved goes on.

The processes and their connection are real (gloo). Nobody waits for
time to pass: the survivor learns of it from the connection that breaks.
"""

import sys

import pytest

from tests.core.drivers.processes import told_by

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    return told_by("partner", tmp_path_factory.mktemp("partner"))


def test_the_survivor_ends_with_a_sentence(story):
    cut = story["cut"]
    title, what, received, remedy, suggestion = cut["failure"]
    assert cut["status"] == "failed" and "another process is gone" in title
    assert what == "Another process of this run no longer answers." and received
    assert "saved is safe" in remedy and "resume" in remedy and suggestion is None
    assert 4 <= cut["step"] <= 6, "it is noticed at the next message"
    assert cut["ends"] == [0, 9], "one was killed, the other ended by itself"


def test_what_it_had_saved_is_there_and_nobody_holds_the_folder(story):
    assert story["alone"]["status"] == "failed" and not story["cut"]["locked"]
    assert {"run.json", "metrics.jsonl", "resume.safetensors", "weights-final.safetensors"} <= set(
        story["alone"]["files"]
    )


def test_both_go_on_from_there_to_the_same_end(story):
    whole, again = story["whole"], story["again"]
    assert again["status"] == "finished" and again["ends"] == [0, 0]
    assert again["losses"] == whole["losses"] and len(whole["losses"]) == 12
