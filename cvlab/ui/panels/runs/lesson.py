"""What the explanation dock says about runs."""

from __future__ import annotations

from math import sqrt

from cvlab.engine.formula import Formula
from cvlab.ui.panel import Lesson

RUNS = Lesson(
    title="Runs, side by side",
    looking_at=(
        "Every run is a folder on this machine: its recipe, its net, the digest of its data, its figures at every step, and what "
        "is needed to go on. Nothing is overwritten by the next one.\n\n"
        "An experiment tells something when one thing was changed and all else stayed: the same seed gives the same first "
        "weights and the same batches. Choose two runs: what differs between their recipes stands at the right.\n\n"
        "The best run on each data set is set in bold, by its held-out accuracy. The test column is for reporting: who "
        "chooses by it has tuned on the test set, and the figure no longer says what it seems to."
    ),
    formulas=(
        Formula(
            "An accuracy over N images is known to about",
            r"\pm 1.96 \sqrt{a (1 - a) / N}",
            lambda a, N: 1.96 * sqrt(a * (1 - a) / N),
        ),
        Formula("so 98 % of 1,000 held-out images is 98 %", r"\pm 0.9\ \%", lambda: 0.009),
    ),
    try_this=(
        "Train twice with seeds 0 and 1. How far apart are they? Smaller differences than that mean nothing.",
        "Fork a run with a tenth of its learning rate, and lay both over each other.",
        "Sort by held-out accuracy, then by held-out loss. Do they agree on the winner?",
        "Draw the loss over seconds instead of epochs: which batch size wins now?",
    ),
)
