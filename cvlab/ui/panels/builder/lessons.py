"""What the explanation says beside the builder: the panel, and each kind of layer."""

from __future__ import annotations

from dataclasses import replace

from cvlab.engine.formula import Formula
from cvlab.engine.nets.formulas import layer_formulas, window_side
from cvlab.engine.nets.layers import LayerSpec
from cvlab.ui.panel import Lesson

_PATTERN = Formula(
    "The course's pattern",
    r"[(\mathrm{CONV} \to \mathrm{RELU})^N \to \mathrm{POOL}]^M \to \mathrm{FC}",
    definition="the order of layers, no quantity",
)

BUILDER = Lesson(
    "A network is a chain of volumes",
    "Each block takes a volume of numbers and gives another one. The little boxes show how the image shrinks in width "
    "and height while it grows in depth, until ten scores are left, one a class.",
    (
        _PATTERN,
        window_side(kernel=3, stride=2, padding=1),
    ),
    (
        "Drag a Conv between two blocks and watch every volume after it change.",
        "Delete the flatten block: the first linear layer says what it misses. Undo with Ctrl+Z.",
        "Select nothing and see which layer owns most of the parameters.",
    ),
)

_LESSONS: dict[str, Lesson] = {
    "input": Lesson(
        "Input: the image as a volume",
        "An image is width × height × channels numbers: one channel for grey, three for red, green and blue. Sides that "
        "can be halved several times pool without a rest.",
        try_this=("Set the width to 29 and look for the pooling layer that leaves a row out.",),
    ),
    "conv": Lesson(
        "Convolution: small filters, everywhere",
        "A filter of F × F pixels, as deep as its input, slides over the volume. At each stop it gives one number: how "
        "well the patch fits the filter. The same weights are used at every stop, so a conv layer has few parameters.",
        try_this=(
            "Set the kernel to 5 and find the padding that keeps 28 × 28.",
            "Raise the stride to 2: a quarter of the numbers is left, and of the work.",
            "Choose a stride that does not divide evenly, and read what is not visited.",
        ),
    ),
    "maxpool": Lesson(
        "Max pooling: keep the strongest",
        "Each map is cut into windows and only the largest number of each survives. The depth stays, nothing is learned, "
        "and a pattern that moves by a pixel gives nearly the same answer.",
        try_this=(
            "Use a window of 3 with stride 2: the windows overlap.",
            "Pool three times and see when nothing is left.",
        ),
    ),
    "avgpool": Lesson(
        "Average pooling: keep the mean",
        "As max pooling, but each window becomes its mean. A strong answer is diluted by its weak neighbours, which is "
        "why the maximum is preferred inside most nets.",
        try_this=("Replace both max pools of LeNet, train, and compare the held-out accuracy.",),
    ),
    "relu": Lesson(
        "ReLU: the bend between the lines",
        "Negative numbers become zero, the others pass. The volume keeps its size and nothing is learned, but without "
        "a bend two linear layers in a row are only one linear layer.",
        try_this=("Delete every ReLU of the 2-layer net and train: it does no better than the linear classifier.",),
    ),
    "flatten": Lesson(
        "Flatten: from a volume to a vector",
        "The numbers stay the same; they are laid out in one long row, because a fully connected layer reads a vector. "
        "What is near what in the image is no longer written in the shape.",
        try_this=("Move it to the very start: the first linear layer grows to fit every pixel.",),
    ),
    "linear": Lesson(
        "Linear: every input to every output",
        "Each unit weighs all inputs, adds them up and adds a bias. The last linear layer gives one score a class. Here "
        "most parameters of a small ConvNet are found.",
        try_this=(
            "Halve the units of the first linear layer and watch the total.",
            "Give the last one 26 units: for which task?",
        ),
    ),
    "dropout": Lesson(
        "Dropout: train a crowd, not a star",
        "At each training step a random share of the numbers is set to zero, so no unit can rely on a certain other one. "
        "What is left is scaled up to keep the mean. When the net predicts, dropout does nothing.",
        try_this=("Train LeNet without it and compare the gap between training and held-out accuracy.",),
    ),
    "transposed_conv": Lesson(
        "Transposed convolution: painting with filters",
        "Where a convolution reads a patch and writes one number, this reads one number and adds a scaled filter to a patch "
        "of the output. With a stride above 1 the volume grows: the learned way to enlarge maps.",
        try_this=("Put one with F = 2, S = 2 behind a pool of 2: the size is back, the lost detail is not.",),
    ),
    "l2pool": Lesson(
        "L2-norm pooling: the length of a window",
        "The numbers of each window are taken as one vector, and its length is kept. Strong answers count more than in a "
        "mean, but unlike with a maximum every number has a say.",
        try_this=("Replace a max pool by it: volumes and costs stay the same. Train both and compare.",),
    ),
    "globalpool": Lesson(
        "Global pooling: one number a map",
        "Each map, whatever its size, becomes its mean or its largest number. The net then takes images of any size, and the "
        "linear layer behind it needs only one weight a map instead of one a pixel.",
        try_this=("Put it before the flatten block and watch the parameters of the first linear layer.",),
    ),
    "leaky_relu": Lesson(
        "Leaky ReLU: no unit dies for good",
        "A ReLU whose input is negative for every image gets no gradient and never learns again. Here negative numbers keep "
        "a small slope, so there is always a way back.",
        try_this=("Set the slope to 1 and the bend is gone: what is the net then?",),
    ),
    "elu": Lesson(
        "ELU: a soft floor",
        "Above zero it is a ReLU; below, it bends smoothly towards a floor. Negative answers bring the mean of a layer near "
        "zero, at the price of an exponential for each number.",
        try_this=("Swap it for the ReLUs of a deep net and compare how the first epochs go.",),
    ),
    "gelu": Lesson(
        "GELU: a ReLU with a smooth corner",
        "Each number is multiplied by the chance that a normal random number lies below it: large ones pass, very negative "
        "ones vanish, and those near zero are weighed.",
        try_this=("Compare its training curve with that of ReLU on the same net.",),
    ),
    "sigmoid": Lesson(
        "Sigmoid: the old choice",
        "Squashes every number into 0 to 1. Two faults made it rare between layers: far from zero the curve is flat and no "
        "gradient passes, and its answers are never negative, which makes the weights move in zigzags.",
        try_this=("Replace all ReLUs by it in a deep net: the first layers hardly learn.",),
    ),
    "tanh": Lesson(
        "Tanh: a sigmoid centred on zero",
        "Squashes to −1 to 1. The mean of the answers is near zero, which helps the layer behind it; but it saturates "
        "like the sigmoid, and a saturated unit passes no gradient.",
        try_this=("LeNet of 1998 used it: open LeNet-5 from the ready nets.",),
    ),
    "maxout": Lesson(
        "Maxout: learn the bend itself",
        "Several linear answers compete and the largest goes on. ReLU is the case of two, one of which is zero. It does not "
        "saturate and does not die, but the layer before it needs as many more filters or units.",
        try_this=("Put it behind a linear layer of 200 units: 100 are left, for twice the weights.",),
    ),
    "softmax": Lesson(
        "Softmax: from scores to probabilities",
        "Every score is raised to a power of e and divided by the sum of all: the results are positive and add up to 1. The "
        "cross-entropy loss already does this, on the scores; with both, the gradients shrink.",
        try_this=("Put it at the end of a net and read the advice.",),
    ),
    "batchnorm": Lesson(
        "Batch norm: every channel on one scale",
        "While training, each channel is brought to mean 0 and variance 1 over the batch, then scaled and shifted by two "
        "learned numbers. Deep nets train faster and take higher learning rates. To predict, running averages are used.",
        try_this=("Put one behind each conv, raise the learning rate tenfold, and compare.",),
    ),
    "layernorm": Lesson(
        "Layer norm: every image on one scale",
        "All numbers of one image together get mean 0 and variance 1. The other images of the batch play no part, so training "
        "and predicting do the same. Each number has its own scale and shift.",
        try_this=("Compare its parameters with those of batch norm at the same place.",),
    ),
    "groupnorm": Lesson(
        "Group norm: between batch and layer norm",
        "The channels are split into groups, and each group of each image is normalised by itself. It works with a batch of "
        "one, and one scale and shift a channel are enough.",
        try_this=("Set the groups to 1: all channels together. Set them to the depth: each map alone.",),
    ),
    "dropout2d": Lesson(
        "Dropout of whole maps",
        "Neighbouring pixels of a map say nearly the same, so dropping single ones takes little away. Here whole maps are "
        "silenced at each step, and the filters must not rely on each other.",
        try_this=("Put it behind a late conv, and ordinary dropout before the linear layers.",),
    ),
    "add": Lesson(
        "Add: the skip of ResNet",
        "Sums volumes of the same shape. With a wire around a few layers, these need only learn what to change, and in the "
        "backward pass the gradient takes the wire undiminished: so nets of a hundred layers can be trained.",
        try_this=("Draw a wire from the start of a conv block to an add at its end.",),
    ),
    "concat": Lesson(
        "Concatenate: branches side by side",
        "Stacks volumes of one width and height along the depth. The layers behind it can choose among what the branches "
        "found: small and large filters at once, or early maps beside late ones.",
        try_this=("Lead a 1×1, a 3×3 and a 5×5 conv into one: the idea of the Inception nets.",),
    ),
    "reshape": Lesson(
        "Reshape: the same numbers, another volume",
        "Nothing is computed: the numbers keep their order and are read as another width, height and depth. The count must "
        "stay. With it a vector becomes an image again.",
        try_this=("Set two sides and leave the third at 0: it becomes whatever is left.",),
    ),
    "upsample": Lesson(
        "Upsample: larger without learning",
        "Each number is repeated, or the gaps are filled by blending neighbours. Followed by a convolution it replaces the "
        "transposed one and leaves no chequerboard pattern.",
        try_this=("Pool by 2, then upsample by 2: the size is back, the detail is not.",),
    ),
    "zeropad": Lesson(
        "Zero padding as a layer",
        "Puts a border of zeros around the maps, each side by itself. A convolution brings its own padding, but the same on "
        "all sides: an even-sized kernel that keeps the size needs one row more on one side.",
        try_this=("Pad right and bottom by 1 before a 2×2 conv, and the size stays.",),
    ),
    "missing": Lesson(
        "A layer from another cvlab",
        "This version does not know the layer. It is kept word for word in the file, but the net cannot be trained here.",
    ),
}


def lesson_of(layer: LayerSpec) -> Lesson:
    """What to say about a layer, with its formulas as its settings make them."""
    return replace(_LESSONS[layer.kind], formulas=layer_formulas(layer))
