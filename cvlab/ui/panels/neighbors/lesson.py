"""What the explanation dock says about each page."""

from __future__ import annotations

import numpy as np

from cvlab.engine.formula import Formula
from cvlab.engine.neighbors.metrics import METRICS
from cvlab.ui.panel import Lesson

WORKSHEET = Lesson(
    "A distance, by hand",
    "Two images are two lists of numbers. Take one from the other, pixel by pixel, drop the signs, and add up: that is the L1 "
    "distance. L2 squares the differences, adds up and takes the root, so that one large difference weighs more than many small "
    "ones.\n\nPoint at a pixel: it is lit in all three grids. The numbers of the grids can be typed over.",
    (METRICS["l1"].formula, METRICS["l2"].formula),
    (
        "Find the pixel that adds the most. Does it stay the same one under L2?",
        "Change one pixel until the L2 distance is twice the L1 distance of that pixel alone. Can it be?",
        "Compare two images of the set that look alike to you. How far apart are they?",
    ),
)

PLANE = Lesson(
    "The neighbours decide",
    "Every place takes the class that most of its k nearest points have. The ground shows it in the class's colour; where two "
    "classes have as many votes it stays white.\n\nNothing is learned beforehand: the points are the model. Training is free, "
    "and every question costs a look at all of them.\n\nLeave-one-out asks for each point what the others would say.",
    (
        Formula(
            "The vote",
            r"\hat{y} = \mathrm{argmax}_c \; \sum_{i \in N_k(x)} 1[y_i = c]",
            lambda y, classes: np.argmax([sum(y == c) for c in range(classes)]),
        ),
        Formula(
            "Distance-weighted, with a distance of 10⁻¹² at least",
            r"\hat{y} = \mathrm{argmax}_c \; \sum_{i \in N_k(x)} \frac{1[y_i = c]}{d(x, x_i)}",
            lambda y, d, classes: np.argmax([sum((y == c) / np.maximum(d, 1e-12)) for c in range(classes)]),
        ),
    ),
    (
        "Choose Outliers and k = 1: each stray point rules an island. Raise k until the islands go.",
        "Drag a point across a border while k is 1, then while k is 15.",
        "Two classes, k = 2: where is it white, and why? Then weigh by nearness.",
        "Switch the metric with one point a class: which shapes do the borders have?",
    ),
)

IMAGES = Lesson(
    "What a pixel distance sees",
    "The query is compared with every training image, and the nearest vote. Look at who they are: they share background and "
    "brightness with the query more often than its meaning.\n\nThe mosaic makes that plain. To you its pictures are one and the "
    "same; to L2 the shifted, the dimmed and the boxed one are equally far from the first.",
    (METRICS["l2"].formula,),
    (
        "Step through the test images until the vote is wrong. What do the neighbours have in common with the query?",
        "Raise the shift: a training image of another class soon lies nearer than the shifted copy.",
        "Draw a digit in a corner of the paper, then in the middle.",
    ),
)

ACCURACY = Lesson(
    "How often is it right?",
    "Each test image is decided by its neighbours, and the share that is right is counted while the batches come in. The bar is "
    "the share so far, the line through it its 95 % confidence: it shrinks with the root of the number of images.\n\nThe matrix "
    "shows what is taken for what. Click a cell to see its images.",
    (
        Formula(
            "Accuracy",
            r"\frac{1}{N} \sum_i 1[\hat{y}_i = y_i]",
            lambda predicted, y: sum(p == t for p, t in zip(predicted, y, strict=True)) / len(y),
        ),
    ),
    (
        "Stop after a few hundred images. Is the final figure within the interval?",
        "Double the training images. What does accuracy gain, and what does a query cost?",
        "Which two classes are confused most often? Click the cell: would you have known?",
    ),
)

TUNING = Lesson(
    "Choosing k without touching the test set",
    "k and the metric are hyperparameters: they are chosen, not learned. Choose them on images that are neither looked up in nor "
    "tested on. Cross-validation does that several times: each fold is validated on once, so each k has a dot a fold, and the "
    "line runs through their means.\n\nOnly then is the test set opened, once. A test set that is used to choose is a training "
    "set.",
    (
        Formula(
            "The mean over F folds",
            r"\bar{a}(k) = \frac{1}{F} \sum_{f=1}^{F} a_f(k)",
            lambda accuracies: sum(accuracies) / len(accuracies),
        ),
    ),
    (
        "How large is the spread of the folds beside the difference between neighbouring k?",
        "Take a tenth of the images. Does the best k change?",
        "Guess the test accuracy from the plot, then test once.",
    ),
)

LESSONS = {"worksheet": WORKSHEET, "plane": PLANE, "images": IMAGES, "accuracy": ACCURACY, "tuning": TUNING}
