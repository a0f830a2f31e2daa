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

import cvlab
from cvlab import console
from cvlab.cli.arguments import UsageError
from cvlab.cli.parser import Parser, size
from cvlab.engine.errors import Cancelled, CvlabError, ExpressionError, RecipeError, in_words


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one verb and returns the exit status. A verb returns its JSON document; `text` in it is what people read."""
    console.prepare()
    given = list(sys.argv[1:] if argv is None else argv)
    status = _status(given)
    return status if console.finish() else status or 1


def _status(given: list[str]) -> int:
    # As the parser would find it; known before it has read them, since what is wrong may be the arguments.
    wants_json = "--json" in given and _speaks()
    try:
        return _run(given, wants_json)
    except (UsageError, RecipeError, ExpressionError) as error:
        return _fail(wants_json, error, 2)
    except (Cancelled, KeyboardInterrupt):
        return _fail(wants_json, Cancelled(), 1)
    except CvlabError as error:
        return _fail(wants_json, error, 1)
    except BrokenPipeError:  # nobody reads on: `cvlab ... | head`
        console.finish()
        return 1
    except Exception as error:
        return _fail(wants_json, _in_words(error), 1)


def _speaks() -> bool:
    """Whether it is for this process to print the document: of several under `torchrun`, the first does."""
    return os.environ.get("WORLD_SIZE", "1") == "1" or os.environ.get("RANK", "0") == "0"


def _run(given: Sequence[str], wants_json: bool) -> int:
    try:
        arguments = parser().parse_args(given)
    except SystemExit as stop:
        if stop.code and wants_json:
            _print_json({"error": {"kind": "UsageError", "what": Parser.problem, "received": " ".join(given)[:200],
                                   "remedy": "See --help."}})  # fmt: skip
        return int(stop.code or 0)
    if not hasattr(arguments, "verb"):
        arguments.group_parser.print_help(sys.stderr)
        if wants_json:
            raise UsageError("No verb was given.", received=" ".join(given)[:200], remedy="See --help.")
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
    """One document, whole or not at all: it is made before it is written. In ASCII, so that it is JSON in every encoding."""
    print(json.dumps(_finite(document), allow_nan=False), flush=True)


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
    title = "" if isinstance(error, UsageError) else f"{error.title}. "
    console.say("Stopped." if isinstance(error, Cancelled) else f"{title}{error}")
    if wants_json:
        try:
            _print_json({"error": {"kind": type(error).__name__, "what": error.what, "received": error.received,
                                   "remedy": error.remedy}})  # fmt: skip
        except OSError:  # a pipe that nobody reads, or the full disk that is being reported
            console.finish()
    return status


def _in_words(error: Exception) -> CvlabError:
    """Any other exception as a sentence; where it comes from is shown to those who ask for it."""
    if os.environ.get("CVLAB_TRACEBACK"):
        traceback.print_exception(error)
    told = in_words(error)
    if isinstance(told, CvlabError):
        return told
    if isinstance(error, OSError):
        console.finish()
        named = f"{str(error.filename)[:120]}: " if error.filename else ""
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


def parser() -> Parser:
    """The parser of every verb."""
    from cvlab.cli import bench, circuit, data, doctor, ensemble, knn, net, predict, runs, train
    from cvlab.core.panels import STATES

    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--json", action="store_true", help="one JSON document on standard output, nothing else there")
    made = Parser(
        prog="cvlab", description="A visual learning lab for computer vision. Without a verb, it opens the window."
    )
    made.add_argument("--version", action="version", version=f"cvlab {cvlab.__version__}")
    made.set_defaults(group_parser=made, json=False)
    verbs = made.add_subparsers(title="verbs", metavar="VERB")
    for module in (train, runs, ensemble, predict, knn, net, circuit, data, doctor, bench):
        module.add_to(verbs, shared)
    tour = verbs.add_parser("tour", parents=[shared], help="open every panel with real content and save pictures of it")
    tour.add_argument("folder", metavar="DIR")
    tour.add_argument("--panel", action="append", choices=STATES, help="only this panel (may be repeated)")
    tour.add_argument("--size", action="append", type=size, metavar="WxH", help="1440x900 and 1024x700 if not said")
    tour.add_argument("--theme", action="append", choices=("light", "dark"), help="both if not said")
    tour.set_defaults(verb=_tour)
    return made


def _tour(arguments: argparse.Namespace) -> dict:
    from pathlib import Path

    from cvlab.cli import doctor
    from cvlab.engine.installation import detect

    try:
        from cvlab.ui.tour import SIZES, THEMES, tour
    except ModuleNotFoundError as error:
        if error.name not in ("PySide6", "pyqtgraph", "shiboken6"):
            raise
        raise CvlabError(
            "The tour needs Qt, which is not installed here.", remedy=f"Install it: {detect().add(*doctor.QT)}"
        ) from error
    pictures = tour(
        Path(arguments.folder),
        panels=arguments.panel,
        sizes=arguments.size or SIZES,
        themes=arguments.theme or THEMES,
    )
    return {"pictures": [str(path) for path in pictures], "text": "\n".join(map(str, pictures))}
