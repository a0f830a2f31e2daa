"""Figures as a person reads them: losses, shares, durations. One place, so that they look the same everywhere."""

from __future__ import annotations

import math

from cvlab.engine.errors import CvlabError

NO_FIGURE = "–"


def loss_text(value: float | None) -> str:
    """0.312, 14.2, 3.1e+08."""
    if value is None:
        return NO_FIGURE
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else "infinite"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.3g}"


def share_text(value: float | None) -> str:
    """0..1 as "98.4 %"."""
    return NO_FIGURE if value is None else f"{100 * value:.1f} %"


def percent_text(share: float, places: int = 0) -> str:
    """0.384 as "38 %", with a space as SI has it, at which no line ends."""
    return f"{share:.{places}%}".replace("%", "\u00a0%")


def tick_text(value: float) -> str:
    return f"{value:.3g}"


def share_tick_text(value: float) -> str:
    return f"{100 * value:.3g} %"


def duration_text(seconds: float | None) -> str:
    """0:07, 12:40, 3 h 05 min."""
    if seconds is None or not math.isfinite(seconds):
        return NO_FIGURE
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes}:{rest:02d}"


def megabytes_text(count: int) -> str:
    return f"{count / 1e6:,.1f} MB"


def words_of(error: BaseException) -> tuple[str, str, str, str]:
    """(title, what, received, remedy) of any failure."""
    if isinstance(error, CvlabError):
        return error.title, error.what, error.received, error.remedy
    return "Something unexpected happened", f"{type(error).__name__}: {error}", "", "The log has the full story."
