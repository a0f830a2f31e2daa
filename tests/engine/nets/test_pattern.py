"""The course's pattern: text to net to text, the small form, and words for what cannot be read."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvlab.engine.errors import ExpressionError, GraphError
from cvlab.engine.nets import zoo
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import Conv, Input, Linear, MaxPool, Upsample
from cvlab.engine.nets.pattern import Pattern, describe, parse
from cvlab.engine.nets.pattern_words import WORDS
from cvlab.engine.nets.shapes import infer
from tests.engine.nets.strategies import graphs


def layers(net: Architecture) -> list:
    return [net.by_id[i].layer for i in net.order]


def test_the_course_pattern_word_for_word():
    net = parse("INPUT -> [[CONV -> RELU]*2 -> POOL?]*3 -> [FC -> RELU]*1 -> FC", (3, 32, 32), 10)
    kinds = [layer.kind for layer in layers(net)]
    stage = ["conv", "relu", "conv", "relu", "maxpool"]
    assert kinds == ["input", *stage * 3, "flatten", "linear", "relu", "linear"]
    convs = [layer for layer in layers(net) if isinstance(layer, Conv)]
    assert [conv.filters for conv in convs] == [16, 16, 32, 32, 64, 64]
    assert all(conv.kernel == 3 and conv.border == "same" for conv in convs)
    assert infer(net).layers[net.order[-1]].output == (10,) and not infer(net).errors


def test_an_optional_pool_is_left_out_where_nothing_is_left_to_pool():
    net = parse("INPUT 8x8x1 -> [CONV -> POOL?]*5 -> FC 10")
    assert sum(isinstance(layer, MaxPool) for layer in layers(net)) == 3  # 8, 4, 2, 1
    with pytest.raises(ExpressionError, match="POOL needs at least 2×2"):
        parse("INPUT 8x8x1 -> [CONV -> POOL]*5 -> FC 10")


@pytest.mark.parametrize("zoo_id", [z for z in zoo.ZOO if not z.startswith("resnet")])
def test_ready_nets_are_said_and_read_again(zoo_id):
    net = zoo.make(zoo_id)
    assert layers(parse(describe(net))) == layers(net)


def test_the_shortest_words_are_found():
    assert describe(zoo.make("vgg-small")) == (
        "INPUT 32x32x3 -> [[CONV 32|64|128@3x3 -> RELU]*2 -> POOL]*3 -> FC 256 -> RELU -> DROPOUT 0.5 -> FC 10"
    )
    assert describe(zoo.make("three-layer")) == "INPUT 28x28x1 -> [FC 100 -> RELU]*2 -> FC 10"


@given(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3), st.sampled_from([4, 16]), st.integers(1, 3),
       st.sampled_from([1, 3, 5]), st.booleans())  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_form_text_net_text_form(n, m, k, filters, growth, kernel, pool):
    form = Pattern(convs=n, stages=m, hidden=k, filters=filters, growth=growth, kernel=kernel, units=20, pool=pool)
    net = form.net((1, 28, 28), 10)
    assert not infer(net).errors
    assert layers(parse(describe(net))) == layers(net)
    again = Pattern.of(net)
    # Where nothing is repeated, several forms make the same net; the one found makes it, too.
    assert again is None or layers(again.net((1, 28, 28), 10)) == layers(net)
    if n and m and pool and (m == 1 or growth > 1):
        assert again is not None


@given(graphs(most=7))
@settings(max_examples=60, deadline=None)
def test_any_chain_that_can_be_said_is_read_again_as_it_was(net):
    try:
        text = describe(net)
    except GraphError:
        return
    assert layers(parse(text)) == layers(net)


@pytest.mark.parametrize(
    ("text", "words", "column"),
    [
        ("", "layer is missing", 1),
        ("CONV -> FC", "must start with INPUT", 1),
        ("INPUT -> CAPSULE -> FC", "“CAPSULE” is no layer", 10),
        ("INPUT -> [CONV -> FC", "not closed", 10),
        ("INPUT -> CONV 99999", "filters is 99999, but it must be a whole number from 1 to 4,096", 10),
        ("INPUT -> CONV 1|2|3 -> FC", "no bracket around it repeats 3 times", 10),
        ("INPUT -> FC -> CONV", "not a vector", 16),
        ("INPUT -> [CONV]*x", "number must follow", 17),
        ("INPUT -> [[[[[[[[[[CONV]]]]]]]]]]", "eight deep", 19),
        ("INPUT -> [CONV]*64 -> [[CONV]*64]*64", "more than 400 layers", 25),
        ("INPUT -> CONV 3@3x5", "kernels are square", 10),
        ("INPUT -> INPUT", "only be the start", 10),
        ("INPUT -> DROPOUT many", "one number", 10),
        ("INPUT ] x", "Nothing may follow", 7),
    ],
)
def test_what_cannot_be_read_says_where(text, words, column):
    with pytest.raises(ExpressionError, match=words) as caught:
        parse(text)
    assert caught.value.column == column


@given(st.text(alphabet="INPUTCOVFRELx0123456789 ->[]*?@/|.→", max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_text_is_a_net_or_refused(text):
    try:
        assert isinstance(parse(text), Architecture)
    except ExpressionError as error:
        assert error.what


def test_a_layer_without_words_is_refused():
    net = Architecture.chain("u", [Input(), Upsample()])
    with pytest.raises(GraphError, match="no words for Upsample"):
        describe(net)
    with pytest.raises(GraphError, match="single chain"):
        describe(zoo.make("resnet20"))
    assert "CONV" in WORDS and Linear(units=3) == layers(parse("INPUT -> FC 3"))[-1]
