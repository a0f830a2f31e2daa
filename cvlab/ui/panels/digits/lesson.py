"""What the explanation dock says about reading digits."""

from __future__ import annotations

import numpy as np

from cvlab.engine.formula import Formula
from cvlab.ui.panel import Lesson

LESSON = Lesson(
    title="A net reads only what it was prepared for",
    looking_at=(
        "What you draw is not what the net receives. MNIST's makers cut every digit to its ink, scaled it to fit "
        "20 × 20 pixels, and laid it into 28 × 28 so that its centre of mass came to the middle. The net was trained on "
        "such images only, so your drawing goes through the same steps first. Leave one out, and the net may "
        "misread a digit that you find perfectly clear.\n\n"
        "The first convolution slides its filters over the image. Each map shows where its own pattern was found, "
        "such as an edge in one direction. The last layer gives ten scores, and the softmax turns them into ten "
        "probabilities that add up to one. They say how sure the net is, not how right: it has no class for "
        "“this is no digit”."
    ),
    formulas=(
        Formula(
            "Softmax: from scores to probabilities",
            r"p_k = \frac{e^{s_k}}{\sum_j e^{s_j}}",
            lambda s: np.exp(s) / np.exp(s).sum(),
        ),
        Formula(
            "Centre of mass of the ink",
            r"\bar{x} = \frac{\sum_{x,y} x \, I(x,y)}{\sum_{x,y} I(x,y)}",
            lambda ink: sum(x * ink[y, x] for y, x in np.ndindex(*ink.shape)) / ink.sum(),
        ),
    ),
    try_this=(
        "Turn off “Centre the ink” and all the others, then draw a small digit in a corner.",
        "Draw with the thinnest brush: the strokes turn grey in 28 × 28, as no training digit was.",
        "Draw a 7, look at the bars, then add a bar through it.",
        "Close the top of a 4 slowly, and watch the probability go over to the 9.",
        "Draw a letter. The net has to name a digit all the same.",
        "Start a run in the Training panel, choose “The net in training” here, and watch it learn to read.",
    ),
)
