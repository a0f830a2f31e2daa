"""How cvlab was installed is told from the files around it, and each way gets its own command."""

import shlex
import sys
import sysconfig

import pytest

from cvlab.engine import installation
from cvlab.engine.installation import Installation, detect

MARKS = {
    "uv tool": ["uv-receipt.toml"], "pipx": ["pipx_metadata.json"], "make": ["../packaging/environment.py", "../Makefile"],
    "venv": [], "conda": ["conda-meta/history"],
}  # fmt: skip


@pytest.mark.parametrize("kind", MARKS)
@pytest.mark.parametrize("has_pip", [True, False])
def test_the_way_is_told_from_the_files_of_the_environment(kind, has_pip, tmp_path, monkeypatch):
    prefix = tmp_path / "a place" / ".venv"
    prefix.mkdir(parents=True)
    for mark in MARKS[kind]:
        (prefix / mark).parent.mkdir(parents=True, exist_ok=True)
        (prefix / mark).touch()
    monkeypatch.setattr(sys, "prefix", str(prefix))
    monkeypatch.setattr(sys, "base_prefix", str(prefix) if kind == "conda" else "/usr")
    monkeypatch.setattr(sys, "executable", str(prefix / "bin" / "python"))
    monkeypatch.setattr(installation, "find_spec", lambda name: object() if has_pip else None)
    found = detect()
    assert found.kind == kind and found.has_pip == has_pip
    words = shlex.split(found.add("torch>=2.9"))
    assert words[-1] == "torch>=2.9", "one word, whatever the shell makes of >"
    if kind == "pipx":
        assert words[:3] == ["pipx", "inject", "cvlab"]
    elif kind == "uv tool" or not has_pip:
        assert words[:5] == ["uv", "pip", "install", "--python", sys.executable]
    else:
        assert words[:4] == [sys.executable, "-m", "pip", "install"]


def test_a_python_of_the_system_is_told_from_ones_own(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(sys, "base_prefix", str(tmp_path))
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(tmp_path))
    monkeypatch.setattr(installation, "find_spec", lambda name: object())
    assert (detect().kind, detect().managed) == ("system", False)
    (tmp_path / "EXTERNALLY-MANAGED").touch()
    assert "--break-system-packages" in detect().add("numpy")
    monkeypatch.setattr(installation.site, "ENABLE_USER_SITE", True)
    monkeypatch.setattr(
        installation.site, "getusersitepackages", lambda: str(installation.Path(installation.__file__).parents[2])
    )
    assert detect().kind == "user" and "--user" in detect().add("numpy")
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert detect().kind == "bundle" and "download" in detect().renew()


@pytest.mark.parametrize(
    ("kind", "command"),
    [
        ("uv tool", "uv tool install --reinstall --torch-backend=auto cvlab"), ("pipx", "pipx reinstall cvlab"),
        ("venv", "/py -m pip install --force-reinstall torch torchvision"),
        ("user", "/py -m pip install --user --force-reinstall torch torchvision"),
    ],
)  # fmt: skip
def test_the_command_that_renews_all(kind, command):
    assert Installation(kind, "/py").renew() == command
    made = Installation("make", "/py", installation.Path("/a b"))
    assert made.renew() == "make -C '/a b' clean && make -C '/a b' run"
