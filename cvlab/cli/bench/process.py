"""Measuring in processes of their own, so that neither side inherits what the other has set up."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from cvlab.core import paths
from cvlab.engine.errors import CvlabError
from cvlab.environment import PYTORCH


def child(module: str, *arguments: str, home: str = "", prepared: bool = True) -> dict:
    """What a process of its own measured. home: another CVLAB_HOME, so that nothing of the person's is touched. prepared: with
    cvlab's own settings for PyTorch's threads; without, as PyTorch comes."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        env=environment(home, prepared),
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=False,
    )
    if done.returncode != 0:
        raise failure(done.returncode, module, *arguments)
    return json.loads(done.stdout.splitlines()[-1])


def environment(home: str = "", prepared: bool = True) -> dict[str, str]:
    """The environment of a measured process; the arguments are those of `child`."""
    variables = {key: value for key, value in os.environ.items() if key not in PYTORCH}
    variables["PYTHONIOENCODING"] = "utf-8"  # whatever the person's own is
    if prepared:
        variables |= PYTORCH
    if home:
        variables |= {"CVLAB_HOME": home, "CVLAB_DATA": str(paths.data())}
    if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        variables["QT_QPA_PLATFORM"] = "offscreen"
    return variables


def failure(status: int, module: str, *arguments: str) -> CvlabError:
    """What is said of a measured process that ended with another status than 0."""
    return CvlabError(f"A measured process failed with status {status}.", received=f"{module} {' '.join(arguments)}")


def places() -> list[str]:
    """The flags that tell a measured module where data lie."""
    return ["--root", str(paths.data()), "--bundled", str(paths.resources() / "data")]


def machine() -> str:
    """This machine in a few words, for the report."""
    import platform

    from cvlab.engine.training.device import cores

    return f"{platform.system()} {platform.machine()}, {cores()} cores, Python {platform.python_version()}"


def frame_row(name: str, frame: dict) -> str:
    """One kind of frame as a line of text."""
    return (
        f"{name}: {frame['frames']} frames, p50 {frame['p50_ms']:.1f}, p99 {frame['p99_ms']:.1f}, max {frame['max_ms']:.1f} ms "
        f"(of that work p50 {frame['work_p50_ms']:.1f}, p99 {frame['work_p99_ms']:.1f}); 60 a second need 16.7"
    )
