"""A run on a disk that becomes full, and goes on when there is room; beside it the same run on a large disk."""

import json
import subprocess
import sys
from pathlib import Path

from cvlab.core.runs import Runs
from cvlab.core.storage.run_folder import RunFolder
from cvlab.engine.nets import zoo
from cvlab.engine.training.recipe import Recipe
from tests.core.drivers.processes import few_digits, followed, losses

RECIPE = Recipe(batch_size=40, epochs=20, threads=1, device="cpu", optimizer="sgd")


def main(disk, other):
    data = few_digits(50)
    whole = followed(Runs(other, lambda dataset_id: data).start(zoo.two_layer(), RECIPE))
    runs = Runs(disk, lambda dataset_id: data)
    run = followed(runs.start(zoo.two_layer(), RECIPE))
    failure = run.state.failure
    told = {"status": run.state.status, "what": failure.what, "remedy": failure.remedy, "step": run.state.step}
    subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
    folder = RunFolder.open(run.folder.path)
    left = sorted(path.name for path in folder.path.iterdir() if path.name[0] == ".")
    told |= {"readable": bool(folder.trained().classes), "left": left}
    again = followed(runs.resume(run.folder.path))
    same = losses(again.folder) == losses(whole.folder)
    told |= {"again": again.state.status, "same": same, "locked": folder.lock.owner() is not None}
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
