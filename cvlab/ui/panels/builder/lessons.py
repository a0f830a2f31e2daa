"""What the explanation says beside the builder: the panel, and each kind of layer. Formulas are mathtext."""

from __future__ import annotations

from cvlab.ui.panel import Lesson

_SIZE = ("Side of the output", r"\frac{W - F + 2P}{S} + 1")

BUILDER = Lesson(
    "A network is a chain of volumes",
    "Each block takes a volume of numbers and gives another one. The little boxes show how the image shrinks in width "
    "and height while it grows in depth, until ten scores are left, one a class.",
    (
        ("The course's pattern", r"[(\mathrm{CONV} \to \mathrm{RELU})^N \to \mathrm{POOL}]^M \to \mathrm{FC}"),
        _SIZE,
    ),
    (
        "Drag a Conv between two blocks and watch every volume after it change.",
        "Delete the flatten block: the first linear layer says what it misses. Undo with Ctrl+Z.",
        "Select nothing and see which layer owns most of the parameters.",
    ),
)

LESSONS: dict[str, Lesson] = {
    "input": Lesson(
        "Input: the image as a volume",
        "An image is width × height × channels numbers: one channel for grey, three for red, green and blue. Sides that "
        "can be halved several times pool without a rest.",
        (("Volume", r"W \times H \times D"),),
        ("Set the width to 29 and look for the pooling layer that leaves a row out.",),
    ),
    "conv": Lesson(
        "Convolution: small filters, everywhere",
        "A filter of F × F pixels, as deep as its input, slides over the volume. At each stop it gives one number: how "
        "well the patch fits the filter. The same weights are used at every stop, so a conv layer has few parameters.",
        (
            _SIZE,
            ("Parameters of K filters", r"K\,(F \cdot F \cdot D + 1)"),
            ("Padding that keeps the size", r"P = \frac{F - 1}{2}"),
        ),
        (
            "Set the kernel to 5 and find the padding that keeps 28 × 28.",
            "Raise the stride to 2: a quarter of the numbers is left, and of the work.",
            "Choose a stride that does not divide evenly, and read what is not visited.",
        ),
    ),
    "maxpool": Lesson(
        "Max pooling: keep the strongest",
        "Each map is cut into windows and only the largest number of each survives. The depth stays, nothing is learned, "
        "and a pattern that moves by a pixel gives nearly the same answer.",
        (("Side of the output", r"\frac{W - F}{S} + 1"),),
        ("Use a window of 3 with stride 2: the windows overlap.", "Pool three times and see when nothing is left."),
    ),
    "avgpool": Lesson(
        "Average pooling: keep the mean",
        "As max pooling, but each window becomes its mean. A strong answer is diluted by its weak neighbours, which is "
        "why the maximum is preferred inside most nets.",
        (("One window of F × F", r"\frac{1}{F^2} \sum_{i,j} x_{ij}"),),
        ("Replace both max pools of LeNet, train, and compare the held-out accuracy.",),
    ),
    "relu": Lesson(
        "ReLU: the bend between the lines",
        "Negative numbers become zero, the others pass. The volume keeps its size and nothing is learned, but without "
        "a bend two linear layers in a row are only one linear layer.",
        (
            ("ReLU", r"f(x) = \max(0, x)"),
            ("Without it", r"W_2 (W_1 x) = (W_2 W_1)\, x"),
        ),
        ("Delete every ReLU of the 2-layer net and train: it does no better than the linear classifier.",),
    ),
    "flatten": Lesson(
        "Flatten: from a volume to a vector",
        "The numbers stay the same; they are laid out in one long row, because a fully connected layer reads a vector. "
        "What is near what in the image is no longer written in the shape.",
        (("Length", r"W \cdot H \cdot D"),),
        ("Move it to the very start: the first linear layer grows to fit every pixel.",),
    ),
    "linear": Lesson(
        "Linear: every input to every output",
        "Each unit weighs all inputs, adds them up and adds a bias. The last linear layer gives one score a class. Here "
        "most parameters of a small ConvNet are found.",
        (
            ("Scores", r"f = W x + b"),
            ("Parameters", r"\mathrm{units} \cdot (\mathrm{inputs} + 1)"),
        ),
        (
            "Halve the units of the first linear layer and watch the total.",
            "Give the last one 26 units: for which task?",
        ),
    ),
    "dropout": Lesson(
        "Dropout: train a crowd, not a star",
        "At each training step a random share of the numbers is set to zero, so no unit can rely on a certain other one. "
        "What is left is scaled up to keep the mean. When the net predicts, dropout does nothing.",
        (("While training", r"y_i = \frac{m_i\, x_i}{p}, \quad m_i = 1 \;\mathrm{with\ probability}\; p"),),
        ("Train LeNet without it and compare the gap between training and held-out accuracy.",),
    ),
    "missing": Lesson(
        "A layer from another cvlab",
        "This version does not know the layer. It is kept word for word in the file, but the net cannot be trained here.",
    ),
}
