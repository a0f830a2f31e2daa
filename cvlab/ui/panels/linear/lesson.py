"""What the explanation dock says about each page."""

from __future__ import annotations

import numpy as np

from cvlab.engine.formula import Formula
from cvlab.engine.loss_slices import TOTAL
from cvlab.engine.losses import LOSSES
from cvlab.ui.panel import Lesson

LAB = Lesson(
    "Scores, and how wrong they are",
    "Each class has a score, which is a weighted sum of the point's x and y, plus b. Where it is 0 lies the class's line; the "
    "arrow shows which way it grows. The highest score wins the ground, and colours it.\n\n"
    "The loss says how unhappy we are with the scores. The hinge loss is content once the right class leads by the margin Δ; "
    "softmax always wants a little more. A penalty asks for small weights. The gradient, in red, says how the total grows with "
    "each number; a step goes the other way.\n\n"
    "A cross beside a point: its margin is not met.",
    (
        LOSSES["hinge"].formula,
        LOSSES["softmax"].formula,
        TOTAL,
        Formula(
            "The gradient of the L2 penalty",
            r"\frac{\partial}{\partial W}\, \lambda \sum W^2 = 2 \lambda W",
            lambda W, strength: 2 * strength * W,
        ),
    ),
    (
        "Press Run. Then drag a point into foreign ground, and watch its row turn red.",
        "Set the penalty to None, run until the data loss is 0, and pull W × above 1: it stays 0.",
        "Raise the step size until the bars jump.",
        "Check the gradient of each loss. Which numbers lie near a kink?",
    ),
)

WORKSHEET = Lesson(
    "A score, by hand",
    "An image of four pixels is a column x. Each row of W belongs to a class: multiply pixel by weight, add up, add the bias. "
    "The sums run along each row of tiles; the highest score wins.\n\n"
    "These numbers take the cat for a dog. The course prints 61.95 for the ship, which is Wx alone: with its bias of −1.2 it "
    "is 60.75.",
    (
        Formula("The score function", r"f(x, W, b) = Wx + b", lambda x, W, b: W @ x + b),
        Formula(
            "The bias trick",
            r"[\,W \;\; b\,] \cdot [\,x, 1\,] = Wx + b",
            lambda x, W, b: np.column_stack([W, b]) @ np.append(x, 1),
        ),
    ),
    (
        "Switch the bias trick on: b becomes a column, x gets a 1, and no score changes.",
        "Change one weight until the cat wins. Which is the cheapest?",
        "Double x. Why do the scores not double exactly?",
    ),
)

TEMPLATES = Lesson(
    "A row of W is a picture",
    "W has a weight for each pixel and class, so each of its rows can be shown as an image: a template. The score is the inner "
    "product of template and image. Blue wants ink there, orange wants none.\n\n"
    "A linear classifier has one template a class, so it must blend all ways of writing a digit into one picture. At the right "
    "the same scores go through both losses, with every number of the formulas.",
    (
        Formula("The score of class j", r"s_j = w_j \cdot x + b_j", lambda x, w, b: w @ x + b),
        Formula(
            "Softmax, shifted",
            r"p_j = \frac{e^{s_j - m}}{\sum_k e^{s_k - m}},\quad m = \max_k s_k",
            lambda s: np.exp(s - s.max()) / np.exp(s - s.max()).sum(),
        ),
        Formula("Cross-entropy", r"L = -\log p_{y}", lambda p, y: -np.log(p[y])),
    ),
    (
        "Start anew, and press “One batch” a few times. What does the first template look like?",
        "Train with a learning rate of 5. What happens to the templates?",
        "Show W times 1000 and stop taking the largest off: the powers overflow.",
        "Look at some mistakes. Which template did the image fit better?",
    ),
)

LESSONS = {"lab": LAB, "worksheet": WORKSHEET, "templates": TEMPLATES}
