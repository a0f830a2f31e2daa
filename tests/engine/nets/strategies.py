"""Random nets for property tests: chains that mostly fit, and branching graphs that do, with every layer kind in them."""

import math

from hypothesis import strategies as st

from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import (
    REGISTRY,
    Add,
    AvgPool,
    BatchNorm,
    Concat,
    Conv,
    Dropout,
    Dropout2d,
    Elu,
    Flatten,
    Gelu,
    GlobalPool,
    GroupNorm,
    Input,
    L2Pool,
    LayerNorm,
    LeakyRelu,
    Linear,
    Maxout,
    MaxPool,
    Misfit,
    Relu,
    Reshape,
    Sigmoid,
    Softmax,
    Tanh,
    TransposedConv,
    Upsample,
    ZeroPad,
)

convs = st.builds(
    Conv,
    filters=st.integers(1, 6),
    kernel=st.integers(1, 5),
    stride=st.integers(1, 3),
    padding=st.integers(0, 3),
    bias=st.booleans(),
)
rich_convs = st.builds(
    Conv,
    filters=st.integers(1, 6),
    kernel=st.integers(1, 5),
    stride=st.integers(1, 3),
    border=st.sampled_from(["number", "same", "valid"]),
    padding=st.integers(0, 3),
    dilation=st.integers(1, 3),
    groups=st.integers(1, 3),
    bias=st.booleans(),
)
transposed = st.builds(
    TransposedConv,
    filters=st.integers(1, 4),
    kernel=st.integers(1, 4),
    stride=st.integers(1, 3),
    padding=st.integers(0, 2),
    output_padding=st.integers(0, 2),
    dilation=st.integers(1, 2),
    groups=st.integers(1, 2),
    bias=st.booleans(),
)
max_pools = st.builds(MaxPool, kernel=st.integers(1, 3), stride=st.integers(1, 3), padding=st.integers(0, 1))
avg_pools = st.builds(AvgPool, kernel=st.integers(1, 3), stride=st.integers(1, 3), padding=st.integers(0, 1))
l2_pools = st.builds(L2Pool, kernel=st.integers(1, 3), stride=st.integers(1, 3))
dropouts = st.builds(Dropout, drop=st.floats(0, 0.9))
linears = st.builds(Linear, units=st.integers(1, 20), bias=st.booleans())
inputs = st.builds(Input, channels=st.integers(1, 3), height=st.integers(4, 14), width=st.integers(4, 14))
bends = st.one_of(
    st.just(Relu()),
    st.just(Relu()),
    st.builds(LeakyRelu, slope=st.floats(0, 1)),
    st.builds(Elu, alpha=st.floats(0.01, 2)),
    st.sampled_from([Gelu(), Sigmoid(), Tanh(), Softmax()]),
    st.builds(Maxout, pieces=st.integers(2, 3)),
)
norms = st.one_of(
    st.builds(BatchNorm, affine=st.booleans()),
    st.builds(LayerNorm, affine=st.booleans(), eps=st.sampled_from([1e-5, 1e-3])),
    st.builds(GroupNorm, groups=st.integers(1, 3)),
)
shapers = st.one_of(
    st.builds(Upsample, scale=st.integers(1, 2), mode=st.sampled_from(["nearest", "bilinear"])),
    st.builds(ZeroPad, **{side: st.integers(0, 2) for side in ("top", "bottom", "left", "right")}),
    st.builds(GlobalPool, mode=st.sampled_from(["average", "max"])),
    st.builds(Reshape, channels=st.integers(0, 4), height=st.integers(0, 4), width=st.integers(0, 4)),
    st.just(Flatten()),
)
mutes = st.one_of(dropouts, st.builds(Dropout2d, drop=st.floats(0, 0.9)))
any_layer = st.one_of(
    rich_convs, rich_convs, transposed, max_pools, avg_pools, l2_pools, bends, bends, norms, shapers, mutes, linears
)
KINDS_DRAWN = set(REGISTRY) - {"input", "add", "concat"}


@st.composite
def chains(draw) -> Architecture:
    """A chain that is meant to fit: volumes, then a flatten, then vectors. Small inputs may still be shrunk to nothing."""
    front = draw(st.lists(st.one_of(convs, max_pools, avg_pools, dropouts, st.just(Relu())), max_size=5))
    back = draw(st.lists(st.one_of(linears, dropouts, st.just(Relu())), max_size=4))
    return Architecture.chain("random", [draw(inputs), *front, Flatten(), *back, draw(linears)])


@st.composite
def graphs(draw, layers=any_layer, most: int = 9, head: bool = True) -> Architecture:
    """A net of every kind of layer with branches, skips and merges that fits together.

    head: all loose ends are joined in a linear layer."""
    net, start = Architecture(name="random").add(draw(inputs))
    first = net.by_id[start].layer
    values = {start: (first.channels, first.height, first.width)}  # node id -> shape of its output

    def grow(layer, *sources, most=6000):
        nonlocal net
        try:
            shape = layer.output_shape(*(values[source] for source in sources))
        except Misfit:
            return None
        if math.prod(shape) > most:
            return None
        net, node_id = net.add(layer)
        for port, source in enumerate(sources):
            net = net.connect(source, node_id, port)
        values[node_id] = shape
        return node_id

    for _ in range(draw(st.integers(1, most))):
        ids = list(values)
        source = ids[-1] if draw(st.integers(0, 3)) else draw(st.sampled_from(ids))
        if draw(st.integers(0, 3)) == 0:
            shape = values[source]
            alike = [i for i in ids if values[i] == shape]
            stackable = [i for i in ids if len(values[i]) == len(shape) and values[i][1:] == shape[1:]]
            others = draw(st.lists(st.sampled_from(stackable), min_size=1, max_size=2))
            if draw(st.booleans()):
                grow(Concat(inputs=1 + len(others)), source, *others)
            else:
                others = [draw(st.sampled_from(alike)) for _ in others]
                grow(Add(inputs=1 + len(others)), source, *others)
        else:
            grow(draw(layers), source)
    if head:
        ends = [node.id for node in net.nodes if not net.out_of(node.id)]
        flat = [end if len(values[end]) == 1 else grow(Flatten(), end) for end in ends]
        while len(flat) > 1:
            flat = [grow(Concat(inputs=len(flat[:8])), *flat[:8], most=math.inf), *flat[8:]]
        grow(draw(linears), flat[0])
    return net


@st.composite
def grouped_graphs(draw) -> Architecture:
    """A graph with one or two blocks that repeat and keep their shape, perhaps one inside the other."""
    net = draw(graphs(most=4))
    candidates = [e for e in net.edges if net.by_id[e.target].layer.arity == 1]
    edge = draw(st.sampled_from(candidates))
    after, ids = edge.source, []
    kinds = st.sampled_from([Relu(), Dropout(drop=0.3), LeakyRelu(), Tanh(), Elu()])
    for layer in draw(st.lists(kinds, min_size=1, max_size=3)):
        net, after = net.insert(layer, after=after, before=edge.target)
        ids.append(after)
    if draw(st.booleans()):  # a skip around the block, inside it
        net, merge = net.insert(Add(), after=after, before=edge.target)
        net = net.connect(edge.source, merge, 1)
        ids.append(merge)
    net, _ = net.grouped(ids, times=draw(st.integers(1, 3)))
    if len(ids) > 1 and draw(st.booleans()):
        net, _ = net.grouped(ids[:1], times=draw(st.integers(1, 3)))
    return net
