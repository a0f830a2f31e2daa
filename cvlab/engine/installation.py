"""How this cvlab was installed, and the command that adds or repairs a package there. Standard library only."""

from __future__ import annotations

import os
import shlex
import site
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

Kind = Literal["bundle", "uv tool", "pipx", "make", "venv", "conda", "user", "system"]


@dataclass(frozen=True)
class Installation:
    """kind: "bundle": a program without a Python of its own to install into; "uv tool", "pipx": by these; "make": the .venv that
    `make run` keeps; "venv", "conda": in an environment; "user", "system": into a Python of the system.

    python: the interpreter. root: of the source checkout, for "make". has_pip: whether that Python has pip. managed: the system's
    package manager owns it (PEP 668).
    """

    kind: Kind
    python: str
    root: Path | None = None
    has_pip: bool = True
    managed: bool = False

    def add(self, *requirements: str, again: bool = False) -> str:
        """The command that installs packages beside cvlab. again: although they are there, because they do not work."""
        if self.kind == "bundle":
            return "download cvlab again: its packages come with it"
        if self.kind == "pipx":
            return _command("pipx", "inject", *(["--force"] if again else []), "cvlab", *requirements)
        if self.kind == "uv tool" or not self.has_pip:
            return _command(
                "uv", "pip", "install", "--python", self.python, *(["--reinstall"] if again else []), *requirements
            )
        flags = ["--user"] if self.kind == "user" else []
        flags += ["--break-system-packages"] if self.managed else []
        flags += ["--force-reinstall"] if again else []
        return _command(self.python, "-m", "pip", "install", *flags, *requirements)

    def renew(self) -> str:
        """The command that installs cvlab with all of its packages once more, PyTorch and torchvision made for each other."""
        if self.kind == "make" and self.root is not None:
            return (
                f"{_command('make', '-C', str(self.root), 'clean')} && {_command('make', '-C', str(self.root), 'run')}"
            )
        if self.kind == "uv tool":
            return "uv tool install --reinstall --torch-backend=auto cvlab"
        if self.kind == "pipx":
            return "pipx reinstall cvlab"
        return self.add("torch", "torchvision", again=True)


def detect() -> Installation:
    """Looks at where the interpreter and the package lie; starts nothing."""
    prefix, package = Path(sys.prefix), Path(__file__).resolve().parents[2]
    has_pip = find_spec("pip") is not None
    if getattr(sys, "frozen", False):
        return Installation("bundle", sys.executable)
    if (prefix / "uv-receipt.toml").is_file():
        return Installation("uv tool", sys.executable, has_pip=has_pip)
    if (prefix / "pipx_metadata.json").is_file():
        return Installation("pipx", sys.executable, has_pip=has_pip)
    if (
        prefix.name == ".venv"
        and (prefix.parent / "packaging" / "environment.py").is_file()
        and (prefix.parent / "Makefile").is_file()
    ):
        return Installation("make", sys.executable, prefix.parent, has_pip)
    if sys.prefix != sys.base_prefix:
        return Installation("venv", sys.executable, has_pip=has_pip)
    if (prefix / "conda-meta").is_dir():
        return Installation("conda", sys.executable, has_pip=has_pip)
    managed = (Path(sysconfig.get_path("stdlib")) / "EXTERNALLY-MANAGED").is_file()
    own = site.getusersitepackages() if site.ENABLE_USER_SITE else ""
    is_own = bool(own) and package.is_relative_to(Path(own).resolve())
    return Installation("user" if is_own else "system", sys.executable, has_pip=has_pip, managed=managed)


def _command(*words: str) -> str:
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)
