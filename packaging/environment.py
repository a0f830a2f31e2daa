"""Makes `.venv` and keeps it right: run by `make run` and `make test` with the system's Python, standard library only.

Checks first for what it cannot install, and names the command that mends it. Safe to repeat; takes well under a second when
nothing has changed.
"""

import ctypes
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
CONSTRAINTS = ROOT / "packaging" / "constraints.txt"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
OLDEST = (3, 11)
NEEDED_BYTES = 3_000_000_000  # the CPU build needs half of it; the build with CUDA libraries 7 GB, and says so itself

# What Qt's plugins load, and the Debian or Ubuntu package that brings it.
QT_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libxkbcommon.so.0": "libxkbcommon0",
}
WINDOW_LIBRARIES = {
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}


def say(text):
    print(f"cvlab: {text}", flush=True)


def stop(what, mend):
    say(what)
    say(f"mend it with:  {mend}")
    sys.exit(1)


def has_display():
    if platform.system() != "Linux":
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def check_python():
    if sys.version_info[:2] < OLDEST:
        wanted = ".".join(map(str, OLDEST))
        newer = next((found for n in range(20, OLDEST[1] - 1, -1) if (found := shutil.which(f"python3.{n}"))), None)
        mend = f"make PYTHON={newer} ..." if newer else f"sudo apt-get install python{wanted} python{wanted}-venv"
        stop(f"this is Python {platform.python_version()}; cvlab needs {wanted} or newer.", mend)
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        stop(
            "this Python cannot make virtual environments.", f"sudo apt-get install python3.{sys.version_info[1]}-venv"
        )


def check_disk():
    free = shutil.disk_usage(ROOT).free
    if free < NEEDED_BYTES and not PYTHON.exists():
        stop(
            f"{free / 1e9:.1f} GB are free here, about {NEEDED_BYTES / 1e9:.0f} GB are needed.",
            f"free some space on the disk of {ROOT}",
        )


def check_libraries(libraries):
    if platform.system() != "Linux":
        return
    missing = []
    for library, package in libraries.items():
        try:
            ctypes.CDLL(library)
        except OSError:
            missing.append(package)
    if missing:
        sudo = "" if hasattr(os, "geteuid") and os.geteuid() == 0 else "sudo "
        stop(
            f"Qt needs system libraries that are not installed: {', '.join(missing)}.",
            f"{sudo}apt-get update && {sudo}apt-get install -y {' '.join(missing)}",
        )


def pip(*arguments):
    done = subprocess.run([PYTHON, "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments], cwd=ROOT)
    if done.returncode:
        stop("the installation failed; what pip said is above.", "make clean, then the same command again")


def install(with_tests):
    """Brings `.venv` up to date with pyproject.toml and the constraints; nothing to do the second time."""
    recipe = hashlib.sha256((ROOT / "pyproject.toml").read_bytes() + CONSTRAINTS.read_bytes())
    recipe.update(sys.version.encode())
    wanted = recipe.hexdigest()
    stamps = {VENV / ".installed-tests"} if with_tests else {VENV / ".installed", VENV / ".installed-tests"}
    if PYTHON.exists() and any(stamp.exists() and stamp.read_text() == wanted for stamp in stamps):
        say("the environment in .venv is up to date.")
        return
    if not PYTHON.exists():
        say(f"making .venv with Python {platform.python_version()} ...")
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
    say("installing PyTorch, Qt and the rest into .venv (a few minutes the first time; pip's cache is used) ...")
    # PyTorch first and alone: the others then find it there instead of choosing another build.
    pip("install", "-c", CONSTRAINTS, "torch")
    pip("install", "-c", CONSTRAINTS, "-e", ".[test]" if with_tests else ".")
    (VENV / (".installed-tests" if with_tests else ".installed")).write_text(wanted)
    say("installed.")


def run(arguments):
    install(with_tests=False)
    if has_display():
        check_libraries(QT_LIBRARIES | WINDOW_LIBRARIES)
        say("opening the window ...")
        return subprocess.run([PYTHON, "-m", "cvlab", *arguments], cwd=ROOT).returncode
    check_libraries(QT_LIBRARIES)
    say("there is no display here, so instead of the window: cvlab tour out/tour")
    say("it opens every panel unseen, trains on real digits, draws one, and saves pictures of it all.")
    say("(cvlab tour DIR takes every one in two sizes, light and dark.)")
    one = ["--size", "1440x900", "--theme", "light"]
    return subprocess.run([PYTHON, "-m", "cvlab", "tour", "out/tour", *one], cwd=ROOT).returncode


def test(arguments):
    check_libraries(QT_LIBRARIES)
    install(with_tests=True)
    environment = dict(os.environ, QT_QPA_PLATFORM=os.environ.get("QT_QPA_PLATFORM", "offscreen"))
    say("running the tests ...")
    # The whole suite on two processes, a file at a time: windows of one file never meet those of another.
    shared = [] if arguments or (os.cpu_count() or 1) < 2 else ["-n", "2", "--dist", "worksteal"]
    return subprocess.run([PYTHON, "-m", "pytest", *shared, *arguments], cwd=ROOT, env=environment).returncode


def main():
    verb, *arguments = sys.argv[1:] or ["run"]
    check_python()
    check_disk()
    sys.exit({"run": run, "test": test, "install": lambda _: install(with_tests=False)}[verb](arguments))


if __name__ == "__main__":
    main()
