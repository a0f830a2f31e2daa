"""`cvlab ensemble`, `cvlab search` and `cvlab sanity`: nets that vote, good settings found, and the checks before training."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from cvlab import console
from cvlab.cli.arguments import check_recipe, failure, search_folder
from cvlab.cli.parser import whole
from cvlab.cli.progress import Shown
from cvlab.cli.runs import members_of
from cvlab.cli.train import _runs, add_recipe_flags, find_net, recipe_of
from cvlab.core import paths


def add_to(verbs: Any, shared: argparse.ArgumentParser) -> None:
    vote = verbs.add_parser("ensemble", parents=[shared], help="several trained nets as one, beside its members")
    vote.add_argument("runs", type=Path, nargs="*", metavar="run", help="runs, by id or folder")
    vote.add_argument("--search", type=Path, metavar="DIR", help="the best trials of a search")
    vote.add_argument("--checkpoints", type=Path, metavar="RUN", help="the last checkpoints of one run")
    vote.add_argument("--top", type=whole(1, 1000), default=5, help="how many of them (default: 5)")
    vote.add_argument("--average", action="store_true", help="take the running averages of the runs' weights")
    vote.add_argument(
        "--split", choices=("test", "held-out"), default="test", help="which images judge (default: test)"
    )
    vote.set_defaults(verb=_ensemble)

    search = verbs.add_parser("search", parents=[shared], help="try many recipes, judged on held-out images")
    search.add_argument("net", nargs="?", default="", help="as for `cvlab train`")
    search.add_argument("--over", action="append", default=[], metavar="FIELD=LOW..HIGH|A,B,C",
                        help="a setting and its range, e.g. optimizer.lr=1e-4..1e-1; :log or :linear may follow")  # fmt: skip
    search.add_argument(
        "--kind", "--method", choices=("random", "grid", "coarse-to-fine", "optuna"), default="random",
        help="how trials are chosen (default: random); optuna is an extra: pip install cvlab[search]",
    )  # fmt: skip
    search.add_argument("--trials", type=whole(1, 10_000), default=16)
    search.add_argument(
        "--steps", type=whole(1, 1000), default=4, help="values along each range of a grid (default: 4)"
    )
    search.add_argument("--trial-epochs", type=whole(1, 10_000), default=2, help="epochs a trial (default: 2)")
    search.add_argument(
        "--prune", action="store_true", help="give a trial up that is worse than the median of others at the same epoch"
    )
    search.add_argument(
        "--search-seed", type=whole(0, 2**31 - 1), default=0, help="fixes which values are drawn (default: 0)"
    )
    search.add_argument("--recipe", type=Path, metavar="FILE", help="the recipe to start from")
    search.add_argument("--again", type=Path, metavar="DIR", help="go on with a search that was stopped")
    search.add_argument("--runs", type=Path, metavar="DIR", help="where the search's folder goes")
    add_recipe_flags(search)
    search.set_defaults(verb=_search)

    sanity = verbs.add_parser("sanity", parents=[shared], help="the course's checks before a long training")
    sanity.add_argument("net", help="as for `cvlab train`")
    sanity.add_argument("--recipe", type=Path, metavar="FILE")
    add_recipe_flags(sanity)
    sanity.set_defaults(verb=_sanity)


def _ensemble(arguments: argparse.Namespace) -> dict:
    from cvlab.core.ensembles import EnsembleRequest, hold_out_the_same
    from cvlab.engine.errors import CvlabError

    members = members_of(arguments)
    if arguments.split == "held-out" and not hold_out_the_same(members):
        raise CvlabError(
            "These nets do not hold out the same images: some have trained on those that would judge them.",
            remedy="Compare them on the test images.",
        )
    with Shown(lambda done: f"{done} of {len(members)} nets") as control:
        found = EnsembleRequest(tuple(members), _runs(paths.runs()).load_data, arguments.split).run(control)

    def told(accuracy: Any) -> dict:
        return {"accuracy": accuracy.share, "low": accuracy.low, "high": accuracy.high, "right": accuracy.right}

    def line(title: str, a: Any) -> str:
        return f"{title:<52.52} {a.share:8.2%}   {a.low:.2%} to {a.high:.2%}"

    lines = [line(title, member) for title, member in zip(found.titles, found.members, strict=True)]
    lines += [
        line("Ensemble", found.whole),
        f"Mean member {found.mean:.3%}; the ensemble is {100 * found.gain:+.3f} points from it. Beside the best member it mends "
        f"{found.mended} images and breaks {found.broken} (by chance: {found.chance:.0%}).",
    ]
    return {
        "members": [
            {"title": title} | told(member) for title, member in zip(found.titles, found.members, strict=True)
        ],
        "ensemble": told(found.whole), "images": found.whole.count, "mean": found.mean, "gain": found.gain,
        "mended": found.mended, "broken": found.broken, "chance": found.chance, "text": "\n".join(lines),
    }  # fmt: skip


def _search(arguments: argparse.Namespace) -> dict:
    from cvlab.core.searches import SearchRequest, trial_recipe
    from cvlab.engine.errors import RecipeError
    from cvlab.engine.training.search import Axis, SearchPlan, at_the_edge, best_of, ranked

    root = arguments.runs or paths.runs()
    load = _runs(root).load_data
    if arguments.again is not None:
        request = SearchRequest.again(search_folder(arguments.again, root), load)
    else:
        if not arguments.net:
            raise RecipeError("Which net?", remedy="Name one, as for `cvlab train`.")
        recipe = check_recipe(recipe_of(arguments))
        plan = SearchPlan.read({
            "kind": arguments.kind, "axes": tuple(Axis.parse(text) for text in arguments.over), "trials": arguments.trials,
            "steps": arguments.steps, "epochs": arguments.trial_epochs, "seed": arguments.search_seed,
            "prune": arguments.prune,
        })  # fmt: skip
        request = SearchRequest(root, find_net(arguments.net, recipe.data), recipe, plan, load)

    def words(progress: Any) -> str:
        best = best_of(progress.trials)
        said = f", best {best.score:.2%}" if best is not None else ""
        return f"trial {len(progress.trials) + (progress.now is not None)} of {progress.total}{said}"

    with Shown(words) as control:
        record = request.run(control)
    best = best_of(record.trials)
    lines = [
        f"{'failed' if trial.score is None else format(trial.score, '.2%'):>8}  "
        + "  ".join(f"{path} = {value}" for path, value in trial.values.items())
        + (f"  (given up after {len(trial.curve)} of {trial.epochs} epochs)" if trial.given_up else "")
        for trial in ranked(record.trials)
    ]
    warnings = [] if best is None else at_the_edge(record.plan, best.values)
    for warning in warnings:
        console.say(warning)
    return {
        "search": record.id, "folder": str(root / record.id), "trials": [vars(trial) | {} for trial in record.trials],
        "best": None if best is None else {"values": best.values, "held_out_accuracy": best.score, "run": best.run},
        "recipe": None if best is None else trial_recipe(record.recipe, best).model_dump(), "warnings": warnings,
        "text": "\n".join(lines),
    } | ({} if best is not None else failure("No trial has ended well.", "Search a wider or another range."))  # fmt: skip


def _sanity(arguments: argparse.Namespace) -> dict:
    from cvlab.engine.training.sanity import CHECKS

    recipe = check_recipe(recipe_of(arguments))
    net = find_net(arguments.net, recipe.data)
    data = _runs(paths.runs()).load_data(recipe.data)
    results = []
    for check in CHECKS.values():
        result = check(net, data, recipe)
        results.append(result)
        console.say(f"{result.title}: {'pass' if result.passed else 'FAIL'}")
    text = "\n".join(f"{'Pass' if r.passed else 'FAIL'}  {r.title}: {r.reason}" for r in results)
    found = {
        "checks": [{"id": r.id, "title": r.title, "passed": r.passed, "reason": r.reason} for r in results],
        "text": text,
    }
    failed = [r.title for r in results if not r.passed]
    return found | (failure(f"These checks failed: {', '.join(failed)}.") if failed else {})
