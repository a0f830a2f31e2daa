"""Failures and news in words, for the window's notice area and for the log."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Literal

from psygnal import Signal

from cvlab.engine.errors import CvlabError

log = logging.getLogger("cvlab")
KEPT = 100
_ids = count(1)


@dataclass(frozen=True)
class Remedy:
    """A button on a notice: its caption, and what it does (a bound method, called on the GUI thread)."""

    caption: str
    act: Callable[[], None]


@dataclass(frozen=True)
class Notice:
    """One message. level: its colour and how long it stays. text: what happened, for the person. details: a traceback, or ""."""

    level: Literal["info", "success", "warning", "error"]
    title: str
    text: str
    details: str = ""
    remedies: tuple[Remedy, ...] = ()
    id: int = field(default_factory=lambda: next(_ids))


class Notices:
    """What the person should know, newest last. Post from the GUI thread."""

    posted = Signal(Notice)
    dismissed = Signal(int)

    def __init__(self) -> None:
        self.all: list[Notice] = []

    def post(self, notice: Notice) -> Notice:
        log.log(
            {"error": logging.ERROR, "warning": logging.WARNING}.get(notice.level, logging.INFO),
            "%s %s",
            notice.title,
            notice.text,
        )
        self.all.append(notice)
        del self.all[:-KEPT]
        self.posted.emit(notice)
        return notice

    def info(self, title: str, text: str = "", *remedies: Remedy) -> Notice:
        return self.post(Notice("info", title, text, remedies=remedies))

    def success(self, title: str, text: str = "", *remedies: Remedy) -> Notice:
        return self.post(Notice("success", title, text, remedies=remedies))

    def error(self, error: BaseException, *remedies: Remedy) -> Notice:
        """An exception as a notice: our own in its own words, any other with its type and the log to look in."""
        if isinstance(error, CvlabError):
            return self.post(Notice("error", error.title, str(error), remedies=remedies))
        return self.post(
            Notice(
                "error",
                "Something unexpected happened",
                f"{type(error).__name__}: {error}",
                details="The log has the full story.",
                remedies=remedies,
            )
        )

    def dismiss(self, notice_id: int) -> None:
        self.all = [notice for notice in self.all if notice.id != notice_id]
        self.dismissed.emit(notice_id)
