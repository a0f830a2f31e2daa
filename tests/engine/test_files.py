"""Files are opened in one place; what it promises holds for whatever lies there."""

# ruff: noqa: E501 - one case a line

from __future__ import annotations

import ast
import bz2
import gzip
import io
import json
import lzma
import math
import os
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cvlab
from cvlab.engine import archive, files
from cvlab.engine.errors import NotOurFile

EXAMPLES = int(os.environ.get("CVLAB_EXAMPLES", "40"))

READERS = {
    "json": {"load", "loads", "JSONDecoder"}, "np": {"load", "fromfile", "memmap", "genfromtxt", "loadtxt"}, "torch": {"load"},
    "zipfile": {"ZipFile"}, "tarfile": {"open", "TarFile"}, "gzip": {"open", "GzipFile", "decompress"}, "bz2": {"open", "BZ2File", "decompress"},
    "lzma": {"open", "LZMAFile", "decompress"}, "zlib": {"decompress"}, "Image": {"open"}, "os": {"open"}, "io": {"open", "open_code"},
    "pickle": {"load", "loads", "Unpickler"}, "shelve": {"open"}, "safetensors": {"safe_open"}, "codecs": {"open"}, "mmap": {"mmap"},
}  # fmt: skip
METHODS = {"read_text", "read_bytes", "model_validate_json", "open_memmap", "safe_open", "extractall", "extract"}
ALLOWED = {
    "engine/files.py": "the place itself",
    "engine/data/decode.py": "Image.open of bytes that were read here",
    "engine/data/picture_file.py": "Image.open of bytes that were read here",
    "engine/data/tar_listing.py": "tarfile.open of a file that was opened here, with bounded headers",
    "engine/data/cifar.py": "tarfile.open of a file that was opened here, after its checksum",
    "engine/data/own.py": "open_memmap of a file that was opened here before",
    "engine/data/rivals.py": "a measurement of other libraries' loaders",
    "engine/data/wheel.py": "the output of pip, which it has written itself",
    "core/storage/autosave.py": "file names that are no text, in a record of bounded size",
    "core/storage/lock.py": "locks a folder",
    "core/storage/growing_file.py": "what it has written itself",
    "engine/processes.py": "/proc",
    "engine/memory.py": "/proc and the limits of control groups",
    "console.py": "writes",
    "core/storage/metrics.py": "lines of bounded length, in which a loss may be infinite",
    "ui/theme/icons.py": "shipped with cvlab",
    "cli/net.py": "JSON that it has just made",
    "cli/bench/process.py": "the output of its own process",
    "cli/bench/turns.py": "the output of its own process",
}


def readers_in(tree: ast.AST) -> list[str]:
    """Calls that read a file, or take a format apart, without the bounds of `engine.files` and `engine.archive`."""
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        texts = [
            a.value
            for a in [*node.args, *(k.value for k in node.keywords)]
            if isinstance(a, ast.Constant) and isinstance(a.value, str)
        ]
        match node.func:
            case ast.Name(id="open"):
                found.append(f"line {node.lineno}: open")
            case ast.Attribute(value=ast.Name(id=module), attr=name) if name in READERS.get(module, ()):
                if not (module == "zipfile" and "w" in texts):
                    found.append(f"line {node.lineno}: {module}.{name}")
            case ast.Attribute(attr=name) if name in METHODS:
                found.append(f"line {node.lineno}: .{name}")
            case ast.Attribute(value=ast.Name(id=owner), attr="open") if (
                "path" in owner.lower() or "file" in owner.lower()
            ):
                found.append(f"line {node.lineno}: {owner}.open")
            case ast.Attribute(attr="open") if any("r" in text and set(text) <= set("rbt+") for text in texts):
                found.append(f"line {node.lineno}: .open")
    return found


def test_every_reader_opens_its_files_in_one_place():
    root = Path(cvlab.__file__).parent
    found = {
        path.relative_to(root).as_posix(): readers_in(ast.parse(path.read_text("utf-8"))) for path in root.rglob("*.py")
    }
    others = {name: calls for name, calls in found.items() if calls and name not in ALLOWED}
    assert not others, f"use cvlab.engine.files or cvlab.engine.archive: {others}"
    assert not {name for name in ALLOWED if not found.get(name)}, "allowed, but nothing there needs it"


@pytest.mark.parametrize(
    "line",
    [
        "open('x')", "path.open()", "Path('x').open('rb')", "p.read_text()", "p.read_bytes()", "json.loads(x)", "json.load(x)", "np.load(x)",
        "zipfile.ZipFile(x)", "tarfile.open(x)", "gzip.open(x)", "Image.open(x)", "torch.load(x)", "pickle.loads(x)", "M.model_validate_json(x)",
    ],
)  # fmt: skip
def test_the_scan_sees_a_reader(line):
    assert readers_in(ast.parse(line))


# -- regular files ---------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_only_regular_files_are_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    (tmp_path / "circle").symlink_to("circle")
    for path in (tmp_path / "pipe", tmp_path / "zero", tmp_path / "circle", tmp_path, tmp_path / "none", Path("a\0b")):
        with pytest.raises(OSError):
            files.open_regular(path)
        with pytest.raises(OSError):
            files.read_bounded(path, 10)
    (tmp_path / "file").write_bytes(b"abc")
    (tmp_path / "link").symlink_to("file")
    with files.open_regular(tmp_path / "link") as file:
        assert file.read() == b"abc"


def test_no_room_is_made_for_a_file_that_is_too_large(tmp_path):
    (tmp_path / "x").touch()
    os.truncate(tmp_path / "x", 1 << 40)  # a terabyte that takes no room on the disk
    with pytest.raises(NotOurFile, match="larger than 2,000 MB"):
        files.read_bounded(tmp_path / "x", 2_000_000_000)


# -- JSON ------------------------------------------------------------------------------------------------------------------

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63) + 1, 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=30,
)  # fmt: skip


@settings(max_examples=EXAMPLES, deadline=None)
@given(plain, st.booleans())
def test_json_is_read_as_the_standard_library_reads_it(value, ascii_only):
    try:
        content = json.dumps(value, ensure_ascii=ascii_only).encode()
    except UnicodeEncodeError:
        return  # half of a surrogate pair
    assert files.load_json(content) == json.loads(content)


@pytest.mark.parametrize(
    "token",
    [
        "NaN",
        "Infinity",
        "-Infinity",
        "1e400",
        "-1e400",
        "1" + "0" * 400 + ".0",
        "9" * 20,
        str(2**63),
        "9" * 5000,
        '"\\ud800"',
        '"\\udc00\\ud800"',
    ],
)
def test_what_is_no_finite_number_or_no_text_is_refused(token):
    for document in (token, f"[{token}]", f'{{"a": [1, {{"b": {token}}}]}}'):
        with pytest.raises(ValueError):
            files.load_json(document)
        with pytest.raises(ValueError):
            files.load_json(document.encode())


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.integers(1, 130), st.sampled_from(["[", '{"a":', "mixed"]), st.text(alphabet='[]{}"\\ a', max_size=20))
def test_depth_is_what_counts_and_not_brackets_in_text(depth, opening, text):
    parts = [("[", '{"a":')[n % 2] if opening == "mixed" else opening for n in range(depth)]
    closing = "".join("]" if part == "[" else "}" for part in reversed(parts))
    document = "".join(parts) + json.dumps(text) + closing
    document = f"[{document}, {json.dumps('[' * 200)}]"  # one more level
    if depth + 1 <= files.MAX_DEPTH:
        assert files.load_json(document) == json.loads(document)
    else:
        with pytest.raises(ValueError, match="deep"):
            files.load_json(document)


def test_a_document_that_would_fill_the_memory_is_refused_at_once():
    with pytest.raises(ValueError, match="values"):
        files.load_json(b"[" + b"{}," * files.MAX_VALUES + b"{}]")
    for depth in (1000, 1_000_000):
        with pytest.raises(ValueError):
            files.load_json(b"[" * depth + b"]" * depth)


def test_infinite_numbers_where_a_reader_says_what_they_mean():
    assert files.load_json("[Infinity, 1]", finite=False) == [math.inf, 1]


def test_no_model_that_is_read_from_a_file_takes_numbers_that_are_not_finite():
    """Whatever pydantic makes of the text "nan" where it wants a number."""
    from pydantic import BaseModel

    for panel in __import__("cvlab.core.panels", fromlist=["STATES"]).STATES:
        __import__(f"cvlab.core.panels.{panel}")
    for module in ("core.searches", "core.knn_results", "core.settings", "core.storage.project_file", "core.storage.queue_folder", "core.storage.net_folder",
                   "core.storage.record", "engine.data.own", "engine.data.planning", "engine.nets.architecture", "engine.training.search"):  # fmt: skip
        __import__(f"cvlab.{module}")
    left, seen = [BaseModel], set()
    while left:
        for model in left.pop().__subclasses__():
            if model not in seen:
                seen.add(model)
                left.append(model)
    ours = [model for model in seen if model.__module__.startswith("cvlab.")]
    assert len(ours) > 40
    assert not [model for model in ours if model.model_config.get("allow_inf_nan") is not False]


# -- compressed files and archives -------------------------------------------------------------------------------------------

PACKERS = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    st.sampled_from(sorted(PACKERS)),
    st.lists(st.binary(max_size=5000), min_size=1, max_size=3),
    st.integers(0, 3),
    st.data(),
)
def test_compressed_files_unpack_as_the_standard_library_unpacks_them(kind, parts, zeros, data):
    content = b"".join(PACKERS[kind](part) for part in parts) + bytes(4 * zeros)
    stream = archive.unpacked(io.BytesIO(content))
    assert stream is not None and stream.read() == b"".join(parts)
    cut = content[: data.draw(st.integers(6, len(content) - 4 * zeros - 1))]
    whole = {"gz": gzip.decompress, "bz2": bz2.decompress, "xz": lzma.decompress}[kind]
    try:
        expected = whole(cut)
    except (OSError, EOFError, ValueError, lzma.LZMAError):
        with pytest.raises((OSError, EOFError)):
            archive.unpacked(io.BytesIO(cut)).read()
    else:
        assert archive.unpacked(io.BytesIO(cut)).read() == expected


def test_gigabytes_of_zeros_behind_a_compressed_file_are_not_stepped_over_one_by_one(tmp_path):
    (tmp_path / "x").write_bytes(gzip.compress(b"abc"))
    os.truncate(tmp_path / "x", 1 << 30)
    with files.open_regular(tmp_path / "x") as file, pytest.raises(archive.DamagedStream, match="zeros follow"):
        archive.unpacked(file).read()
    os.truncate(tmp_path / "x", archive.MAX_ZEROS)
    with files.open_regular(tmp_path / "x") as file:
        assert archive.unpacked(file).read() == b"abc"


def test_an_xz_file_does_not_say_how_much_memory_it_takes():
    import struct
    import zlib

    made = lzma.compress(b"abc", filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 16}])
    head = bytearray(made[12:24])
    head[4] = 40  # a dictionary of 4 GB
    head[8:12] = struct.pack("<I", zlib.crc32(bytes(head[:8])))
    with pytest.raises(archive.DamagedStream, match=r"[Mm]emory"):
        archive.unpacked(io.BytesIO(made[:12] + bytes(head) + made[24:])).read()


def _zip(contents: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as made:
        for name, content in contents.items():
            made.writestr(name, content)
    return buffer.getvalue()


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.dictionaries(st.from_regex(r"[a-z]{1,9}", fullmatch=True), st.binary(max_size=9000), min_size=1, max_size=4),
       st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]))  # fmt: skip
def test_members_come_out_as_they_went_in(contents, method):
    with archive.Archive(_zip(contents, method), ratio_from=1 << 20) as opened:
        assert {member.filename: opened.content(member, 9000) for member in opened.infolist()} == contents
        largest = max(opened.infolist(), key=lambda member: member.file_size)
        if largest.file_size:
            with pytest.raises(zipfile.BadZipFile, match="at most"):
                opened.content(largest, largest.file_size - 1)


def test_an_archive_that_becomes_very_much_larger_is_refused():
    bomb = _zip({"a": bytes(3_000_000), "b": bytes(3_000_000)})
    with pytest.raises(archive.ZipBomb, match="6,000,000"):
        archive.Archive(bomb, ratio_from=5_000_000)
    archive.Archive(bomb, ratio_from=6_000_000).close()


def test_a_directory_of_too_many_members_is_refused_before_it_is_parsed(monkeypatch):
    monkeypatch.setattr(archive, "MAX_MEMBERS", 10)
    archive.Archive(_zip({f"{n}": b"" for n in range(10)}), ratio_from=1000).close()
    with pytest.raises(zipfile.BadZipFile, match="more than 10 members"):
        archive.Archive(_zip({f"{n}": b"" for n in range(11)}), ratio_from=1000)


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.binary(max_size=200))
def test_whatever_is_no_archive_is_a_bad_one(content):
    with pytest.raises(zipfile.BadZipFile):
        archive.Archive(content, ratio_from=1000)
