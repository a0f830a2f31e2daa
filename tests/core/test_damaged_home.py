"""Whatever happened to a file of CVLAB_HOME, a lab starts: with defaults, the old file kept, and a notice."""

from __future__ import annotations

import os
import sys

import pytest

from cvlab.core.lab import Lab
from tests.core.populated_home import EPOCHS, KINDS, MUTATIONS, is_kept, mutate, populate

CASES = [(how, kind) for at, how in enumerate(MUTATIONS) for number, kind in enumerate(KINDS)
         if "CVLAB_EXAMPLES" in os.environ or (number + at) % 4 == 0]  # fmt: skip
"""Every fourth pair. All of them: CVLAB_EXAMPLES=1 pytest tests/core/test_damaged_home.py"""


def started():
    """A lab that has started and looked through everything that it reads then."""
    lab = Lab()
    lab.restore()
    lab.check_files()
    while lab.jobs.is_busy("files"):
        lab.pump()
    lab.runs.folders(), lab.models.choices(), lab.models.imports(), lab.recipes.all()
    return lab


def test_a_whole_home_gives_no_notice(home):
    populate(home)
    lab = started()
    assert not lab.notices.all
    assert (lab.settings.theme, lab.project.recipe.epochs, len(lab.runs.waiting)) == ("dark", EPOCHS, 1)
    assert len(lab.runs.folders()) == 1 and len(lab.models.imports()) == 1
    lab.close()


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pipes and few links")
@pytest.mark.parametrize(("how", "kind"), CASES)
def test_a_damaged_file_costs_only_itself_and_is_kept(home, kind, how):
    places = populate(home)
    content = mutate(places[kind], how)
    lab = started()
    is_readable = not lab.notices.all
    assert is_readable == (
        how == "byte order mark" and kind in ("settings", "queue", "recipe", "run", "net", "autosave")
    ) or (
        # What stands before a zip archive is passed over, and a link that leads nowhere is no file of a folder.
        is_readable and ((kind, how) == ("autosave", "not utf-8") or how == "dangling link")
    ), [notice.text for notice in lab.notices.all]
    if not is_readable:
        assert "damaged" in f"{[notice.text for notice in lab.notices.all]}"
    assert (kind == "settings") <= (lab.settings.theme == ("dark" if is_readable else "system"))
    lab.close()
    if not is_readable:
        assert is_kept(home, content, how)
    again = started()
    assert not again.notices.all, "it is told once"
    again.close()


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_may_not_be_read_stays_or_is_kept(home, kind, monkeypatch):
    path = populate(home)[kind]
    whole, open_ = path.read_bytes(), os.open

    def refuse(name, *arguments, **options):
        if str(name) == str(path):
            raise PermissionError(13, "Permission denied", str(path))
        return open_(name, *arguments, **options)

    monkeypatch.setattr(os, "open", refuse)
    lab = started()
    assert lab.notices.all
    lab.close()
    assert is_kept(home, whole, "")


@pytest.mark.parametrize("folder", ["settings", "runs", "runs/queue", "nets", "recipes", "autosave", "data", "logs"])
def test_a_file_in_place_of_a_folder(home, folder):
    path = home / folder
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"in the way")
    lab = started()
    lab.project.recipe = lab.project.recipe.changed(epochs=EPOCHS)
    lab.settings.theme = "dark"
    lab.close()
    assert path.read_bytes() == b"in the way"


def test_a_panel_of_the_autosave_that_cannot_be_read_is_told_and_kept(home):
    lab = Lab()
    lab.project.training.smoothing = 30
    lab.close()
    lab = Lab()
    lab.restore()
    lab.project._unread["training"]["smoothing"] = -5
    assert lab.project.training.smoothing == 25
    lab.pump()
    assert "training" in lab.notices.all[-1].text
    assert '"smoothing": -5' in next((home / "autosave").glob("training.json.damaged-*")).read_text()
    lab.close()
