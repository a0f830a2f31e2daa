"""A process that counts at its own pace, for `cvlab bench`'s tests: `python -m tests.cli.counting STEP`, or `fail`."""

import json
import sys

from cvlab.engine.pace import Pace

if __name__ == "__main__":
    if sys.argv[1] == "fail":
        sys.exit(3)
    pace, count, step = Pace(), 0, int(sys.argv[1])
    pace.begin()
    while not pace.is_over:
        count += step
        if count % (500 * step) == 0:
            pace.mark(count)
    json.dump({"marks": pace.marks, "step": step}, sys.stdout)
