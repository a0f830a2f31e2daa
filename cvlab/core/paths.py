"""Where things lie: the shipped resources, and the person's data, runs, settings and logs. Creates nothing on import."""

import os
from pathlib import Path

import platformdirs

_PACKAGE = Path(__file__).resolve().parents[1]


def resources() -> Path:
    """The shipped resources: inside the installed package, or beside it in a source checkout."""
    inside = _PACKAGE / "resources"
    return inside if inside.is_dir() else _PACKAGE.parent / "resources"


def _home() -> Path | None:
    """`CVLAB_HOME`, if set, holds everything below one folder (classrooms, tests, portable disks)."""
    home = os.environ.get("CVLAB_HOME")
    return Path(home).expanduser() if home else None


def data() -> Path:
    """Downloaded and imported data sets, in torchvision's own folder layout. `CVLAB_DATA`, if set, is that folder: one copy for a
    whole classroom."""
    shared = os.environ.get("CVLAB_DATA")
    if shared:
        return Path(shared).expanduser()
    home = _home()
    return home / "data" if home else platformdirs.user_cache_path("cvlab", appauthor=False) / "data"


def runs() -> Path:
    """One folder a training run."""
    home = _home()
    return home / "runs" if home else platformdirs.user_data_path("cvlab", appauthor=False) / "runs"


def nets() -> Path:
    """Trained nets that were imported, a folder each."""
    home = _home()
    return home / "nets" if home else platformdirs.user_data_path("cvlab", appauthor=False) / "nets"


def recipes() -> Path:
    """Recipes that the person has given a name, a file each."""
    home = _home()
    return home / "recipes" if home else platformdirs.user_data_path("cvlab", appauthor=False) / "recipes"


def autosave() -> Path:
    """The project as it was last seen, restored at the next start."""
    home = _home()
    return home / "autosave" if home else platformdirs.user_data_path("cvlab", appauthor=False) / "autosave"


def settings() -> Path:
    """The folder of settings.json and the window's geometry."""
    home = _home()
    return home / "settings" if home else platformdirs.user_config_path("cvlab", appauthor=False)


def logs() -> Path:
    """Where log files go: <home>/logs, or the system's place for logs."""
    home = _home()
    return home / "logs" if home else platformdirs.user_log_path("cvlab", appauthor=False)
