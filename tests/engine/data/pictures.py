"""Small pictures in real formats, and folders and archives of them."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image


def picture(colour=(200, 30, 60), size=(8, 8), kind="PNG", mode="RGB", **options) -> bytes:
    """A picture of one colour as the bytes of a file; size: (width, height)."""
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).convert(mode).save(buffer, kind, **options)
    return buffer.getvalue()


def noise(seed: int, size=(8, 8), kind="PNG") -> bytes:
    width, height = size
    values = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, kind)
    return buffer.getvalue()


def write(root: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


def pack(path: Path, files: dict[str, bytes], compression=zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def pack_tar(path: Path, files: dict[str, bytes], mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def two_classes(each: int = 5, test: int = 2, top: str = "") -> dict[str, bytes]:
    """train/ and test/ of cats and dogs, every picture another."""
    files = {}
    for number, (part, count) in enumerate((("train", each), ("test", test))):
        for k, name in enumerate(("cat", "dog")):
            for i in range(count):
                files[f"{top}{part}/{name}/{i:03}.png"] = noise(1000 * number + 100 * k + i)
    return files
