"""What the explanation dock says about the pages on which images are changed."""

from __future__ import annotations

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
        ("Nearest neighbour, L2", r"d_2(x, x') = \sqrt{\sum_p (x_p - x'_p)^2}"),
        ("Nearest neighbour, L1", r"d_1(x, x') = \sum_p |x_p - x'_p|"),
        ("Accuracy at amount a", r"A(a) = \frac{1}{N} \sum_i 1[\hat{y}(T_a x_i) = y_i]"),
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
        ("Mean subtraction", r"x' = x - \bar{x}"),
        ("Standardising", r"x' = (x - \mu) / \sigma"),
        ("Principal axes", r"\frac{1}{N} X'^T X' = U \, \mathrm{diag}(s) \, U^T"),
        ("Whitening", r"x_w = U \, \mathrm{diag}(1/\sqrt{s + \epsilon}) \, U^T x'"),
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
        ("Mix-up", r"\tilde{x} = \lambda x_i + (1 - \lambda) x_j, \quad \lambda \sim \mathrm{Beta}(\alpha, \alpha)"),
        ("Its label", r"\tilde{y} = \lambda y_i + (1 - \lambda) y_j"),
        ("Rotation", r"x' = \cos\theta \, x - \sin\theta \, y"),
    ),
    (
        "Turn “Rotate” up until you would call a 6 a 9: that is too much.",
        "Move one dial: only that one thing changes in all sixteen; the other draws stay as they fell.",
        "Try cut-out at a half. Could you still tell? Then the net can learn to.",
        "Press “Use in the recipe”, train, and compare with a run without it.",
    ),
)
