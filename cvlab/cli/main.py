"""The command line's one door: arguments in, one JSON document or readable text on standard output, an exit status.

Progress and messages go to standard error. Exit status: 0 done, 1 the work failed, 2 the arguments are wrong.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import traceback
from collections.abc import Sequence
from typing import NoReturn

import cvlab
from cvlab.engine.errors import Cancelled, CvlabError, ExpressionError, RecipeError, in_words


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one verb and returns the exit status. A verb returns its JSON document; `text` in it is what people read."""
    given = list(sys.argv[1:] if argv is None else argv)
    # As the parser would find it; known before it has read them, since what is wrong may be the arguments.
    wants_json = "--json" in given and _speaks()
    try:
        return _run(given, wants_json)
    except (RecipeError, ExpressionError) as error:
        return _fail(wants_json, error, 2)
    except (Cancelled, KeyboardInterrupt):
        return _fail(wants_json, Cancelled(), 1)
    except CvlabError as error:
        return _fail(wants_json, error, 1)
    except BrokenPipeError:  # nobody reads on: `cvlab ... | head`
        _write_no_more()
        return 1
    except Exception as error:
        return _fail(wants_json, _in_words(error), 1)


def _speaks() -> bool:
    """Whether it is for this process to print the document: of several under `torchrun`, the first does."""
    return os.environ.get("WORLD_SIZE", "1") == "1" or os.environ.get("RANK", "0") == "0"


def _run(given: Sequence[str], wants_json: bool) -> int:
    parser = _parser()
    try:
        arguments = parser.parse_args(given)
    except SystemExit as stop:
        if stop.code and wants_json:
            _print_json({"error": {"kind": "UsageError", "what": _Parser.problem, "received": " ".join(given)[:200],
                                   "remedy": "See --help."}})  # fmt: skip
        return int(stop.code or 0)
    if not hasattr(arguments, "verb"):
        arguments.group_parser.print_help(sys.stderr)
        return 2
    return _tell(arguments, arguments.verb(arguments))


def _tell(arguments: argparse.Namespace, result: dict) -> int:
    if result.get("silent"):  # one of several processes, and not the one that speaks
        return 0
    if arguments.json:
        _print_json({key: value for key, value in result.items() if key != "text"})
    elif result["text"]:
        print(result["text"].rstrip("\n"))
    sys.stdout.flush()
    return 1 if result.get("failed") else 0


def _print_json(document: dict) -> None:
    """One document, whole or not at all: it is made before it is written."""
    print(json.dumps(_finite(document), ensure_ascii=False, allow_nan=False), flush=True)


def _finite(value: object) -> object:
    """JSON has no infinity and no NaN: they become null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return value


def _fail(wants_json: bool, error: CvlabError, status: int) -> int:
    print("Stopped." if isinstance(error, Cancelled) else f"{error.title}. {error}", file=sys.stderr)
    if wants_json:
        try:
            _print_json({"error": {"kind": type(error).__name__, "what": error.what, "received": error.received,
                                   "remedy": error.remedy}})  # fmt: skip
        except OSError:  # a pipe that nobody reads, or the full disk that is being reported
            _write_no_more()
    return status


def _in_words(error: Exception) -> CvlabError:
    """Any other exception as a sentence; where it comes from is shown to those who ask for it."""
    if os.environ.get("CVLAB_TRACEBACK"):
        traceback.print_exception(error)
    told = in_words(error)
    if isinstance(told, CvlabError):
        return told
    if isinstance(error, OSError):
        _write_no_more()
        named = f"{error.filename}: " if error.filename else ""
        return CvlabError(
            "The operating system refused something.",
            received=f"{named}{error.strerror or error}",
            remedy="Look whether the file or folder may be used, and whether the disk has room.",
        )
    return CvlabError(
        "That is a fault of cvlab's own.",
        received=f"{type(error).__name__}: {error}"[:300],
        remedy="Set CVLAB_TRACEBACK=1 and run it again to see where, and please report it.",
    )


def _write_no_more() -> None:
    """Else the interpreter tries once more when it ends, and complains."""
    try:
        sys.stdout.flush()
    except OSError:
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115


class _Parser(argparse.ArgumentParser):
    """argparse's, which remembers what was wrong, for those who read JSON."""

    problem = ""

    def error(self, message: str) -> NoReturn:
        _Parser.problem = f"{message[:1].upper()}{message[1:].rstrip('.')}."
        super().error(message)


def _parser() -> argparse.ArgumentParser:
    from cvlab.cli import bench, circuit, data, doctor, ensemble, knn, net, predict, runs, train

    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--json", action="store_true", help="one JSON document on standard output, nothing else there")
    parser = _Parser(
        prog="cvlab", description="A visual learning lab for computer vision. Without a verb, it opens the window."
    )
    parser.add_argument("--version", action="version", version=f"cvlab {cvlab.__version__}")
    parser.set_defaults(group_parser=parser, json=False)
    verbs = parser.add_subparsers(title="verbs", metavar="VERB")
    for module in (train, runs, ensemble, predict, knn, net, circuit, data, doctor, bench):
        module.add_to(verbs, shared)
    tour = verbs.add_parser("tour", parents=[shared], help="open every panel with real content and save pictures of it")
    tour.add_argument("folder", metavar="DIR")
    tour.add_argument("--panel", action="append", help="only this panel (may be repeated)")
    tour.add_argument("--size", action="append", type=_size, metavar="WxH", help="1440x900 and 1024x700 if not said")
    tour.add_argument("--theme", action="append", choices=("light", "dark"), help="both if not said")
    tour.set_defaults(verb=_tour)
    return parser


def _size(text: str) -> tuple[int, int]:
    """ "1024x700"; no smaller than the window gets, no larger than screens are."""
    width, times, height = text.partition("x")
    if not (times and width.isdecimal() and height.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text} is no size; one is written 1440x900")
    if not (800 <= int(width) <= 7680 and 600 <= int(height) <= 4320):
        raise argparse.ArgumentTypeError(f"{text} is not between 800x600 and 7680x4320")
    return int(width), int(height)


def _tour(arguments: argparse.Namespace) -> dict:
    from pathlib import Path

    try:
        from cvlab.ui.tour import SIZES, THEMES, tour
    except ModuleNotFoundError as error:
        if error.name not in ("PySide6", "pyqtgraph", "shiboken6"):
            raise
        raise CvlabError(
            "The tour needs Qt, which is not installed here.", remedy="pip install PySide6-Essentials pyqtgraph"
        ) from error
    pictures = tour(
        Path(arguments.folder),
        panels=arguments.panel,
        sizes=arguments.size or SIZES,
        themes=arguments.theme or THEMES,
    )
    return {"pictures": [str(path) for path in pictures], "text": "\n".join(map(str, pictures))}
