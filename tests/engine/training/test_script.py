"""An exported script, run by a bare Python without cvlab, prints the very figures of the run."""

import json
import os
import subprocess
import sys
from dataclasses import replace

from cvlab.engine.data.dataset import Split
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import Dropout, Flatten, Input, Linear, Relu
from cvlab.engine.training.checkpoint import beginning_bytes, restore
from cvlab.engine.training.events import EpochEnd
from cvlab.engine.training.fit import fit
from cvlab.engine.training.learner import Learner
from cvlab.engine.training.recipe import Recipe
from cvlab.engine.training.script import DATA, FIRST_WEIGHTS, data_file, first_weights_file, script

WITHOUT_CVLAB = """
import contextlib, io, json, runpy, sys
class NoCvlab:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("cvlab", "pydantic", "safetensors"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, NoCvlab())
folders, said = sys.argv[1:], []
for folder in folders:
    sys.argv = [folder + "/train.py", folder + "/weights.pt"]
    with contextlib.redirect_stdout(io.StringIO()) as out:
        runpy.run_path(sys.argv[0], run_name="__main__")
    said.append(out.getvalue())
json.dump(said, sys.stdout)
"""
FLAT = Architecture.chain(
    "flat", [Input(height=8, width=8), Flatten(), Dropout(drop=0.3), Linear(units=8), Relu(), Linear(units=3)]
)  # fmt: skip

BASE = Recipe(data="bars", batch_size=32, epochs=3, held_out=0.2, threads=1, device="cpu", seed=5)
RECIPES = {
    "old": {"shift": 1, "schedule": "cosine"},
    "all at once": {
        "optimizer.kind": "adamw", "optimizer.weight_decay": 0.05, "loss.label_smoothing": 0.1, "schedule": "one-cycle",
        "regularisation.l1": 1e-4, "regularisation.max_norm": 1.5, "regularisation.clip": 0.5, "init.kind": "orthogonal",
        "init.bias": "set", "init.bias_value": 0.01, "augmentation.rotate": 10, "augmentation.shift": 1,
        "augmentation.cutout": 0.3, "augmentation.mixup": 0.2, "preprocessing": "standardize", "early_stopping.patience": 1,
    },
    "begun": {"optimizer.kind": "momentum", "init.kind": "he"},
    "hinge": {"loss.kind": "hinge", "optimizer.kind": "nesterov", "schedule": "warm-up", "optimizer.l2": 0.01,
              "init.kind": "he", "preprocessing": "whiten", "held_out": 0.0},
}  # fmt: skip


def test_the_scripts_repeat_their_runs_to_the_last_bit(net, data, tmp_path):
    few = replace(data, train=Split(data.train.images[:150].clone(), data.train.labels[:150].clone()))
    stories = {}
    for name, change in RECIPES.items():
        recipe, own = BASE.changed(**change), FLAT if name == "hinge" else net
        learner = Learner(own, few, recipe)
        folder = tmp_path / name
        folder.mkdir()
        whose = 'a\\ "friend"' if name == "begun" else ""
        if whose:  # trained elsewhere, and not all of the layers
            trained = Learner(own, few, recipe.changed(seed=9)).weights()
            begin = {key: value + 0.01 for key, value in trained.items() if key.startswith("conv1")}
            restore(learner, beginning_bytes(begin, recipe), keep_recipe=True)
            (folder / FIRST_WEIGHTS).write_bytes(first_weights_file(begin))
        stories[name] = list(fit(learner))
        text = script(own, recipe, learner.preprocessing, 'A "run"', begins_with=whose)
        assert ("a 'friend'" in text) == ("weights_only=True" in text) == bool(whose)
        (folder / "train.py").write_text(text, encoding="utf-8")
        (folder / DATA).write_bytes(data_file(few, learner.preprocessing))
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    folders = [str(tmp_path / name) for name in RECIPES]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_CVLAB, *folders],
        capture_output=True, text=True, check=False, cwd=tmp_path, env=environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for (name, events), said in zip(stories.items(), json.loads(done.stdout), strict=True):
        *lines, test = map(json.loads, said.splitlines())
        epochs = [event for event in events if isinstance(event, EpochEnd)]
        assert len(lines) == len(epochs), name
        for line, event in zip(lines, epochs, strict=True):
            assert line == {key: getattr(event, key) for key in line}, name
        assert test == {"test_loss": events[-1].test_loss, "test_accuracy": events[-1].test_accuracy}, name
        assert (tmp_path / name / "weights.pt").exists()
