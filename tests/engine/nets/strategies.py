"""Random nets for property tests: chains that mostly fit, with every layer kind in them."""

from hypothesis import strategies as st

from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import AvgPool, Conv, Dropout, Flatten, Input, Linear, MaxPool, Relu

convs = st.builds(
    Conv,
    filters=st.integers(1, 6),
    kernel=st.integers(1, 5),
    stride=st.integers(1, 3),
    padding=st.integers(0, 3),
    bias=st.booleans(),
)
max_pools = st.builds(MaxPool, kernel=st.integers(1, 3), stride=st.integers(1, 3))
avg_pools = st.builds(AvgPool, kernel=st.integers(1, 3), stride=st.integers(1, 3))
dropouts = st.builds(Dropout, drop=st.floats(0, 0.9))
linears = st.builds(Linear, units=st.integers(1, 20), bias=st.booleans())
any_layer = st.one_of(convs, max_pools, avg_pools, dropouts, linears, st.just(Relu()), st.just(Flatten()))
inputs = st.builds(Input, channels=st.integers(1, 3), height=st.integers(4, 14), width=st.integers(4, 14))


@st.composite
def chains(draw) -> Architecture:
    """A chain that is meant to fit: volumes, then a flatten, then vectors. Small inputs may still be shrunk to nothing."""
    front = draw(st.lists(st.one_of(convs, max_pools, avg_pools, dropouts, st.just(Relu())), max_size=5))
    back = draw(st.lists(st.one_of(linears, dropouts, st.just(Relu())), max_size=4))
    return Architecture.chain("random", [draw(inputs), *front, Flatten(), *back, draw(linears)])
