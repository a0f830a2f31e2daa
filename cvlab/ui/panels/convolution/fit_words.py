"""What fits and what does not, in words: windows of a convolution, stamps of a transposed one, and what they learn."""

from __future__ import annotations

from dataclasses import replace

from cvlab.core.panels.convolution_documents import MAX_FILTER, MAX_PADDING
from cvlab.engine.convolution import Fit
from cvlab.engine.formula import Formula
from cvlab.engine.transposed import Growth
from cvlab.ui.panels.convolution.pieces import number, strong
from cvlab.ui.panels.convolution.scene import Scene, StampingScene

_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


GROWTH_FORMULA = Formula(
    "",
    r"(W - 1)\,S - 2P + d\,(F - 1) + OP + 1",
    lambda W, F, S, P, d, OP: (W - 1) * S - 2 * P + d * (F - 1) + OP + 1,
)


def fit_formula(dilation: int) -> Formula:
    """How many windows fit along a side, whole or not."""
    return Formula(
        "",
        r"\frac{W - F + 2P}{S} + 1" if dilation == 1 else r"\frac{W - (d\,(F - 1) + 1) + 2P}{S} + 1",
        lambda W, F, S, P: (W - (dilation * (F - 1) + 1) + 2 * P) / S + 1,
    )


def fit_numbers(fit: Fit) -> str:
    """The formula with its numbers."""
    reach = f"{fit.extent}" if fit.dilation > 1 else f"{fit.filter}"
    covers = f"{fit.dilation}·({fit.filter} − 1) + 1 = {fit.extent} cells" if fit.dilation > 1 else ""
    top = f"({fit.length} − {reach} + 2·{fit.padding}) / {fit.stride} + 1"
    return f"{top} = {strong(number(float(fit.exact), 4))}" + (f"<br>a window covers {covers}" if covers else "")


def growth_numbers(growth: Growth) -> str:
    """The formula with its numbers."""
    return (
        f"({growth.length} − 1)·{growth.stride} − 2·{growth.padding} + {growth.dilation}·({growth.filter} − 1) + "
        f"{growth.output_padding} + 1 =\u00a0{strong(str(growth.exact).replace('-', '−'))}"
    )


def sentence(fit: Fit) -> str:
    """Whether windows fit, in words, and what would."""
    if not fit.count:
        needed = -(-(fit.extent - fit.length) // 2)
        way = f"Padding of {needed} would make room." if needed <= MAX_PADDING else "Take a smaller filter or dilation."
        return f"A window of {fit.extent} cells is wider than the {fit.padded} there are: it fits nowhere. {way}"
    how_many = _WORDS[fit.count] if fit.count < len(_WORDS) else str(fit.count)
    windows = f"{how_many.capitalize()} window{'s' if fit.count > 1 else ''}"
    if fit.left_over:
        cells = f"{fit.left_over} columns" if fit.left_over > 1 else "column"
        return (
            f"Not whole: {windows.lower()} fit{'' if fit.count > 1 else 's'}. PyTorch rounds down, and the last {cells} "
            f"(hatched) {'are' if fit.left_over > 1 else 'is'} never read{_of_which_padding(fit)}.{_mend(fit)}"
        )
    said = f"{windows} fit{'' if fit.count > 1 else 's'} exactly."
    if fit.unvisited:
        said += f" But {fit.unvisited} of {fit.length} columns (hatched) lie between the taps and are never read."
    elif fit.count == fit.length:
        said += " The output is as large as the input."
    return said


def _of_which_padding(fit: Fit) -> str:
    """How many of the cells that are left over at the end are zeros around the input."""
    zeros = min(fit.left_over, fit.padding)
    if not zeros:
        return ""
    if zeros < fit.left_over:
        return f"; {zeros} of them {'is' if zeros == 1 else 'are'} padding"
    only = "It is" if zeros == 1 else "They are"
    return f". {only} padding, so no pixel is lost there"


def _mend(fit: Fit) -> str:
    for padding in sorted(range(MAX_PADDING + 1), key=lambda P: abs(P - fit.padding)):
        if replace(fit, padding=padding).is_whole:
            return f" Padding {padding} would fit."
    for stride in range(fit.stride - 1, 0, -1):
        if replace(fit, stride=stride).is_whole:
            return f" Stride {stride} would fit."
    return ""


def growth_sentence(growth: Growth) -> str:
    """How stamps overlap, in words: evenly, as a checkerboard, or with gaps."""
    if not growth.is_allowed:
        most = max(growth.stride, growth.dilation) - 1
        return f"Output padding must stay below the stride or the dilation: {most} at most here."
    if not growth.count:
        most = (growth.canvas - 1) // 2
        cut = f"and 2·{growth.padding} are cut off: nothing is left. Cut off {most} at most."
        return f"The stamps cover {growth.canvas} cells, {cut}"
    F, S, low, high = growth.filter, growth.stride, min(growth.rhythm), max(growth.rhythm)
    if growth.is_even:
        said = (
            f"Even: inside, {_times(low)} on every column."
            if S > 1 or F > 1
            else "Each number makes one cell: nothing overlaps."
        )
        if S == 2 and growth.exact == 2 * growth.length:
            said += " The output is twice as large."
        return said
    if not low:
        return f"Gaps: hatched columns get no stamp, only the bias. {_evener(growth)}"
    return f"Checkerboard: {low} and {high} in turn, as {F}/{S} is not whole. {_evener(growth)}"


def _times(stamps: int) -> str:
    return "one stamp lies" if stamps == 1 else f"{stamps} stamps lie"


def _evener(growth: Growth) -> str:
    for size in sorted(range(1, MAX_FILTER + 1), key=lambda F: abs(F - growth.filter)):
        if replace(growth, filter=size, output_padding=0).is_even:
            return f"F = {size} is even."
    return "With d = 1, F = S is even."


def sizes(scene: Scene) -> str:
    """What goes in, what comes out, and how many numbers the layer learns."""
    (C, H, W), (K, _, F, _) = scene.x.shape, scene.w.shape
    if not scene.is_grouped_well:
        return f"{W} × {H} × {C} in, nothing out. {scene.problem}"
    output = scene.output
    out = "nothing" if output is None else f"{output.shape[2]} × {output.shape[1]} × {K}"
    depth, groups = C // scene.groups, "" if scene.groups == 1 else f"In {scene.groups} groups: "
    counted = f"{K * (F * F * depth + 1):,}\u00a0parameters"
    if isinstance(scene, StampingScene):  # its card has one line less
        return f"{W} × {H} × {C} in, {out} out, {strong(counted)}."
    return f"{W} × {H} × {C} in, {out} out. {groups}{K} × ({F} × {F} × {depth} weights + 1 bias) = {strong(counted)}."
