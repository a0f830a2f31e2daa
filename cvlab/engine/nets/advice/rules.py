"""What the course would do otherwise (8.3.2 and 9), rule by rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from cvlab.engine.nets.advice.case import Advice, Case
from cvlab.engine.nets.advice.changes import Change, insert_before, remove, set_layer, stack_small_filters
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import (
    Activation,
    AvgPool,
    BatchNorm,
    Conv,
    Dropout,
    Dropout2d,
    Flatten,
    GlobalPool,
    GroupNorm,
    Input,
    LayerNorm,
    Linear,
    Maxout,
    MaxPool,
    Relu,
    Shape,
    Softmax,
    TransposedConv,
    ZeroPad,
    volume,
)
from cvlab.engine.nets.layers.pooling import WindowPool
from cvlab.engine.nets.layers.window import skipped_lines, unread, window_taps
from cvlab.engine.nets.shapes import LayerReport


def _input_halves(case: Case) -> Iterator[Advice]:
    start = next((node for node in case.net.nodes if isinstance(node.layer, Input)), None)
    sights = [found.sight for _, layer, found in case.working() if found.sight and len(found.output) == 3]
    if start is None or not sights:
        return
    block = int(max(max(*s.stride, 1) for s in sights))
    halvings = block.bit_length() - 1
    if block != 2**halvings:
        return  # a stride of 3 somewhere: not only halved
    first = start.id
    while len(case.net.out_of(first)) == 1 and isinstance(case.layer(case.net.out_of(first)[0].target), ZeroPad):
        first = case.net.out_of(first)[0].target  # a border that is there already
    if case.report.layers[first].output is None:
        return
    _, side_h, side_w = case.report.layers[first].output
    if halvings < 2 or (side_h % block == 0 and side_w % block == 0):
        return
    tall, wide = -(-side_h // block) * block, -(-side_w // block) * block
    top, left = (tall - side_h) // 2, (wide - side_w) // 2
    pad = ZeroPad(top=top, bottom=tall - side_h - top, left=left, right=wide - side_w - left)
    yield Advice(
        "input-halves", "note", start.id,
        f"The image's sides, {side_w} and {side_h}, cannot be halved {halvings} times.",
        f"Each pool should divide what it gets by two without a rest, so the input should be divisible by {block}; else sizes "
        "are rounded, and what is left over at the edge is padding or is never looked at.",
        f"Pad the image to {wide}×{tall}", _pad_behind(first, pad),
    )  # fmt: skip


def _pad_behind(start: int, pad: ZeroPad) -> Change:
    def change(net: Architecture) -> Architecture:
        readers = net.out_of(start)
        net, node_id = net.add(pad)
        for edge in readers:
            net = net.connect(node_id, edge.target, edge.port)
        return net.connect(start, node_id)

    return change


def _filters(case: Case) -> Iterator[Advice]:
    for node_id, layer, found in case.working():
        if not isinstance(layer, Conv) or _reads_all(layer, found):
            continue
        name, k = case.name(node_id), layer.kernel
        if k > 5:
            stack = (k - 1) // 2
            plain = layer.stride == 1 and layer.dilation == 1 and layer.groups == 1 and k % 2 == 1
            seen, spread = 2 * stack + 1, f" with dilation {layer.dilation}" if layer.dilation > 1 else ""
            why = (
                f"{stack} layers of 3×3{spread} see as far as one of {seen}×{seen}{spread}, with {stack * 9} weights a pair of "
                f"maps instead of {k * k}, and with a bend after each."
            )
            if plain:
                yield Advice("large-filter", "warning", node_id, f"{name} has filters of {k}×{k}.", why,
                             f"Use {stack} layers of 3×3", stack_small_filters(node_id, stack))  # fmt: skip
            else:
                yield Advice("large-filter", "warning", node_id, f"{name} has filters of {k}×{k}.", why, "Use 5×5",
                             set_layer(node_id, kernel=5, **({"padding": 2} if layer.padding > 2 else {})))  # fmt: skip
        if layer.extent % 2 == 0:
            side = k - 1 if k > 2 else 3
            yield Advice(
                "even-filter", "warning", node_id, f"{name} has filters of an even size, {k}×{k}.",
                "An even filter has no middle: it shifts the picture by half a pixel, and no padding keeps the size.",
                f"Use {side}×{side}", set_layer(node_id, kernel=side, border="same"),
            )  # fmt: skip


def _reads_all(layer: Conv, found: LayerReport) -> bool:
    """Whether it is a fully connected layer in disguise: one position, no padding."""
    return found.output[1:] == (1, 1) and layer.extent == min(found.inputs[0][1:])


def _shrinking(case: Case) -> Iterator[Advice]:
    for node_id, layer, found in case.working():
        if not isinstance(layer, Conv) or layer.stride > 1 or _reads_all(layer, found) or layer.extent % 2 == 0:
            continue
        if found.output[1:] != found.inputs[0][1:] and layer.zeros < (layer.extent - 1) // 2:
            _, h, w = found.inputs[0]
            _, out_h, out_w = found.output
            yield Advice(
                "shrinking-conv", "note", node_id,
                f"{case.name(node_id)} shrinks the maps from {w}×{h} to {out_w}×{out_h}.",
                "A conv that keeps the size leaves the downsampling to the pools: sizes stay easy to plan, and the edge of the "
                "image is not washed away.",
                "Pad to keep the size", set_layer(node_id, border="same"),
            )  # fmt: skip


def _undivided(case: Case) -> Iterator[Advice]:
    for node_id, layer, found in case.working():
        if not isinstance(layer, Conv | WindowPool):
            continue
        dilation, window = (layer.dilation, layer.extent) if isinstance(layer, Conv) else (1, layer.kernel)
        if window < layer.stride:
            continue  # it means to leave pixels out
        sides = found.inputs[0][1:]
        rests = [(side - window + 2 * layer.zeros) % layer.stride for side in sides]
        if max(rests) <= layer.zeros:
            continue  # only padding is left out
        down, across = ((layer.stride - rest) % layer.stride for rest in rests)
        skipped = [skipped_lines(side, layer.kernel, layer.stride, layer.zeros, dilation) for side in sides]
        yield Advice(
            "undivided-stride", "warning", node_id,
            f"The stride of {case.name(node_id)} does not divide: {found.arithmetic}.",
            f"{_never_read(skipped, sides)} never looked at, and the result is not centered.",
            "Pad it with zeros", insert_before(node_id, ZeroPad(top=0, bottom=down, left=0, right=across)),
        )  # fmt: skip


def _never_read(skipped: list[tuple[int, ...]], sides: Shape) -> str:
    """Subject and verb: "Of its input, the last row and the last 2 columns are"."""
    (height, width), (rows, columns) = sides, skipped
    if rows == columns and height == width:
        return f"Of its input, {unread(rows, height, 'row and column')}"
    told = [unread(*each) for each in ((rows, height, "row"), (columns, width, "column")) if each[0]]
    if len(told) == 1:
        return f"Of its input, {told[0]}"
    subjects = " and ".join(words.removesuffix(" is").removesuffix(" are") for words in told)
    return f"Of its input, {subjects} are"


def _fc_share(case: Case) -> Iterator[Advice]:
    total = case.report.parameters
    has_conv = any(isinstance(layer, Conv) for _, layer, _ in case.working())
    for node_id, layer, found in case.working():
        if not isinstance(layer, Linear) or not has_conv or found.parameters < max(0.5 * total, 50_000):
            continue
        flatten = case.before(node_id, (Dropout,))
        if flatten is None or not isinstance(case.layer(flatten), Flatten):
            continue
        maps = case.report.layers[flatten].inputs[0]
        if len(maps) == 3 and maps[1] * maps[2] > 1:
            yield Advice(
                "fc-share", "note", node_id,
                f"{case.name(node_id)} holds {found.parameters / total:.0%} of all parameters.",
                f"It has a weight for each of {volume(maps)} numbers. Averaging every map first leaves {maps[0]}: fewer weights "
                "overfit less, and any image size fits.",
                f"Average the maps before {case.name(flatten)}", insert_before(flatten, GlobalPool()),
            )  # fmt: skip


_NO_BEND = (Flatten, Dropout, Dropout2d, BatchNorm)


def _no_bend(case: Case) -> Iterator[Advice]:
    kinds = (Linear, Conv, TransposedConv)
    for node_id, layer, _ in case.working():
        if not isinstance(layer, kinds):
            continue
        before = case.before(node_id, _NO_BEND)
        if before is not None and isinstance(case.layer(before), kinds) and len(case.net.out_of(before)) == 1:
            target = case.net.out_of(before)[0].target
            behind = target if isinstance(case.layer(target), BatchNorm) and target != node_id else before
            reader = case.net.out_of(behind)[0].target
            yield Advice(
                "no-bend", "warning", node_id,
                f"Nothing bends between {case.name(before)} and {case.name(node_id)}.",
                "Two linear layers in a row are one linear layer: W₂(W₁x) = (W₂W₁)x. The second one adds cost, not power.",
                f"Insert a ReLU behind {case.name(behind)}", insert_before(reader, Relu()),
            )  # fmt: skip


def _at_the_end(case: Case) -> Iterator[Advice]:
    end = case.end()
    if end is None or case.before(end) is None:
        return
    layer, name = case.layer(end), case.name(end)
    if isinstance(layer, Softmax):
        yield Advice(
            "softmax-before-loss", "warning", end, f"{name} comes before the cross-entropy loss.",
            "The loss takes scores and computes their softmax itself. Twice squashed, the probabilities stay close together "
            "and the gradients become small.", "Delete the softmax", remove(end),
        )  # fmt: skip
    elif isinstance(layer, Dropout | Dropout2d):
        yield Advice(
            "dropout-at-end", "warning", end, f"{name} drops scores.",
            "Behind the last layer dropout sets whole classes to zero at random; there is nothing left that could learn to do "
            "without them.", "Delete it", remove(end),
        )  # fmt: skip
    elif isinstance(layer, Activation | Maxout):
        yield Advice(
            "bend-at-end", "warning", end, f"{name} bends the scores.",
            "Scores may be any number, and the loss compares them. An activation cuts off what tells a bad class from a worse "
            "one, and its gradient with it.", "Delete it", remove(end),
        )  # fmt: skip


def _small_view(case: Case) -> Iterator[Advice]:
    for node_id, layer, _ in case.working():
        if not isinstance(layer, GlobalPool):
            continue
        source = case.net.into(node_id)[0].source
        sight = case.report.layers[source].last.sight
        if sight is None:
            continue
        wanted = [round(case.object_share * side) for side in sight.image]
        if sight.field[0] >= wanted[0] and sight.field[1] >= wanted[1]:
            continue
        pool_after = next((i for i, each, _ in case.working() if isinstance(each, Activation | Maxout)), None)
        change, words = None, ""
        if pool_after is not None and len(case.net.out_of(pool_after)) == 1:
            change, words = (
                insert_before(case.net.out_of(pool_after)[0].target, MaxPool()),
                f"Pool behind {case.name(pool_after)}: every later window then spans twice as many pixels",
            )
        yield Advice(
            "small-view", "warning", node_id,
            f"No number before {case.name(node_id)} sees more than {sight.field[1]}×{sight.field[0]} pixels.",
            f"An object of {wanted[1]}×{wanted[0]} is never seen as a whole: the net can only count its parts.", words, change,
        )  # fmt: skip


def _vanishing(case: Case) -> Iterator[Advice]:
    for node_id, layer, found in case.working():
        if isinstance(layer, Conv) and layer.kernel > 1 and found.inputs[0][1:] == (1, 1):
            taps = window_taps(1, layer.kernel, layer.stride, layer.zeros, layer.dilation).index
            meet = int((taps == 0).any(0).sum()) ** 2
            if meet == layer.kernel**2:
                continue
            yield Advice(
                "vanished", "warning", node_id, f"{case.name(node_id)} gets maps of 1×1.",
                f"Only {meet} of the {layer.kernel}×{layer.kernel} weights of a filter ever "
                f"{'meets' if meet == 1 else 'meet'} a number; the others see padding."
                if meet
                else f"None of the {layer.kernel}×{layer.kernel} weights of a filter ever meets a number: all see padding.",
                "Use a 1×1 kernel", set_layer(node_id, kernel=1, border="valid"),
            )  # fmt: skip


def _idle_bias(case: Case) -> Iterator[Advice]:
    for node_id, layer, _ in case.working():
        readers = case.net.out_of(node_id)
        followed = len(readers) == 1 and isinstance(case.layer(readers[0].target), BatchNorm)
        if isinstance(layer, Conv | Linear | TransposedConv) and layer.bias and followed:
            yield Advice(
                "idle-bias", "note", node_id, f"The bias of {case.name(node_id)} does nothing.",
                "Batch norm subtracts the mean right behind it, and the bias with it; it has a shift of its own.",
                "Leave the bias out", set_layer(node_id, bias=False),
            )  # fmt: skip


def _two_values(case: Case) -> Iterator[Advice]:
    for node_id, layer, found in case.working():
        if not isinstance(layer, LayerNorm | GroupNorm) or layer.values(found.inputs[0]) != 2:
            continue
        channels = found.inputs[0][0]
        fewer = [n for n in range(1, channels) if channels % n == 0] if isinstance(layer, GroupNorm) else []
        fewer = [n for n in fewer if n < layer.groups]
        change = set_layer(node_id, groups=fewer[-1]) if fewer else remove(node_id)
        yield Advice(
            "two-values", "warning", node_id, f"{case.name(node_id)} takes the mean and variance of two numbers at a time.",
            "Two numbers minus their mean, over their deviation, are +1 and −1: all that is left is which one is larger, and "
            "almost no gradient flows back.",
            f"Set the groups to {fewer[-1]}" if fewer else "Delete it", change,
        )  # fmt: skip


def _averaged_away(case: Case) -> Iterator[Advice]:
    for node_id, layer, found in case.working():
        whole = isinstance(layer, GlobalPool) and layer.mode == "average"
        if isinstance(layer, AvgPool):
            whole = not layer.padding and (layer.kernel, layer.kernel) == found.inputs[0][1:]
        source = case.before(node_id, (Dropout, Dropout2d)) if whole else None
        if source is None:
            continue
        norm, channels = case.layer(source), found.inputs[0][0]
        # The scale of a layer norm is another one at every place, and may learn to keep the mean.
        alone = isinstance(norm, GroupNorm) and norm.groups == channels
        if alone or (isinstance(norm, LayerNorm) and channels == 1 and not norm.affine):
            yield Advice(
                "averaged-away", "warning", node_id,
                f"{case.name(node_id)} takes the mean of maps whose mean {case.name(source)} has made 0.",
                "Each map is normalized by itself, so its mean says nothing about the image: every image gives the same "
                "numbers, and nothing can be learned.",
                f"Delete {case.name(source)}", remove(source),
            )  # fmt: skip


RULES: tuple[Callable[[Case], Iterator[Advice]], ...] = (
    _input_halves, _filters, _shrinking, _undivided, _fc_share, _no_bend, _at_the_end, _small_view, _vanishing, _idle_bias,
    _two_values, _averaged_away,
)  # fmt: skip
