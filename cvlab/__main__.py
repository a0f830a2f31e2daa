"""The entry point: `cvlab` opens the window, `cvlab <verb>` does without. Imports no Qt unless eyes are asked for."""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import gc
import os
import sys
import threading
from pathlib import Path

import cvlab
from cvlab import console, environment

NO_DISPLAY = (
    "cvlab: there is no display here (DISPLAY and WAYLAND_DISPLAY are not set).\n"
    "`cvlab tour DIR` takes pictures of every panel without one; `cvlab --help` lists what needs no window at all."
)
NO_QT = (
    "cvlab: the window needs Qt, which is not installed here. Install it with\n"
    "    {command}\n"
    "The other verbs of cvlab work without it: see `cvlab --help`."
)


def main(argv: list[str] | None = None) -> int:
    """Exit status: 0 done, 1 the work failed, 2 the arguments are wrong."""
    if getattr(sys, "frozen", False):
        import multiprocessing

        multiprocessing.freeze_support()
    console.prepare()
    # Without a console there is nowhere to tell of a crash; the window's own log takes it then.
    with contextlib.suppress(OSError, ValueError, RuntimeError):
        faulthandler.enable()
    environment.prepare()
    arguments = sys.argv[1:] if argv is None else argv
    if not _asks_for_window(arguments):
        from cvlab.cli import main as verbs

        status = verbs(arguments)
        _leave_what_still_trains(status)
        return status
    from cvlab.cli.arguments import UsageError, existing_file

    try:
        options = _parser().parse_args(arguments)
        if options.project is not None:
            existing_file(options.project)
    except UsageError as error:
        console.say(str(error))
        return 2
    except SystemExit as stop:
        return int(stop.code or 0)
    return _open_window(options)


def _leave_what_still_trains(status: int) -> None:
    """After a second Ctrl+C a run may still be at work, and an interpreter that ends beside it crashes: the process goes at once,
    as by `kill`, which loses nothing that was saved."""
    if any(thread.name.startswith("cvlab-run-") for thread in threading.enumerate()):
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError, AttributeError):
                stream.flush()
        os._exit(status)


def _asks_for_window(arguments: list[str]) -> bool:
    """Options of the window, a project file, or nothing. A verb is a bare word that is no file."""
    if not arguments:
        return True
    first = arguments[0]
    if first.startswith("-"):
        return first not in ("-h", "--help", "--version")
    with contextlib.suppress(OSError, ValueError):  # a name that no file can have
        return first.endswith(".cvlab") or Path(first).is_file()
    return False


def _parser() -> argparse.ArgumentParser:
    from cvlab.cli.parser import Parser, size
    from cvlab.core.panels import STATES

    parser = Parser("cvlab", description="Opens the window. `cvlab --help` lists the verbs.", add_help=False)
    parser.add_argument("project", nargs="?", type=Path, metavar="PROJECT_FILE", help="a project to open")
    parser.add_argument("--panel", default="", choices=STATES, help="the panel to begin with")
    parser.add_argument("--size", type=size, metavar="WxH", help="the window's size, such as 1440x900")
    parser.add_argument("--theme", choices=("system", "light", "dark"), default="", help="for this time only")
    parser.add_argument("--probe-first-paint", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--version", action="version", version=cvlab.__version__)
    return parser


def has_display() -> bool:
    """Whether a window could be seen, or is asked to be opened where nobody sees it."""
    if sys.platform != "linux" or os.environ.get("QT_QPA_PLATFORM"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def preload() -> None:
    """On Windows PyTorch's libraries must be loaded before Qt's, or they cannot be loaded at all (pytorch#166628)."""
    if sys.platform == "win32":
        import torch  # noqa: F401


def _open_window(options: argparse.Namespace) -> int:
    if not has_display():
        console.say(NO_DISPLAY)
        return 1
    preload()
    # Nothing made while the window starts is garbage; the window's own collector takes over after its first paint.
    gc.disable()
    try:
        import PySide6  # noqa: F401
    except ModuleNotFoundError:
        from cvlab.cli.doctor import QT
        from cvlab.engine.installation import detect

        console.say(NO_QT.format(command=detect().add(*QT)))
        return 1
    from cvlab.ui.app import run

    return run(
        panel=options.panel,
        project=options.project,
        size=options.size,
        wanted_theme=options.theme,
        probe=options.probe_first_paint,
    )


if __name__ == "__main__":
    sys.exit(main())
