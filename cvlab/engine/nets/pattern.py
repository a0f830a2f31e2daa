"""The course's layer pattern as text and back: INPUT -> [[CONV -> RELU]*N -> POOL?]*M -> [FC -> RELU]*K -> FC (8.3.1).

Grammar (capitals do not matter):

    sequence := step ("->" step)*
    step     := "[" sequence "]" ["?"] ["*" count]  |  WORD [sizes] ["?"]

    INPUT 32x32x3         width x height x depth
    CONV 16@3x3/2 same    filters @ kernel, / stride, then same, valid or pad 2, dilation 2, groups 2, nobias
    POOL 2x2/2            also AVGPOOL, L2POOL; pad 1
    FC 120 nobias         DROPOUT 0.5, DROPOUT2D 0.5, MAXOUT 2, LEAKY 0.01, ELU 1, GN 4
    RELU GELU SIGMOID TANH SOFTMAX BN LN FLATTEN GAP GMP

A number may be a list with one entry a repetition: [CONV 16|32|64 -> RELU -> POOL]*3. What is not said is the course's
advice: 3x3 filters at stride 1 that keep the size, whose number starts at 16 and doubles with each outer repetition, 2x2
max pooling, 128 units; the last FC has one unit a class. A step with a question mark is left out where it does not fit.
A FLATTEN before the first FC goes without saying.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pydantic import Field

from cvlab.engine.errors import ExpressionError, GraphError
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import Conv, Flatten, Input, LayerSpec, Linear, MaxPool, Misfit
from cvlab.engine.nets.pattern_words import WORDS, read_layer, word_of
from cvlab.engine.spec import Spec

MAX_TEXT, MAX_LAYERS, MAX_COUNT = 2000, 400, 64
ImageShape = tuple[int, int, int]


class Pattern(Spec):
    """The small form: how often each bracket repeats, and how wide its layers are."""

    convs: int = Field(2, ge=0, le=8, title="N", description="CONV -> RELU pairs before each pool; usually 1 to 3.")
    stages: int = Field(
        2, ge=0, le=8, title="M", description="How often convs and pool repeat; each pool halves the maps."
    )
    hidden: int = Field(1, ge=0, le=8, title="K", description="FC -> RELU pairs before the scores; usually 0 to 2.")
    filters: int = Field(16, ge=1, le=512, title="Filters", description="Filters of each conv in the first stage.")
    growth: int = Field(
        2,
        ge=1,
        le=4,
        title="Growth",
        description="How many times more filters each stage has than the one before. Usual: 2.",
    )
    kernel: int = Field(3, ge=1, le=11, title="Kernel F", description="Side of every filter: 3, at most 5, and odd.")
    units: int = Field(128, ge=1, le=16384, title="Units", description="Neurons of each hidden FC layer.")
    pool: bool = Field(True, title="Pool", description="Whether a stage ends with 2×2 max pooling.")

    def text(self) -> str:
        """The pattern with these numbers; `parse` reads it."""
        widths = [min(self.filters * self.growth**stage, 4096) for stage in range(self.stages)]
        told = str(widths[0]) if len(set(widths)) == 1 else "|".join(map(str, widths)) if widths else ""
        steps = ["INPUT"]
        inner = [f"[CONV {told}@{self.kernel}x{self.kernel} -> RELU]*{self.convs}"] * (self.convs > 0)
        inner += ["POOL"] * self.pool
        if self.stages and inner:
            steps.append(f"[{' -> '.join(inner)}]*{self.stages}")
        if self.hidden:
            steps.append(f"[FC {self.units} -> RELU]*{self.hidden}")
        return " -> ".join([*steps, "FC"])

    def net(self, image: ImageShape, classes: int) -> Architecture:
        """The net; raises `ExpressionError` where it does not fit the image."""
        return parse(self.text(), image, classes)

    @classmethod
    def of(cls, net: Architecture) -> Pattern | None:
        """The form that makes this very net, or None where it follows the pattern only loosely or not at all."""
        try:
            layers = _chain(net)
        except GraphError:
            return None
        form = _guess(layers)
        if form is None or not isinstance(layers[0], Input) or not isinstance(layers[-1], Linear):
            return None
        start, end = layers[0], layers[-1]
        try:
            again = form.net((start.channels, start.height, start.width), end.units)
        except ExpressionError:
            return None
        return form if _chain(again) == layers else None


def _guess(layers: Sequence[LayerSpec]) -> Pattern | None:
    convs = [layer for layer in layers if isinstance(layer, Conv)]
    pools = sum(isinstance(layer, MaxPool) for layer in layers)
    hidden = [layer for layer in layers if isinstance(layer, Linear)][:-1]
    widths = list(dict.fromkeys(conv.filters for conv in convs))
    stages = pools or len(widths)
    if convs and (not stages or len(convs) % stages):
        return None
    growth = widths[1] // widths[0] if len(widths) > 1 else 1
    try:
        return Pattern(
            convs=len(convs) // stages if stages else 0,
            stages=stages,
            hidden=len(hidden),
            filters=widths[0] if widths else 16,
            growth=growth,
            kernel=convs[0].kernel if convs else 3,
            units=hidden[0].units if hidden else 128,
            pool=pools > 0,
        )
    except ValueError:
        return None


# -- text to net -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Layer:
    word: str
    sizes: str
    optional: bool
    offset: int
    length: int


@dataclass(frozen=True)
class _Bracket:
    steps: tuple[_Layer | _Bracket, ...]
    count: int
    optional: bool
    offset: int


class _Reader:
    """A descent through the grammar above."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def fail(self, what: str, remedy: str = "", offset: int | None = None, length: int = 1) -> ExpressionError:
        at = self.at if offset is None else offset
        return ExpressionError(
            what, text=self.text, offset=min(at, max(len(self.text) - 1, 0)), length=length, remedy=remedy
        )

    def skip(self) -> None:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1

    def take(self, *words: str) -> str:
        self.skip()
        for word in words:
            if self.text.startswith(word, self.at):
                self.at += len(word)
                return word
        return ""

    def sequence(self, depth: int = 0) -> tuple[_Layer | _Bracket, ...]:
        if depth > 8:
            raise self.fail("Brackets are nested more than eight deep.")
        steps = [self.step(depth)]
        while self.take("->", "→"):
            steps.append(self.step(depth))
        return tuple(steps)

    def step(self, depth: int) -> _Layer | _Bracket:
        self.skip()
        start = self.at
        if self.take("["):
            inner = self.sequence(depth + 1)
            if not self.take("]"):
                raise self.fail("A bracket is not closed.", "Write ] where the repeated part ends.", start)
            optional = bool(self.take("?"))
            return _Bracket(inner, self.count(), optional or bool(self.take("?")), start)
        word = re.compile(r"[A-Za-z][A-Za-z0-9]*").match(self.text, self.at)
        if word is None:
            raise self.fail("A layer is missing here.", f"Layers are: {', '.join(WORDS)}.")
        self.at = word.end()
        if word[0].upper() not in WORDS:
            raise self.fail(f"“{word[0][:20]}” is no layer.", f"Layers are: {', '.join(WORDS)}.", start, len(word[0]))
        sizes = re.compile(r"(?:(?!->)[^\[\]?*→])*").match(self.text, self.at)
        self.at = sizes.end()  # type: ignore[union-attr]
        optional = bool(self.take("?"))
        layer = _Layer(word[0].upper(), sizes[0].strip(), optional, start, self.at - start)  # type: ignore[index]
        count = self.count()
        return layer if count == 1 else _Bracket((layer,), count, False, start)

    def count(self) -> int:
        if not self.take("*"):
            return 1
        self.skip()
        number = re.compile(r"\d{1,4}").match(self.text, self.at)
        if number is None:
            raise self.fail("A number must follow the *.", "Write how often the part repeats: *2.")
        count = int(number[0])
        if count > MAX_COUNT:
            raise self.fail(f"A part repeats {MAX_COUNT} times at most.", length=len(number[0]))
        self.at = number.end()
        return count


def parse(text: str, image: ImageShape = (3, 32, 32), classes: int = 10, name: str = "") -> Architecture:
    """The net that the text says. image, classes: for an INPUT and a last FC without sizes.

    Raises `ExpressionError` that points at the piece that is wrong, or that does not fit what comes before it.
    """
    if len(text) > MAX_TEXT:
        raise ExpressionError(f"A pattern has {MAX_TEXT} characters at most.")
    reader = _Reader(text)
    steps = reader.sequence()
    reader.skip()
    if reader.at < len(text):
        raise reader.fail("Nothing may follow here.", "Join layers with ->.", length=len(text) - reader.at)
    written: list[tuple[_Layer, tuple[tuple[int, int], ...]]] = []
    _write_out(reader, steps, (), written)
    return Architecture.chain(name or "Pattern", _fit(reader, written, image, classes))


def _write_out(reader: _Reader, steps, turns: tuple[tuple[int, int], ...], out: list) -> None:
    """Every repetition as (layer, ((which turn, of how many), ...) from the outermost bracket)."""
    for step in steps:
        if isinstance(step, _Layer):
            out.append((step, turns))
            if len(out) > MAX_LAYERS:
                raise reader.fail(f"That is more than {MAX_LAYERS} layers.", "Repeat less often.", step.offset)
            continue
        for turn in range(step.count):
            inner = step.steps
            if step.optional:
                inner = tuple(
                    _Layer(s.word, s.sizes, True, s.offset, s.length) if isinstance(s, _Layer) else s for s in inner
                )
            _write_out(reader, inner, (*turns, (turn, step.count)), out)


def _fit(reader: _Reader, written, image: ImageShape, classes: int) -> list[LayerSpec]:
    layers: list[LayerSpec] = []
    shape: tuple[int, ...] = ()
    last_fc = max((i for i, (step, _) in enumerate(written) if step.word == "FC"), default=-1)
    for index, (step, turns) in enumerate(written):
        try:
            layer = read_layer(step.word, step.sizes, turns, image, classes if index == last_fc else None)
        except ValueError as error:
            raise reader.fail(str(error), "", step.offset, step.length) from error
        if isinstance(layer, Input) != (index == 0):
            what = "The pattern must start with INPUT." if index == 0 else "INPUT can only be the start."
            raise reader.fail(
                what, "INPUT -> [[CONV -> RELU]*2 -> POOL]*2 -> [FC -> RELU]*1 -> FC", step.offset, step.length
            )
        fitted: list[LayerSpec] = [layer]
        if isinstance(layer, Linear) and len(shape) == 3:
            fitted.insert(0, Flatten())
        try:
            for each in fitted:
                shape = each.output_shape(shape) if layers or not isinstance(each, Input) else each.output_shape()
        except Misfit as misfit:
            if step.optional:
                continue
            raise reader.fail(f"{step.word} needs {misfit.needs}.", misfit.hint, step.offset, step.length) from misfit
        layers += fitted
    return layers


# -- net to text -------------------------------------------------------------------------------------------------------


def describe(net: Architecture) -> str:
    """The net as the shortest pattern that `parse` turns into the same layers again.

    Raises `GraphError` for a net that branches, runs in a circle, or has a layer that the pattern has no word for.
    """
    layers = _chain(net)
    words = []
    for before, layer in zip([None, *layers], layers, strict=False):
        first_flatten = isinstance(before, Flatten) and words.count("FLATTEN") == 1 and "FC" not in " ".join(words)
        if isinstance(layer, Linear) and first_flatten:
            words.pop()  # it goes without saying
        words.append(word_of(layer))
    text = " -> ".join(_fold(_fold(words, widths_may_differ=False), widths_may_differ=True))
    try:
        if _chain(parse(text)) == layers:
            return text
    except ExpressionError:
        pass
    return " -> ".join(_fold(words, widths_may_differ=False))


def _chain(net: Architecture) -> list[LayerSpec]:
    flat = net.flat
    branching = [node.name for node in flat.nodes if len(flat.into(node.id)) > 1 or len(flat.out_of(node.id)) > 1]
    starts = [node for node in flat.nodes if not flat.into(node.id)]
    if branching or len(starts) != 1 or len(flat.order) != len(flat.nodes):
        raise GraphError(
            "This net is no single chain of layers, so no pattern says it.", received=", ".join(branching[:4])
        )
    return [flat.by_id[node_id].layer for node_id in flat.order]


def _fold(words: list[str], widths_may_differ: bool) -> list[str]:
    """Repeated runs in brackets, again and again, until none is left: short runs first. With `widths_may_differ`, a run may
    have another width each time, which is then written as a list."""
    words = list(words)
    alike = _same_but_width if widths_may_differ else str.__eq__
    while True:
        found = _best_run(words, alike)
        if found is None:
            return words
        start, length, count = found
        runs = [words[start + i * length : start + (i + 1) * length] for i in range(count)]
        inner = [_joined([run[i] for run in runs]) for i in range(length)]
        words[start : start + length * count] = [f"[{' -> '.join(inner)}]*{count}"]


def _best_run(words: list[str], alike: Callable[[str, str], bool]) -> tuple[int, int, int] | None:
    """(start, length, count) of the first run of the shortest length that repeats."""
    for length in range(2, len(words) // 2 + 1):
        for start in range(len(words) - 2 * length + 1):
            count = 1
            while start + (count + 1) * length <= len(words) and all(
                alike(words[start + i], words[start + count * length + i]) for i in range(length)
            ):
                count += 1
            if count > 1:
                return start, length, count
    return None


_WIDTH = re.compile(r"\b(CONV|FC) (\d+)\b")


def _same_but_width(a: str, b: str) -> bool:
    if a == b or "|" in a or "|" in b:
        return a == b  # lists inside lists would be ambiguous
    wide, other = set(_WIDTH.findall(a)), set(_WIDTH.findall(b))
    return len(wide) == len(other) == 1 and _WIDTH.sub(r"\1 #", a) == _WIDTH.sub(r"\1 #", b)


def _joined(words: list[str]) -> str:
    if len(set(words)) == 1:
        return words[0]
    widths = "|".join(_WIDTH.search(word)[2] for word in words)  # type: ignore[index]
    return _WIDTH.sub(rf"\g<1> {widths}", words[0])
