"""The command line's one door: arguments in, one JSON document or readable text on standard output, an exit status.

Progress and messages go to standard error. Exit status: 0 done, 1 the work failed, 2 the arguments are wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence

import cvlab
from cvlab.engine.errors import Cancelled, CvlabError, ExpressionError, RecipeError


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one verb and returns the exit status. A verb returns its JSON document; `text` in it is what people read."""
    parser = _parser()
    try:
        arguments = parser.parse_args(argv)
    except SystemExit as stop:
        return int(stop.code or 0)
    if not hasattr(arguments, "verb"):
        arguments.group_parser.print_help(sys.stderr)
        return 2
    try:
        return _tell(arguments, arguments.verb(arguments))
    except (RecipeError, ExpressionError) as error:
        return _fail(arguments, error, 2)
    except Cancelled:
        print("Stopped.", file=sys.stderr)
        return 1
    except CvlabError as error:
        return _fail(arguments, error, 1)
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 1
    except BrokenPipeError:  # nobody reads on: `cvlab ... | head`
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115  (else the interpreter complains when it ends)
        return 1


def _tell(arguments: argparse.Namespace, result: dict) -> int:
    if result.get("silent"):  # one of several processes, and not the one that speaks
        return 0
    if arguments.json:
        json.dump({key: value for key, value in result.items() if key != "text"}, sys.stdout, ensure_ascii=False)
        print()
    elif result["text"]:
        print(result["text"].rstrip("\n"))
    sys.stdout.flush()
    return 1 if result.get("failed") else 0


def _fail(arguments: argparse.Namespace, error: CvlabError, status: int) -> int:
    print(f"{error.title}. {error}", file=sys.stderr)
    if arguments.json:
        json.dump({"error": {"kind": type(error).__name__, "what": error.what, "received": error.received,
                             "remedy": error.remedy}}, sys.stdout, ensure_ascii=False)  # fmt: skip
        print()
    return status


def _parser() -> argparse.ArgumentParser:
    from cvlab.cli import bench, circuit, data, doctor, ensemble, knn, net, predict, runs, train

    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--json", action="store_true", help="one JSON document on standard output, nothing else there")
    parser = argparse.ArgumentParser(
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
