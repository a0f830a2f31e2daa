"""Advice on a net: what the course would do otherwise, why, and the change that does it.

Each rule looks at one thing and yields `Advice`. A change is a function Architecture -> Architecture that was tried before it
is offered: what it gives has no error, or no longer the one that was there.
"""

from __future__ import annotations

from cvlab.engine.errors import CvlabError
from cvlab.engine.nets.advice.case import Advice, Case, Level
from cvlab.engine.nets.advice.changes import Change
from cvlab.engine.nets.advice.mends import data_errors, shape_errors, wiring
from cvlab.engine.nets.advice.rules import RULES
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.shapes import NetReport, infer

__all__ = ["Advice", "Change", "Level", "advise", "fitted"]


def advise(
    net: Architecture,
    *,
    image: tuple[int, int, int] | None = None,
    classes: int | None = None,
    object_share: float = 0.5,
    report: NetReport | None = None,
) -> tuple[Advice, ...]:
    """All advice on the net, errors first. About a millisecond for a small net; a change is tried out once each.

    image, classes: of the data that it shall be trained on, if known. object_share: how much of the image's side the objects
    take up. report: `infer(net)`, if at hand.
    """
    case = Case(net, report or infer(net), object_share)
    found: list[Advice] = []
    for rule in (shape_errors, wiring, *RULES):
        found += rule(case)
    if image is not None and classes is not None:
        found += data_errors(case, image, classes)
    order = {"error": 0, "warning": 1, "note": 2}
    return tuple(sorted((_tried(advice, case) for advice in found), key=lambda a: order[a.level]))


def _tried(advice: Advice, case: Case) -> Advice:
    """Without its change, if that would not work or would break something else."""
    if advice.apply is None:
        return advice
    try:
        after = infer(advice.apply(case.net)).errors
    except (CvlabError, ValueError, KeyError):
        after = None
    before = case.report.errors
    helps = after is not None and (not after or (len(before) > 0 and str(after[0]) != str(before[0])))
    return advice if helps else Advice(advice.rule, advice.level, advice.node, advice.what, advice.why)


def fitted(net: Architecture, image: tuple[int, int, int], classes: int) -> Architecture:
    """The net with its input and its last linear layer set for such data; other layers stay as they are."""
    for advice in data_errors(Case(net, infer(net), 0.5), image, classes):
        if advice.apply is not None:
            net = advice.apply(net)
    return net
