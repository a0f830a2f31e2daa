"""Four processes want one run's folder at the same time, forty times; in every second turn the lock of a dead one lies there."""

import json
import os
import sys
from pathlib import Path

from cvlab.core.storage.lock import LOCK, RunLock
from cvlab.engine.errors import TrainingError
from tests.core.drivers.processes import end_of, forked


def turn(folder, lies_there):
    """How many of the four got it."""
    folder.mkdir()
    if lies_there:
        end_of(forked(RunLock(folder).take))
    (go, start), (done, tell), (wait, leave) = os.pipe(), os.pipe(), os.pipe()

    def contend():
        os.close(start)
        os.close(leave)
        os.read(go, 1)  # all at once: when the other end is closed
        try:
            RunLock(folder).take()
            os.write(tell, b"1")
        except TrainingError:
            os.write(tell, b"0")
        os.read(wait, 1)  # who has it lives until all have tried

    four = [forked(contend) for _ in range(4)]
    os.close(start)
    answers = b""
    while len(answers) < 4:
        answers += os.read(done, 4)
    os.close(leave)
    for pid in four:
        end_of(pid)
    for end in (go, done, tell, wait):
        os.close(end)
    left = [each.name for each in folder.iterdir() if each.name != LOCK]
    assert not left, left
    return answers.count(b"1")


if __name__ == "__main__":
    json.dump([turn(Path(sys.argv[1]) / str(number), number % 2) for number in range(40)], sys.stdout)
