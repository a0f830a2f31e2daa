"""What the explanation dock says about each page."""

from __future__ import annotations

from cvlab.ui.panel import Lesson

SLIDE = Lesson(
    "One output number",
    "A filter is a small window of weights, as deep as the input. Laid on one place, every weight meets one number; the products "
    "are added up over the window and over all channels, and the bias is added last. That is one number of the output. Then the "
    "window jumps by the stride, and the same weights do it again: all positions share them.\n\n"
    "Each filter makes one map, and the maps stacked are the output's depth. Zeros around the input make room at the border.\n\n"
    "How many windows fit along a side is counted at the left; columns that no window reads are hatched.",
    (
        ("Outputs along one side", r"W' = \frac{W - F + 2P}{S} + 1"),
        ("One output of filter k", r"y_k = b_k + \sum_{c,i,j} w_{k,c,i,j}\, x_{c,\,i,\,j}"),
        ("A dilated window covers", r"d\,(F - 1) + 1"),
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
        ("Outputs along one side", r"W' = (W - 1)\,S - 2P + d\,(F - 1) + OP + 1"),
        ("The stamps of channel c", r"y_{k,\,rS+id-P,\,qS+jd-P} \;\leftarrow\; {+}\; w_{k,c,i,j}\, x_{c,r,q}"),
        ("Way back of a convolution", r"\partial L / \partial x = A^T\, \partial L / \partial y"),
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
        ("Each output pixel", r"y_{r,q} = \sum_{i,j} k_{i,j}\, x_{r+i,\,q+j}"),
        ("Sobel, across", r"(-1 \;\; 0 \;\; 1) \otimes (1 \;\; 2 \;\; 1)^T"),
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
        ("Max", r"y = \max_{i,j} x_{i,j}"),
        ("Average", r"y = \frac{1}{F^2} \sum_{i,j} x_{i,j}"),
        ("L2 norm", r"y = \sqrt{\sum_{i,j} x_{i,j}^2}"),
        (
            "Way back, max",
            r"\partial L / \partial x_{i,j} = \partial L / \partial y \;\; \mathrm{at\ the\ winner,\ else}\ 0",
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
        ("Fully-connected", r"(W \cdot H \cdot C + 1) \cdot W' \cdot H' \cdot K"),
        ("Windows only", r"(F \cdot F \cdot C + 1) \cdot W' \cdot H' \cdot K"),
        ("Windows, shared", r"(F \cdot F \cdot C + 1) \cdot K"),
    ),
    (
        "Drag the width from 32 to 200. Which bars move, and which does not?",
        "Choose AlexNet's first layer: 35 thousand parameters instead of how many?",
        "What does a filter of 1 × 1 count? When is it as large as a fully-connected layer?",
    ),
)

LESSONS = {"slide": SLIDE, "stamp": STAMP, "kernel": KERNEL, "pool": POOL, "sharing": SHARING}
