"""What the explanation dock says about the pages on which images are changed."""

from __future__ import annotations

import numpy as np

from cvlab.engine.formula import Formula
from cvlab.engine.neighbors.metrics import METRICS
from cvlab.engine.training.formulas import mixup_share
from cvlab.ui.panel import Lesson

CHALLENGES = Lesson(
    "Seven reasons why it is hard",
    "Each dial changes what a camera delivers and leaves what is seen: a 7 seen from the side is a 7. To a method that compares "
    "numbers place by place it is something else.\n\n"
    "Turn a dial and watch two judges. The nearest neighbour looks for the training image whose pixels differ least. The "
    "trained net has learned what to overlook, as far as its training images showed it: LeNet for digits, a small ConvNet "
    "for Shapes-32, and for any other set one that you train here.\n\n"
    "The curve below does the same for a sample of test images. It measures; nothing is ever tuned on it.",
    (
        METRICS["l2"].formula,
        METRICS["l1"].formula,
        Formula(
            "Accuracy at amount a",
            r"A(a) = \frac{1}{N} \sum_i 1[\hat{y}(T_a x_i) = y_i]",
            lambda predicted, y: sum(p == t for p, t in zip(predicted, y, strict=True)) / len(y),
        ),
    ),
    (
        "Turn the viewpoint until the nearest neighbour fails. Does the net hold on longer?",
        "Choose illumination: the numbers change everywhere. Which metric suffers more?",
        "Press “Another way” a few times at the same amount: some ways are worse than others.",
        "Open “Within a class”: are the members farthest from the mean still easy for you?",
    ),
)

PREPROCESS = Lesson(
    "Centre, turn, stretch",
    "Pixels of natural images are all positive, and neighbours are nearly equal. Subtracting the mean puts the cloud of "
    "images around the origin; turning it to its principal axes takes the correlation out; dividing by the spread "
    "along each axis makes it round. Nets learn faster from round clouds.\n\n"
    "Mean and axes are part of the model. They are found on the training split alone and then used for every image, "
    "at test time too. Choose another source on the left and see what becomes of the same images.",
    (
        Formula("Mean subtraction", r"x' = x - \bar{x}", lambda x, mean: x - mean),
        Formula("Standardizing", r"x' = (x - \mu) / \sigma", lambda x, mean, std: (x - mean) / std),
        Formula(
            "Principal axes",
            r"\frac{1}{N} X'^T X' = U \, \mathrm{diag}(s) \, U^T",
            lambda U, s: U @ np.diag(s) @ U.T,
        ),
        Formula(
            "Whitening",
            r"x_w = U \, \mathrm{diag}(1/\sqrt{s + \epsilon}) \, U^T x'",
            lambda U, s, epsilon, x: U @ np.diag(1 / np.sqrt(s + epsilon)) @ U.T @ x,
        ),
    ),
    (
        "Drag the two markers on the mean image next to each other, then far apart: how does the cloud change?",
        "Choose whitening and make ε small: what grows where the images hardly vary?",
        "Fit on the images shown: whoever gets only a few images at a time has no mean worth subtracting.",
        "Press “Use in the recipe”: the next training feeds its net just this way.",
    ),
)

AUGMENT = Lesson(
    "More images out of the same ones",
    "A mirrored cat is a cat. Showing each image a little differently every time it comes up tells a net what not to rely on, "
    "and is worth many new images.\n\n"
    "Only what leaves the label true may be changed: a mirrored 3 is no digit, and a 6 turned by half a circle is a 9. Every "
    "image of a batch draws its own parameters, and each draw follows from the seed.",
    (
        Formula(
            "Mix-up of image i with image j",
            r"\tilde{x} = \lambda x_i + (1 - \lambda) x_j",
            lambda share, own, other: share * own + (1 - share) * other,
        ),
        mixup_share(),
        Formula(
            "Its label",
            r"\tilde{y} = \lambda y_i + (1 - \lambda) y_j",
            lambda share, own, other: share * own + (1 - share) * other,
        ),
        Formula(
            "Rotation by θ, y pointing up",
            r"x' = \cos\theta \, x - \sin\theta \, y, \quad y' = \sin\theta \, x + \cos\theta \, y",
            lambda theta, x, y: (np.cos(theta) * x - np.sin(theta) * y, np.sin(theta) * x + np.cos(theta) * y),
        ),
    ),
    (
        "Turn “Rotate” up until you would call a 6 a 9: that is too much.",
        "Move one dial: only that one thing changes in all sixteen; the other draws stay as they fell.",
        "Try cut-out at a half. Could you still tell? Then the net can learn to.",
        "Press “Use in the recipe”, train, and compare with a run without it.",
    ),
)
