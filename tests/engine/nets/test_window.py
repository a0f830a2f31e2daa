"""The sentences on windows against a count of the lines that a window reads, written out in plain loops."""

import itertools
import re

import pytest

from cvlab.engine.nets.advice import advise
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import (
    AvgPool,
    Conv,
    Flatten,
    Input,
    L2Pool,
    Linear,
    MaxPool,
    Misfit,
    Relu,
    fit_arithmetic,
)
from cvlab.engine.nets.shapes import infer

SETTINGS = [
    (kernel, stride, padding, dilation)
    for kernel, stride, padding, dilation in itertools.product(range(1, 8), range(1, 6), range(4), range(1, 4))
]


def unread_lines(size, kernel, stride, padding, dilation):
    """The lines of the input that no window reads, counted; None where not one window fits."""
    read, start, windows = set(), -padding, 0
    while start + dilation * (kernel - 1) < size + padding:
        read |= {start + tap * dilation for tap in range(kernel)}
        start += stride
        windows += 1
    return sorted(set(range(size)) - read) if windows else None


NUMBER = r"(?P<last>the last (?P<n>\d+ )?)?(?:(?P<some>\d+) of (?P<size>\d+) )?(?P<lines>rows?|columns?)"


def count_told(words, size):
    """(how many, whether they are the last ones) of "the last 2 rows" or "3 of 12 columns"."""
    found = re.fullmatch(NUMBER, words)
    assert found, words
    if found["last"]:
        count = int(found["n"] or 1)
        assert (count == 1) == (not found["lines"].endswith("s")) and found["n"] != "1 "
        return count, True
    assert int(found["size"]) == size and found["lines"].endswith("s")
    return int(found["some"]), False


@pytest.mark.parametrize("size", range(1, 16))
def test_the_lines_that_are_not_visited_are_counted(size):
    for setting in SETTINGS:
        unread = unread_lines(size, *setting)
        if unread is None:
            continue
        for lines in ("row", "column"):
            text = fit_arithmetic(size, *setting, lines)
            told = re.search(r"\(([^()]*) (is|are) not visited\)$", text)
            assert (told is not None) == bool(unread), (text, unread)
            if told is not None:
                count, are_last = count_told(told[1], size)
                assert count == len(unread) and are_last == (unread[0] == size - count)
                assert (told[2] == "is") == (count == 1)
            assert ("only padding" in text) == ("→" in text and not unread)


def test_both_sides_in_one_sentence_and_each_side_in_its_own():
    def text(layer, height, width):
        return layer.arithmetic((1, height, width))

    pool = MaxPool(kernel=3, stride=2)
    assert text(pool, 10, 10).endswith("4.5 → 4 (the last row and column are not visited)")
    assert text(pool, 9, 10).endswith("(the last column is not visited);  height (9 − 3 + 2·0)/2 + 1 = 4")
    assert text(pool, 10, 9).endswith("height (10 − 3 + 2·0)/2 + 1 = 4.5 → 4 (the last row is not visited)")
    assert text(MaxPool(kernel=4, stride=4), 11, 11).endswith("(the last 3 rows and columns are not visited)")
    assert text(Conv(kernel=1, stride=2), 8, 8).endswith("(4 of 8 rows and columns are not visited)")
    # The stem of ResNet: only padding is left over.
    assert text(Conv(kernel=7, stride=2, padding=3), 8, 8).endswith("= 4.5 → 4 (only padding is left over)")
    assert text(MaxPool(kernel=3, stride=2, padding=1), 8, 8).endswith("= 4.5 → 4 (only padding is left over)")
    assert "→ 1 (10 of 12 rows and columns are not visited);  F" in text(Conv(kernel=2, dilation=4, stride=9), 12, 12)


def net_of(layer, height, width):
    return Architecture.chain("x", [Input(height=height, width=width), layer, Relu(), Flatten(), Linear(units=3)])


def advice_on(layer, height, width, rule):
    net = net_of(layer, height, width)
    found = [advice for advice in advise(net) if advice.rule == rule]
    return net, found[0] if found else None


@pytest.mark.parametrize("kind", [MaxPool, AvgPool, L2Pool, Conv])
def test_the_advice_on_a_stride_that_does_not_divide_counts_what_no_window_reads(kind):
    sides = ((11, 11), (12, 12), (13, 12), (12, 14))
    settings = [s for s in SETTINGS if s[0] > 1 and (kind is Conv or s[3] == 1) and (kind is not L2Pool or not s[2])]
    for kernel, stride, padding, dilation in settings[::7] if kind is Conv else settings[::2]:
        options = {"padding": padding} if kind is not L2Pool else {}
        layer = kind(kernel=kernel, stride=stride, **options, **({"dilation": dilation} if kind is Conv else {}))
        for height, width in sides:
            if infer(net_of(layer, height, width)).errors:
                continue
            net, advice = advice_on(layer, height, width, "undivided-stride")
            unread = [unread_lines(side, kernel, stride, padding, dilation) for side in (height, width)]
            extent = dilation * (kernel - 1) + 1
            rests = [(side + 2 * padding - extent) % stride for side in (height, width)]
            assert (advice is not None) == (extent >= stride and max(rests) > padding)
            if advice is None:
                continue
            told = re.fullmatch(r"Of its input, (.*) (is|are) never looked at, .*", advice.why)
            subjects = told[1].replace("row and column", "row").replace("rows and columns", "rows").split(" and ")
            kinds = ("row", "column") if len(subjects) == 2 or height != width or unread[0] != unread[1] else ("row",)
            if len(subjects) == 1 and len(kinds) == 2:
                kinds = ("column",) if "column" in subjects[0] else ("row",)
            total = 0
            for words, lines in zip(subjects, kinds, strict=True):
                axis = 0 if lines == "row" else 1
                count, are_last = count_told(words, (height, width)[axis])
                assert lines in words and count == len(unread[axis]), (advice.why, unread)
                assert are_last == (unread[axis][0] == (height, width)[axis] - count)
                total += count
            silent = {"row", "column"} - set(kinds) if height != width or unread[0] != unread[1] else set()
            assert not any(unread[0 if lines == "row" else 1] for lines in silent)
            assert (told[2] == "is") == (total == 1 and "row and column" not in told[1])
            mended = advice.apply(net)
            assert not infer(mended).errors
            assert "undivided-stride" not in [other.rule for other in advise(mended)]


def test_the_advice_tells_the_rows_that_are_not_read():
    why = advice_on(Conv(kernel=5, stride=5, padding=1), 12, 12, "undivided-stride")[1].why
    assert why.startswith("Of its input, the last 3 rows and columns are never looked at")
    why = advice_on(MaxPool(kernel=3, stride=2), 12, 13, "undivided-stride")[1].why
    assert why.startswith("Of its input, the last row is never looked at")
    why = advice_on(MaxPool(kernel=3, stride=3), 13, 14, "undivided-stride")[1].why
    assert why.startswith("Of its input, the last row and the last 2 columns are never looked at")


@pytest.mark.parametrize("dilation", [1, 2, 3])
@pytest.mark.parametrize("kernel", range(6, 14))
def test_small_filters_see_as_far_as_it_is_said(kernel, dilation):
    net, advice = advice_on(Conv(kernel=kernel, dilation=dilation, padding=4), 64, 64, "large-filter")
    words = r"(\d+) layers of 3×3(?: with dilation (\d+))? see as far as one of (\d+)×\3(?: with dilation (\d+))?, with (\d+) "
    count, spread, seen, seen_spread, weights = re.match(words, advice.why).groups()
    assert spread == seen_spread and int(spread or 1) == dilation
    stack = Architecture.chain("x", [Input(height=99, width=99), *[Conv(dilation=dilation)] * int(count)])
    single = Architecture.chain("x", [Input(height=99, width=99), Conv(kernel=int(seen), dilation=dilation)])
    fields = [infer(net).layers[net.order[-1]].receptive_field for net in (stack, single)]
    assert fields[0] == fields[1] and int(seen) <= kernel
    assert int(weights) == 9 * int(count) and f"instead of {kernel**2}," in advice.why
    if "3×3" in advice.change:
        changed = advice.apply(net)
        both = (infer(net).layers[2], infer(changed).layers[changed.by_name["conv1"].id])
        assert both[0].output == both[1].output and both[0].receptive_field == both[1].receptive_field


def test_an_even_filter_whose_dilation_gives_it_a_middle_keeps_the_size():
    assert advice_on(Conv(kernel=2, dilation=2, padding=1), 12, 12, "even-filter")[1] is None
    assert advice_on(Conv(kernel=2, dilation=3), 12, 12, "even-filter")[1] is not None


@pytest.mark.parametrize("padding", range(4))
@pytest.mark.parametrize("kernel", [2, 3, 4, 5, 7])
def test_the_weights_that_meet_a_single_pixel_are_counted(kernel, padding):
    for dilation, stride in itertools.product((1, 2), (1, 2, 3)):
        layer = Conv(kernel=kernel, padding=padding, dilation=dilation, stride=stride)
        try:
            outputs = layer.output_shape((1, 1, 1))[1]
        except Misfit:
            continue
        meet = {tap for p in range(outputs) for tap in range(kernel) if p * stride - padding + tap * dilation == 0}
        advice = advice_on(layer, 1, 1, "vanished")[1]
        assert (advice is None) == (len(meet) == kernel)
        if advice is not None:
            told = re.match(r"(?:Only (\d+)|None) of the (\d+)×\2 weights", advice.why)
            assert int(told[1] or 0) == len(meet) ** 2 and int(told[2]) == kernel


@pytest.mark.parametrize("size", range(1, 8))
def test_the_numbers_of_a_window_that_does_not_fit_are_the_closest_that_do(size):
    def fits(layer):
        try:
            return bool(layer.output_shape((1, size, size)))
        except Misfit:
            return False

    for kernel, stride, padding, dilation in SETTINGS:
        layer = Conv(kernel=kernel, stride=stride, padding=padding, dilation=dilation)
        if fits(layer):
            continue
        with pytest.raises(Misfit) as refused:
            layer.output_shape((1, size, size))
        most = re.search(r"at most (\d+)", refused.value.hint)
        least = re.search(r"padding of at least (\d+)", refused.value.hint)
        if most is None and least is None:
            assert dilation * (kernel - 1) + 1 <= size + 2 * padding, "it fits, but reads only padding"
        kernels = [k for k in range(1, kernel) if fits(layer.model_copy(update={"kernel": k}))]
        paddings = [p for p in range(padding + 1, 16) if fits(layer.model_copy(update={"padding": p}))]
        if most is not None:
            assert int(most[1]) == max(kernels)
        if least is not None:
            assert int(least[1]) == min(paddings)
