"""What a run is called where several are shown together."""

from __future__ import annotations

from collections.abc import Sequence

from cvlab.core.run_list import RunRow


def short_names(rows: Sequence[RunRow]) -> list[str]:
    """A name for each run, as short as tells them apart: the net, the time, both, the time to the second, or a number."""
    nets = [row.record.architecture.name[:18] for row in rows]
    minutes, seconds = ([_time(row, form) for row in rows] for form in ("%H:%M", "%H:%M:%S"))
    both = [f"{net} {minute}" for net, minute in zip(nets, minutes, strict=True)]
    for names in (both,) if len(rows) == 1 else (nets, minutes, both, seconds):
        if len(set(names)) == len(names):
            return names
    return [f"{minute} ({n})" for n, minute in enumerate(minutes, 1)]


def _time(row: RunRow, form: str) -> str:
    return row.created.strftime(form) if row.created is not None else row.id
