"""Layers as text, for the clipboard: a small JSON document that any window of cvlab, or an editor, can read."""

from __future__ import annotations

import json

from cvlab.engine.errors import NewerFile, NotOurFile
from cvlab.engine.files import load_json
from cvlab.engine.nets.architecture import Architecture

VERSION = 1
MAX_CHARACTERS = 2_000_000
"""Longer text is refused before it is parsed."""


def write(part: Architecture) -> str:
    """What is copied: {"cvlab": "layers", "version": 1, "net": ...}."""
    return json.dumps({"cvlab": "layers", "version": VERSION, "net": part.model_dump(mode="json")}, indent=1)


def read(text: str) -> Architecture:
    """The layers in the text. Raises `NotOurFile` or `NewerFile`, in words; nothing of it is evaluated."""
    nothing = NotOurFile("The clipboard holds no layers.", remedy="Copy some layers in the builder first: Ctrl+C.")
    if len(text) > MAX_CHARACTERS or '"cvlab"' not in text:
        raise nothing
    try:
        found = load_json(text)
    except ValueError as error:
        raise NotOurFile("The layers on the clipboard are cut off.", remedy="Copy them again.") from error
    if not isinstance(found, dict) or found.get("cvlab") != "layers" or not isinstance(found.get("net"), dict):
        raise nothing
    version = found.get("version")
    if not isinstance(version, int) or version > VERSION:
        raise NewerFile(
            "These layers were copied from a later cvlab.", received=f"version {version}", remedy="Update this one."
        )
    return Architecture.from_json(found["net"])
