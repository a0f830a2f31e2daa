"""What the explanation dock says about this panel's own pages."""

from __future__ import annotations

from cvlab.engine.formula import Formula
from cvlab.ui.panel import Lesson

BROWSE = Lesson(
    "What a computer sees",
    "A picture of a cat is no cat to a computer: it is a block of W × H × 3 numbers between 0 and 255, one for red, one for "
    "green and one for blue at each place. Classifying means to get from these numbers to one word.\n\n"
    "Nobody can write that down as rules. So we collect many labelled images and let the machine learn from them. "
    "Look at them first: most surprises of a training run lie in its data.",
    (
        Formula(
            "An image",
            r"x \in \{0, \ldots, 255\}^{H \times W \times 3}",
            definition="where an image lies, no quantity",
        ),
        Formula(
            "The mean image of a class",
            r"\bar{x}_c = \frac{1}{N_c} \sum_{y_i = c} x_i",
            lambda images, y, c: sum(image.astype(float) for image in images[y == c]) / (y == c).sum(),
        ),
    ),
    (
        "Click an image and move the pointer over it: read the three numbers of one pixel.",
        "Pin two images of one class. Where do their numbers differ most?",
        "Compare the mean images of two classes. Could you tell them apart by these alone?",
        "Sort by brightness: does one class gather at one end? A lazy net would learn just that.",
    ),
)

SPLITS = Lesson(
    "Learn, tune, and look once",
    "The training part is learned from. Everything else that one may choose (k, the learning rate, when to stop) is tuned on "
    "the validation part. The test part is looked at once, at the very end: whoever tunes on it only learns how well "
    "its answers can be guessed.\n\n"
    "With few images, one validation part is a matter of luck. Cross-validation cuts the training images into k folds, and "
    "lets each be the validation part once.",
    (
        Formula(
            "Cross-validated accuracy",
            r"\bar{a} = \frac{1}{k} \sum_{j=1}^{k} a_j",
            lambda accuracies: sum(accuracies) / len(accuracies),
        ),
    ),
    (
        "Drag the handle: how many images of the rarest class are left to tune on?",
        "Deal again with another seed. The counts of each class stay, the images change.",
        "Choose ten folds instead of five: ten trainings, each on nine tenths.",
    ),
)
