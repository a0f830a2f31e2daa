"""The layers of the course as typed specs. Add a kind by adding a class to its family's module; the registry, the palette,
the inspector, the source generator and the conformance tests find it. Importing this does not import torch.
"""

from cvlab.engine.nets.layers.spec import (  # isort: skip  (the order of what follows is the palette's)
    MAX_ELEMENTS,
    PASS,
    REARRANGED,
    REGISTRY,
    STACKED,
    WHOLE,
    LayerSpec,
    Misfit,
    Missing,
    Reach,
    Reads,
    Shape,
    Taps,
    from_dict,
    need_volume,
    register,
    volume,
)
from cvlab.engine.nets.layers.window import fit_arithmetic, fit_count  # isort: skip
from cvlab.engine.nets.layers.source import Input  # isort: skip
from cvlab.engine.nets.layers.convolution import Conv, TransposedConv  # isort: skip
from cvlab.engine.nets.layers.pooling import AvgPool, GlobalPool, L2Pool, MaxPool  # isort: skip
from cvlab.engine.nets.layers.activation import (  # isort: skip
    Activation,
    Elu,
    Gelu,
    LeakyRelu,
    Maxout,
    Relu,
    Sigmoid,
    Softmax,
    Tanh,
)
from cvlab.engine.nets.layers.dense import Linear  # isort: skip
from cvlab.engine.nets.layers.normalization import BatchNorm, GroupNorm, LayerNorm  # isort: skip
from cvlab.engine.nets.layers.regularization import Dropout, Dropout2d  # isort: skip
from cvlab.engine.nets.layers.merging import Add, Concat, Merge  # isort: skip
from cvlab.engine.nets.layers.shaping import Flatten, Reshape, Upsample, ZeroPad  # isort: skip

__all__ = [
    "MAX_ELEMENTS", "PASS", "REARRANGED", "REGISTRY", "STACKED", "WHOLE", "Activation", "Add", "AvgPool", "BatchNorm",
    "Concat", "Conv", "Dropout", "Dropout2d", "Elu", "Flatten", "Gelu", "GlobalPool", "GroupNorm", "Input", "L2Pool",
    "LayerNorm", "LayerSpec", "LeakyRelu", "Linear", "MaxPool", "Maxout", "Merge", "Misfit", "Missing", "Reach", "Reads",
    "Relu", "Reshape", "Shape", "Sigmoid", "Softmax", "Tanh", "Taps", "TransposedConv", "Upsample", "ZeroPad",
    "fit_arithmetic", "fit_count", "from_dict", "need_volume", "register", "volume",
]  # fmt: skip
