"""From block to block along the wires, for the keyboard. No Qt."""

from __future__ import annotations

from collections.abc import Mapping

from cvlab.ui.canvas.sketch import Point, Sketch


def step_from(drawing: Sketch, block: int, step: int) -> int | None:
    """The block that a wire leads to (1) or comes from (-1): the main way first."""
    if step > 0:
        found = [strand.target for strand in drawing.strands if strand.source == block]
    else:
        back = sorted((strand for strand in drawing.strands if strand.target == block), key=lambda strand: strand.port)
        found = [strand.source for strand in back]
    return found[0] if found else None


def branch_beside(drawing: Sketch, places: Mapping[int, Point], block: int, down: int) -> int | None:
    """The next block below (1) or above (-1) that is fed by, or feeds, the same one: another branch."""
    fed = {strand.source for strand in drawing.strands if strand.target == block}
    read = {strand.target for strand in drawing.strands if strand.source == block}
    beside = {strand.target for strand in drawing.strands if strand.source in fed}
    beside |= {strand.source for strand in drawing.strands if strand.target in read}
    here = places[block]
    found = [
        (abs(places[each].y - here.y), each)
        for each in beside - {block} - fed - read
        if (places[each].y - here.y) * down > 0
    ]
    return min(found)[1] if found else None
