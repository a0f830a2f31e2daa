"""The order that a layout follows: how far along each block stands, and in which lane beside the others. No Qt, no pixels.

Every part of the net that is wired together has ranks (steps along the flow) and lanes (0 is the longest way through, its
branches and skips stand above and below). A wire that passes ranks on its way has a lane of its own there, so that it runs
beside the blocks and not behind them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from cvlab.ui.canvas.sketch import Strand, WireKey


class Spot(NamedTuple):
    rank: int
    lane: int


class Run(NamedTuple):
    """The ranks that a wire passes, first and last, and the lane in which it does."""

    first: int
    last: int
    lane: int


@dataclass
class Part:
    """Blocks that are wired together. length: ranks. crossing[r]: wires between the ranks r and r + 1."""

    spots: dict[int, Spot] = field(default_factory=dict)
    runs: dict[WireKey, Run] = field(default_factory=dict)
    length: int = 0
    crossing: list[int] = field(default_factory=list)
    blocks_at: list[list[int]] = field(default_factory=list)
    """Lanes with a block, by rank."""
    wires_at: list[list[int]] = field(default_factory=list)
    """Lanes with a passing wire, by rank."""


@lru_cache(maxsize=4)
def parts(blocks: tuple[int, ...], strands: tuple[Strand, ...], first: frozenset[int]) -> tuple[Part, ...]:
    """The parts in the order of the document, those that hold one of the blocks `first` (the inputs) before the others.

    O(blocks + wires · lanes). Remembered: most edits leave the wiring as it is.
    """
    into: dict[int, list[Strand]] = {block: [] for block in blocks}
    out: dict[int, list[Strand]] = {block: [] for block in blocks}
    for strand in strands:
        into[strand.target].append(strand)
        out[strand.source].append(strand)
    for wires in into.values():
        wires.sort(key=lambda strand: strand.port)
    found = sorted(_connected(blocks, strands), key=lambda part: first.isdisjoint(part))
    return tuple(_Weaver(part, into, out).weave() for part in found)


def _connected(blocks: tuple[int, ...], strands: tuple[Strand, ...]) -> list[list[int]]:
    part_of = {block: block for block in blocks}

    def root(block: int) -> int:
        while part_of[block] != block:
            part_of[block] = part_of[part_of[block]]
            block = part_of[block]
        return block

    for strand in strands:
        part_of[root(strand.source)] = root(strand.target)
    found: dict[int, list[int]] = {}
    for block in blocks:
        found.setdefault(root(block), []).append(block)
    return list(found.values())


class _Weaver:
    """Gives one part its ranks and lanes."""

    def __init__(self, part: list[int], into: dict[int, list[Strand]], out: dict[int, list[Strand]]) -> None:
        self._part, self._into, self._out = part, into, out
        self._rank = dict.fromkeys(part, 0)
        self._lane: dict[int, int] = {}
        self._taken: dict[int, list[tuple[int, int]]] = {}  # lane -> intervals of ranks
        self._runs: dict[WireKey, Run] = {}

    def weave(self) -> Part:
        self._give_ranks()
        for chain in self._chains():
            self._place(chain)
        skips = [s for block in self._part for s in self._into[block] if s.key not in self._runs and self._gap(s) > 1]
        for strand in sorted(skips, key=self._gap):  # short ones inside, long ones around them
            self._run(strand)
        return self._as_part()

    def _gap(self, strand: Strand) -> int:
        return self._rank[strand.target] - self._rank[strand.source]

    def _give_ranks(self) -> None:
        """The longest way from the start; blocks in a circle come last, in the order of the document."""
        waiting = {block: len(self._into[block]) for block in self._part}
        ready = [block for block in self._part if waiting[block] == 0]
        done = set(ready)
        for block in ready:
            for strand in self._out[block]:
                self._rank[strand.target] = max(self._rank[strand.target], self._rank[block] + 1)
                waiting[strand.target] -= 1
                if waiting[strand.target] == 0:
                    ready.append(strand.target)
                    done.add(strand.target)
        last = max((self._rank[block] for block in done), default=-1)
        for index, block in enumerate(block for block in self._part if block not in done):
            self._rank[block] = last + 1 + index

    def _chains(self) -> Iterator[list[int]]:
        """Every block once, in chains: first the longest way through, then what branches off it."""
        rest = set(self._part)
        for last in sorted(self._part, key=lambda block: -self._rank[block]):
            if last not in rest:
                continue
            chain = [last]
            rest.discard(last)
            while True:
                before = [s.source for s in self._into[chain[-1]] if s.source in rest and self._gap(s) > 0]
                if not before:
                    break
                chain.append(max(before, key=lambda block: self._rank[block]))
                rest.discard(chain[-1])
            yield chain[::-1]

    def _place(self, chain: list[int]) -> None:
        head = [s for s in self._into[chain[0]] if s.source in self._lane and self._gap(s) > 0]
        tail = [s for s in self._out[chain[-1]] if s.target in self._lane and self._gap(s) > 0]
        start = self._rank[head[0].source] + 1 if head else self._rank[chain[0]]
        end = self._rank[tail[0].target] - 1 if tail else self._rank[chain[-1]]
        lane = self._free_lane(start, end, self._base(head, tail), self._downwards(tail))
        self._lane.update(dict.fromkeys(chain, lane))
        inner = [
            strand for one, other in itertools.pairwise(chain) for strand in self._into[other] if strand.source == one
        ]
        for strand in (*head[:1], *inner, *tail[:1]):
            if self._gap(strand) > 1 and strand.key not in self._runs:
                first, last = self._rank[strand.source] + 1, self._rank[strand.target] - 1
                self._runs[strand.key] = Run(first, last, lane)

    def _run(self, strand: Strand) -> None:
        first, last = self._rank[strand.source] + 1, self._rank[strand.target] - 1
        base = self._lane[strand.source]
        lane = self._free_lane(first, last, base, self._downwards([strand]))
        self._runs[strand.key] = Run(first, last, lane)

    def _base(self, head: list[Strand], tail: list[Strand]) -> int:
        lanes = [self._lane[s.source] for s in head[:1]] + [self._lane[s.target] for s in tail[:1]]
        return lanes[0] if lanes else 0

    def _downwards(self, strands: list[Strand]) -> bool:
        """Below the main way if the wire arrives at a lower port, so that the two do not cross."""
        if not strands:
            return True
        strand = strands[0]
        others = [s.port for s in self._into[strand.target] if self._lane.get(s.source) == self._lane[strand.target]]
        return not others or strand.port >= min(others)

    def _free_lane(self, start: int, end: int, base: int, downwards: bool) -> int:
        signs = (1, -1) if downwards else (-1, 1)
        away = 0
        while True:
            for lane in dict.fromkeys((base + away * signs[0], base + away * signs[1])):
                taken = self._taken.setdefault(lane, [])
                if all(end < first or start > last for first, last in taken):
                    taken.append((start, end))
                    return lane
            away += 1

    def _as_part(self) -> Part:
        length = max(self._rank.values()) + 1
        made = Part(length=length, crossing=[0] * length, runs=self._runs)
        made.blocks_at = [[] for _ in range(length)]
        made.wires_at = [[] for _ in range(length)]
        for block in self._part:
            made.spots[block] = Spot(self._rank[block], self._lane[block])
            made.blocks_at[self._rank[block]].append(self._lane[block])
            for strand in self._into[block]:
                for rank in range(self._rank[strand.source], self._rank[block]):
                    made.crossing[rank] += 1
        for run in self._runs.values():
            for rank in range(run.first, run.last + 1):
                made.wires_at[rank].append(run.lane)
        return made
