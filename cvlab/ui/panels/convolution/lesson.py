"""What the explanation dock says about each page."""

from __future__ import annotations

from math import floor

import numpy as np

from cvlab.engine.formula import Formula
from cvlab.ui.panel import Lesson


def _one_output(x, w, b, k, r, q, S, P, d, groups):
    """x: (C, H, W). w: (K, C / groups, F, F). Zeros outside of x."""
    (_, H, W), (K, depth, F, _) = x.shape, w.shape
    first = k // (K // groups) * depth
    return b[k] + sum(
        w[k, c, i, j] * x[first + c, r * S + i * d - P, q * S + j * d - P]
        for c in range(depth)
        for i in range(F)
        for j in range(F)
        if 0 <= r * S + i * d - P < H and 0 <= q * S + j * d - P < W
    )


def _stamp_on(y, w, x, k, c, r, q, S, P, d):
    """Adds the stamp of x[c, r, q] to the map k of y. The kernel that belongs to channel c and map k: w[i, j]."""
    for i, j in np.ndindex(*w.shape):
        row, column = r * S + i * d - P, q * S + j * d - P
        if 0 <= row < y.shape[1] and 0 <= column < y.shape[2]:
            y[k, row, column] += w[i, j] * x[c, r, q]
    return y


def _kernel_at(x, k, r, q):
    half = len(k) // 2
    return sum(
        k[i + half, j + half] * x[r + i, q + j]
        for i in range(-half, half + 1)
        for j in range(-half, half + 1)
        if 0 <= r + i < x.shape[0] and 0 <= q + j < x.shape[1]
    )


SLIDE = Lesson(
    "One output number",
    "A filter is a small window of weights, as deep as the input. Laid on one place, every weight meets one number; the products "
    "are added up over the window and over all channels, and the bias is added last. That is one number of the output. Then the "
    "window jumps by the stride, and the same weights do it again: all positions share them.\n\n"
    "Each filter makes one map, and the maps stacked are the output's depth. Zeros around the input make room at the border.\n\n"
    "How many windows fit along a side is counted at the left; columns that no window reads are hatched.",
    (
        Formula(
            "Outputs along one side; a window covers d (F − 1) + 1",
            r"W' = \left\lfloor \frac{W - d\,(F - 1) - 1 + 2P}{S} \right\rfloor + 1",
            lambda W, F, S, P, d: floor((W - d * (F - 1) - 1 + 2 * P) / S) + 1,
        ),
        Formula(
            "One output of filter k; c runs over its channels",
            r"y_{krq} = b_k + \sum_{c,i,j}\, w_{kcij}\, x_{c,rS+id-P,qS+jd-P}",
            _one_output,
        ),
    ),
    (
        "Point at an output cell, and follow the sum down from the three channels.",
        "Take F = 3 and S = 1. Which padding keeps the output as large as the input? And for F = 5?",
        "Set W = 6, P = 0, S = 2. What happens to the last column? Which padding mends it?",
        "Set one filter to zeros but a 1 in the middle of one channel. What is its map?",
        "Switch to Picture, and set dilation 2: which pixels does the window read?",
    ),
)

STAMP = Lesson(
    "Each number stamps",
    "A transposed convolution turns the reading round: an input number is multiplied with the whole kernel, and this stamp is "
    "laid on the output. The next number stamps a stride further on; where stamps overlap, they add up. Padding cuts a rim off. "
    "So a small map becomes a large one, with weights that are learned.\n\n"
    "It is the way back of a convolution. There, an input number is read by several windows, so its gradient is the sum of "
    "theirs, each times the weight that read it: exactly these stamps. Written as a matrix, a convolution is A and this is A "
    "transposed. It brings the shape back, not the numbers; “deconvolution” promises too much.\n\n"
    "If the stride does not divide F, some cells get more stamps than others: the map of overlaps shows the checkerboard that "
    "such layers leave in pictures. Output padding adds no zeros: it keeps rows that other stamps reach.",
    (
        Formula(
            "Outputs along one side",
            r"W' = (W - 1)\,S - 2P + d\,(F - 1) + OP + 1",
            lambda W, F, S, P, d, OP: (W - 1) * S - 2 * P + d * (F - 1) + OP + 1,
        ),
        Formula(
            "The stamps of channel c",
            r"y_{k,\,rS+id-P,\,qS+jd-P} \;\leftarrow\; {+}\; w_{k,c,i,j}\, x_{c,r,q}",
            _stamp_on,
        ),
        Formula(
            "Way back of a convolution",
            r"\partial L / \partial x = A^T\, \partial L / \partial y",
            lambda A, dy: A.T @ dy,
        ),
    ),
    (
        "Step through the demo. Which output is the first to get two stamps, and which get four?",
        "Make F = 4, then F = 2. What happens to the map of overlaps? And with F = 5 at stride 3?",
        "Which P and OP make 6 × 6 of 3 × 3 with F = 3 and S = 2?",
        "Set the same sliders for Conv, with an input as large as this output: what is its output's size?",
        "Switch to Picture and choose Bilinear. Why are there no squares in it? Then set F = 3.",
    ),
)

KERNEL = Lesson(
    "A kernel is a question",
    "Each pixel of the result is the window's pixels, weighted and added up. A kernel of equal numbers asks “how bright is it "
    "around here?” and blurs. One with a minus and a plus side asks “how much brighter is it over there?” and finds edges.\n\n"
    "Numbers that sum to 1 keep even ground as bright as it was; numbers that sum to 0 are silent on it. A ConvNet is not given "
    "its kernels: it learns them, and its first layer often learns edges like these.\n\n"
    "Outside the picture are zeros, so the frame may show as an edge.",
    (
        Formula(
            "Each output pixel; i and j count from the middle of k",
            r"y_{r,q} = \sum_{i,j}\, k_{i,j}\, x_{r+i,\,q+j}",
            _kernel_at,
        ),
        Formula(
            "Sobel, across",
            r"(1 \;\; 2 \;\; 1)^T \, (-1 \;\; 0 \;\; 1)",
            lambda: np.array([[1], [2], [1]]) @ np.array([[-1, 0, 1]]),
        ),
    ),
    (
        "Choose Sobel x, then Sobel y. Which edges of the roof answer to which?",
        "Paint a diagonal of ones with minus ones beside it. Which edges does it find?",
        "Take the box blur and switch “normalise” off: why is the picture white?",
        "Start from Identity and drag the middle up to 2. What are the numbers' sum and the brightness?",
    ),
)

POOL = Lesson(
    "Keep the strongest",
    "Pooling makes maps smaller: it looks at each channel by itself, window by window, and keeps one number of each. Max keeps "
    "the strongest answer and forgets exactly where it was; average blurs; the L2 norm lies between.\n\n"
    "It has no weights and learns nothing. With windows of 2 at stride 2 three of four numbers are discarded.\n\n"
    "On the way back, max hands the whole gradient to the winner, and nothing to the others.",
    (
        Formula("Max of a window", r"y = \max_{i,j} x_{i,j}", np.max),
        Formula("Average", r"y = \frac{1}{F^2} \sum_{i,j} x_{i,j}", lambda x: x.sum() / x.size),
        Formula("L2 norm", r"y = \sqrt{\sum_{i,j} x_{i,j}^2}", lambda x: np.sqrt((x**2).sum())),
        Formula(
            "Way back, max, through one window",
            r"\partial L / \partial x_{i,j} = \partial L / \partial y \;\; \mathrm{at\ the\ winner,\ else}\ 0",
            lambda x, dy: dy * (np.arange(x.size) == x.argmax()).reshape(x.shape),
        ),
    ),
    (
        "Type a larger number into a window: who wins now, and where does the gradient go?",
        "Windows of 3 at stride 2 overlap. Can one number win twice? What is its gradient?",
        "Compare max and average on a digit: which keeps the stroke?",
        "Set the stride above the window: which numbers are never seen?",
    ),
)

SHARING = Lesson(
    "Why weights are shared",
    "A fully-connected neuron has a weight for every number of the input: 3,072 for a picture of 32 × 32 × 3, and 120,000 for "
    "one of 200 × 200 × 3. And that is one neuron.\n\n"
    "A convolutional neuron looks at a window only, so its weights do not grow with the picture. And since an edge is worth "
    "finding everywhere, all neurons of one map use the same weights. Both savings are shown apart.",
    (
        Formula(
            "Fully-connected",
            r"(W \cdot H \cdot C + 1) \cdot W' \cdot H' \cdot K",
            lambda W, H, C, F, W_, H_, K: (W * H * C + 1) * W_ * H_ * K,
        ),
        Formula(
            "Windows only",
            r"(F \cdot F \cdot C + 1) \cdot W' \cdot H' \cdot K",
            lambda W, H, C, F, W_, H_, K: (F * F * C + 1) * W_ * H_ * K,
        ),
        Formula(
            "Windows, shared",
            r"(F \cdot F \cdot C + 1) \cdot K",
            lambda W, H, C, F, W_, H_, K: (F * F * C + 1) * K,
        ),
    ),
    (
        "Drag the width from 32 to 200. Which bars move, and which does not?",
        "Choose AlexNet's first layer: 35 thousand parameters instead of how many?",
        "What does a filter of 1 × 1 count? When is it as large as a fully-connected layer?",
    ),
)

LESSONS = {"slide": SLIDE, "stamp": STAMP, "kernel": KERNEL, "pool": POOL, "sharing": SHARING}
