"""Public sets from small archives in the real formats, served from this machine."""

import gzip
import hashlib
import io
import pickle
import string
import tarfile
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy.io

from cvlab.engine.data import catalogue, cifar, cifar_files, idx, mat, pickled, public
from cvlab.engine.data.entries import CATALOGUE, Entry, Remote
from cvlab.engine.data.progress import never, nobody
from cvlab.engine.data.vision import torchvision
from cvlab.engine.errors import CorruptData, DataMissing, DownloadFailed
from tests.engine.data.pictures import pack, pack_tar, write
from tests.engine.data.server import Server

RNG = np.random.default_rng(3)


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def bytes_of(*shape: int, high: int = 256) -> np.ndarray:
    return RNG.integers(0, high, shape, np.uint8)


# -- small stand-ins: (entry with other counts and files, the archives, train images and labels as they must come out) ---


def fashion():
    archives, arrays = {}, {}
    for part, count in (("train", 30), ("t10k", 10)):
        for kind, array in (("images-idx3", bytes_of(count, 28, 28)), ("labels-idx1", bytes_of(count, high=10))):
            name = f"{part}-{kind}-ubyte.gz"
            archives[name], arrays[name] = gzip.compress(idx.write(array), mtime=0), array
    entry = CATALOGUE["fashion-mnist"]
    return entry, archives, arrays["train-images-idx3-ubyte.gz"][:, None], arrays["train-labels-idx1-ubyte.gz"]


def emnist(kind: str, monkeypatch=None):
    """The images lie on their side in the file, and letters count from 1."""
    members, upright, labels = {}, {}, {}
    for each, low, classes in (("letters", 1, 26), ("digits", 0, 10)):
        for part, count in (("train", 30), ("test", 10)):
            images, values = bytes_of(count, 28, 28), bytes_of(count, high=classes)
            stem = f"gzip/emnist-{each}-{part}"
            members[f"{stem}-images-idx3-ubyte.gz"] = gzip.compress(idx.write(images.transpose(0, 2, 1)), mtime=0)
            members[f"{stem}-labels-idx1-ubyte.gz"] = gzip.compress(idx.write(values + np.uint8(low)), mtime=0)
            upright[each, part], labels[each, part] = images, values
    members["gzip/emnist-byclass-train-images-idx3-ubyte.gz"] = b"not wanted"
    buffer = io.BytesIO()
    pack(buffer, members)
    return (
        CATALOGUE[f"emnist-{kind}"],
        {"gzip.zip": buffer.getvalue()},
        upright[kind, "train"][:, None],
        labels[kind, "train"],
    )


def batch(count: int, key: str, classes: int) -> tuple[dict, np.ndarray, np.ndarray]:
    images, labels = bytes_of(count, 3, 32, 32), RNG.integers(0, classes, count)
    content = {
        "data": images.reshape(count, -1),
        key: labels.tolist(),
        "filenames": ["x.png"] * count,
        "batch_label": "b",
    }
    return content, images, labels


def cifar_archive(id: str):
    key, folder, classes = (
        ("labels", "cifar-10-batches-py", 10) if id == "cifar10" else ("fine_labels", "cifar-100-python", 100)
    )
    names = [f"data_batch_{n}" for n in range(1, 6)] if id == "cifar10" else ["train"]
    files, images, labels = {}, [], []
    for name in [*names, "test_batch" if id == "cifar10" else "test"]:
        content, X, y = batch(30 // len(names) if name in names else 10, key, classes)
        files[name] = pickle.dumps(content, protocol=2)
        if name in names:
            images.append(X)
            labels.append(y)
    files["batches.meta" if id == "cifar10" else "meta"] = pickle.dumps({"label_names": []}, protocol=2)
    packed = tar({f"{folder}/{name}": content for name, content in files.items()})
    entry = CATALOGUE[id]
    return entry, {entry.files[0].name: packed}, np.concatenate(images), np.concatenate(labels)


def tar(files: dict[str, bytes]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return pack_tar(Path(folder) / "x", files).read_bytes()


def sums_in(archive: bytes) -> dict[str, str]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        return {m.name.rpartition("/")[2]: md5(opened.extractfile(m).read()) for m in opened}


def svhn():
    archives, kept = {}, {}
    for part, count in (("train", 30), ("test", 10)):
        X, y = bytes_of(32, 32, 3, count), RNG.integers(1, 11, (count, 1)).astype(np.uint8)
        buffer = io.BytesIO()
        scipy.io.savemat(buffer, {"X": X, "y": y}, do_compression=True)
        archives[f"{part}_32x32.mat"] = buffer.getvalue()
        kept[part] = X.transpose(3, 2, 0, 1), np.where(y == 10, 0, y).reshape(-1)
    return CATALOGUE["svhn"], archives, *kept["train"]


MADE = {
    "fashion-mnist": fashion,
    "emnist-letters": lambda: emnist("letters"),
    "emnist-digits": lambda: emnist("digits"),
    "cifar10": lambda: cifar_archive("cifar10"),
    "cifar100": lambda: cifar_archive("cifar100"),
    "svhn": svhn,
}


class Small:
    """A small set in a public one's place, its files on servers of this machine."""

    def __init__(self, id: str, monkeypatch) -> None:
        entry, self.archives, self.images, self.labels = MADE[id]()
        self.servers = {name: Server(content) for name, content in self.archives.items()}
        for server in self.servers.values():
            server.__enter__()
        remotes = tuple(
            Remote(r.name, (self.servers[r.name].url,), len(self.archives[r.name]), md5(self.archives[r.name]))
            for r in entry.files
        )
        self.entry: Entry = replace(entry, train_count=30, test_count=10, files=remotes)
        monkeypatch.setitem(CATALOGUE, id, self.entry)
        if id in cifar_files.PYTHON:
            known = replace(cifar_files.PYTHON[id], files=sums_in(self.archives[entry.files[0].name]))
            monkeypatch.setitem(cifar_files.PYTHON, id, known)
        for other in ("emnist-letters", "emnist-digits"):  # they share one download
            if id.startswith("emnist") and other != id:
                monkeypatch.setitem(
                    CATALOGUE, other, replace(CATALOGUE[other], train_count=30, test_count=10, files=remotes)
                )
        monkeypatch.setattr(catalogue, "_recent", type(catalogue._recent)(maxlen=2))

    def close(self) -> None:
        for server in self.servers.values():
            server.__exit__(None, None, None)


@pytest.fixture
def small(request, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    made = Small(request.param, monkeypatch)
    yield made
    made.close()


every = pytest.mark.parametrize("small", MADE, indirect=True)


@every
def test_it_is_downloaded_unpacked_and_read_to_the_byte(small, tmp_path):
    id, seen = small.entry.id, []
    assert not catalogue.is_available(id, root=tmp_path, bundled=tmp_path)
    with pytest.raises(DataMissing, match=f"cvlab data get {id}"):
        catalogue.load(id, root=tmp_path, bundled=tmp_path)
    catalogue.obtain(id, root=tmp_path, progress=seen.append, sources=("files", "mirrors"))
    assert catalogue.is_available(id, root=tmp_path, bundled=tmp_path) and seen[-1].fraction == 1
    data = catalogue.load(id, root=tmp_path, bundled=tmp_path)
    assert (len(data.train), len(data.test)) == (30, 10) and data.image_shape == small.entry.image_shape
    assert np.array_equal(data.train.images.numpy(), small.images)
    assert np.array_equal(data.train.labels.numpy(), small.labels)
    assert (
        not list(tmp_path.rglob("*.partial"))
        and not list(tmp_path.rglob("*.zip"))
        and not list(tmp_path.rglob("*.tar.gz"))
    )


@every
def test_a_download_cut_in_the_middle_goes_on_there(small, tmp_path):
    server = next(iter(small.servers.values()))
    server.cuts = 1
    catalogue.obtain(small.entry.id, root=tmp_path)
    assert len(server.asked) == 2 and server.asked[1][1].startswith("bytes=")
    assert np.array_equal(
        catalogue.load(small.entry.id, root=tmp_path, bundled=tmp_path).train.images.numpy(), small.images
    )


@every
def test_the_persons_own_copy_will_do(small, tmp_path):
    write(tmp_path / "mine", {f"old/{n}{name}": content for n, (name, content) in enumerate(small.archives.items())})
    write(tmp_path / "mine", {"old/readme.txt": b"hello"})
    catalogue.obtain(small.entry.id, root=tmp_path / "data", files=tmp_path / "mine", sources=("files",))
    data = catalogue.load(small.entry.id, root=tmp_path / "data", bundled=tmp_path)
    assert np.array_equal(data.train.images.numpy(), small.images)
    assert (
        all(not server.asked for server in small.servers.values())
        and len(list((tmp_path / "mine" / "old").iterdir())) > 1
    )


@every
def test_what_is_not_it_is_not_taken(small, tmp_path):
    write(tmp_path / "mine", {name: content[:-1] + b"?" for name, content in small.archives.items()})
    with pytest.raises(DataMissing, match="is not in"):
        catalogue.obtain(small.entry.id, root=tmp_path / "data", files=tmp_path / "mine", sources=("files",))
    assert not catalogue.is_available(small.entry.id, root=tmp_path / "data", bundled=tmp_path)


@pytest.mark.parametrize("small", ["cifar10", "emnist-letters"], indirect=True)
def test_files_unpacked_elsewhere_will_do_where_they_can_be_told(small, tmp_path):
    catalogue.obtain(small.entry.id, root=tmp_path / "a")
    folder = tmp_path / "a" / small.entry.folder
    catalogue.obtain(small.entry.id, root=tmp_path / "b", files=folder, sources=("files",))
    assert catalogue.is_available(small.entry.id, root=tmp_path / "b", bundled=tmp_path)


@pytest.mark.parametrize("small", ["cifar10", "cifar100", "emnist-letters", "svhn", "fashion-mnist"], indirect=True)
@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_truncated_archive_is_said_in_words(small, tmp_path, share):
    """As a server might hold it: its checksum is right, its content is not."""
    remote = small.entry.files[0]
    path = write(tmp_path, {remote.name: small.archives[remote.name][: int(share * remote.size)]}) / remote.name
    with pytest.raises(CorruptData) as caught:
        public.parser(small.entry).unpack(tmp_path / "data", small.entry, remote, path)
        write(tmp_path / "data" / small.entry.folder, {remote.name: path.read_bytes()})
        public.load(tmp_path / "data", small.entry, nobody, never)
    assert path.name in caught.value.what or small.entry.title in caught.value.what


@pytest.mark.parametrize("small", ["cifar10"], indirect=True)
def test_an_archive_whose_paths_climb_out_writes_nothing_outside(small, tmp_path):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name in ("../../evil", "/tmp/evil", "../../data_batch_1"):
            member = tarfile.TarInfo(name)
            member.size = 4
            archive.addfile(member, io.BytesIO(b"evil"))
    path = write(tmp_path / "in" / "deep", {"x.tar.gz": buffer.getvalue()}) / "x.tar.gz"
    with pytest.raises(CorruptData, match="does not hold CIFAR-10"):
        cifar.unpack(tmp_path / "in" / "data", small.entry, small.entry.files[0], path)
    assert [p.name for p in (tmp_path / "in" / "data" / small.entry.folder).iterdir()] == ["data_batch_1"]
    assert not list(tmp_path.rglob("evil")) and {p.name for p in tmp_path.iterdir()} == {"in"}


class Evil:
    def __reduce__(self):
        return (print, ("it ran",))


@pytest.mark.parametrize("small", ["cifar10"], indirect=True)
@pytest.mark.parametrize(
    "content",
    [pickle.dumps(Evil()), pickle.dumps({"data": Evil(), "labels": []}), b"\x80\x02.", b"", pickle.dumps([1])],
)
def test_a_pickle_that_wants_to_run_something_does_not(small, tmp_path, capsys, content):
    catalogue.obtain("cifar10", root=tmp_path)
    (tmp_path / small.entry.folder / "data_batch_3").write_bytes(content)
    with pytest.raises(CorruptData):
        public.load(tmp_path, small.entry, nobody, never)
    assert "it ran" not in capsys.readouterr().out


@pytest.mark.parametrize("content", [pickle.dumps(Evil()), pickle.dumps({"data": Evil(), "labels": []})])
def test_the_unpickler_itself_runs_nothing_either(content, capsys):
    with pytest.raises(CorruptData, match="asks for code to be run"):
        pickled.loads(content)
    assert "it ran" not in capsys.readouterr().out


# -- the binary version of CIFAR -------------------------------------------------------------------------------------


def binary_archive(id: str, monkeypatch) -> tuple[bytes, np.ndarray, np.ndarray]:
    """30 + 10 images as records, known by their checksums: (the archive, training images, training labels)."""
    version, entry, files, found = cifar_files.BINARY[id], CATALOGUE[id], {}, []
    for name in version.files:
        count = 10 if name.startswith("test") else 30 // (len(version.files) - 1)
        X, y = bytes_of(count, 3, 32, 32), bytes_of(count, high=len(entry.classes))
        coarse = [bytes_of(count, high=20)] * (version.label_bytes - 1)
        files[f"{version.folder}/{name}"] = np.column_stack([*coarse, y, X.reshape(count, -1)]).tobytes()
        if not name.startswith("test"):
            found.append((X, y))
    packed = tar(files | {f"{version.folder}/readme.html": b"hello"})
    known = {name: sum for name, sum in sums_in(packed).items() if name in version.files}
    monkeypatch.setitem(cifar_files.BINARY, id, replace(version, files=known))
    (copy,) = entry.copies
    own = Remote(copy.name, copy.urls, len(packed), md5(packed))
    monkeypatch.setitem(CATALOGUE, id, replace(entry, train_count=30, test_count=10, copies=(own,)))
    return packed, np.concatenate([X for X, _ in found]), np.concatenate([y for _, y in found])


@pytest.mark.parametrize("id", ["cifar10", "cifar100"])
@pytest.mark.parametrize("unpacked", [False, True])
def test_the_binary_version_will_do(id, unpacked, monkeypatch, tmp_path):
    packed, images, labels = binary_archive(id, monkeypatch)
    mine = write(tmp_path / "mine", {"any name": packed})
    if unpacked:
        with tarfile.open(mine / "any name") as archive:
            archive.extractall(tmp_path / "loose", filter="data")
        mine = tmp_path / "loose"
    catalogue.obtain(id, root=tmp_path / "data", files=mine, sources=("files",))
    data = catalogue.load(id, root=tmp_path / "data", bundled=tmp_path)
    assert np.array_equal(data.train.images.numpy(), images) and data.train.labels.tolist() == labels.tolist()
    assert len(data.test) == 10 and not list((tmp_path / "data").rglob("*.gz"))
    folder = tmp_path / "data" / cifar_files.BINARY[id].folder
    assert {path.name for path in folder.iterdir()} == set(cifar_files.BINARY[id].files)


def test_one_file_of_several_will_do_where_the_others_lie_beside_it(monkeypatch, tmp_path):
    packed, images, _ = binary_archive("cifar10", monkeypatch)
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(tmp_path, filter="data")
    one = tmp_path / "cifar-10-batches-bin" / "data_batch_3.bin"
    catalogue.obtain("cifar10", root=tmp_path / "data", files=one, sources=("files",))
    assert np.array_equal(
        catalogue.load("cifar10", root=tmp_path / "data", bundled=tmp_path).train.images.numpy(), images
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [(lambda b: b[:-9], r"cut short: [\d,]+ of [\d,]+ bytes"), (lambda b: b[:-1] + b"?", "another checksum")],
)
def test_an_archive_by_name_that_is_not_whole_is_said(change, words, monkeypatch, tmp_path):
    packed, *_ = binary_archive("cifar10", monkeypatch)
    write(tmp_path, {"cifar-10-binary.tar.gz": change(packed)})
    with pytest.raises(DataMissing, match=words) as caught:
        catalogue.obtain("cifar10", root=tmp_path, files=tmp_path / "cifar-10-binary.tar.gz", sources=("files",))
    assert "cifar-10-python.tar.gz, or cifar-10-binary.tar.gz" in caught.value.remedy


def test_a_published_file_is_recognised(monkeypatch, tmp_path):
    packed, *_ = binary_archive("cifar100", monkeypatch)
    write(tmp_path, {"x": packed, "y": packed[:-1] + b"?", "z": b""})
    assert catalogue.recognise(tmp_path / "x").id == "cifar100"
    assert catalogue.recognise(tmp_path / "y") is None and catalogue.recognise(tmp_path / "z") is None
    assert catalogue.recognise(tmp_path).id == "cifar100" and catalogue.recognise(tmp_path / "gone") is None
    assert catalogue.recognise(tmp_path.parent) is None, "not what lies deeper"


def test_a_damaged_record_is_not_read(monkeypatch, tmp_path):
    packed, *_ = binary_archive("cifar10", monkeypatch)
    catalogue.obtain("cifar10", root=tmp_path, files=write(tmp_path / "m", {"a": packed}), sources=("files",))
    path = tmp_path / "cifar-10-batches-bin" / "data_batch_2.bin"
    path.write_bytes(b"\xff" + path.read_bytes()[1:])
    with pytest.raises(CorruptData, match=r"data_batch_2\.bin is none of CIFAR-10's files"):
        catalogue.load("cifar10", root=tmp_path, bundled=tmp_path)


# -- the table -------------------------------------------------------------------------------------------------------


def test_the_checksums_are_torchvisions():
    datasets = torchvision().datasets
    for id, kind in (("mnist", datasets.MNIST), ("fashion-mnist", datasets.FashionMNIST), ("kmnist", datasets.KMNIST)):
        assert [(file.name, file.md5) for file in CATALOGUE[id].files] == kind.resources
        assert CATALOGUE[id].folder == f"{kind.__name__}/raw"
    assert (
        CATALOGUE["emnist-letters"].files[0].md5 == datasets.EMNIST.md5
        and datasets.EMNIST.url in CATALOGUE["emnist-digits"].files[0].urls
    )
    for id, kind in (("cifar10", datasets.CIFAR10), ("cifar100", datasets.CIFAR100)):
        (file,) = CATALOGUE[id].files
        assert (file.name, file.md5, CATALOGUE[id].folder) == (
            kind.filename,
            kind.tgz_md5,
            kind.base_folder,
        ) and kind.url in file.urls
        theirs = dict([*kind.train_list, *kind.test_list, (kind.meta["filename"], kind.meta["md5"])])
        assert cifar_files.PYTHON[id].files == theirs
    assert [(f.urls[-1], f.name, f.md5) for f in CATALOGUE["svhn"].files] == [
        tuple(datasets.SVHN.split_list[p]) for p in ("train", "test")
    ]


def test_every_download_has_two_checksums_and_begins_with_a_secure_address():
    remotes = {r.name + r.md5: r for entry in CATALOGUE.values() for r in (*entry.files, *entry.copies)}
    for remote in remotes.values():
        assert len(remote.md5) == 32 and len(remote.sha256) == 64 and not set(remote.sha256) - set(string.hexdigits)
        assert remote.urls[0].startswith("https://") and 0 < remote.size < 10**9
        plain = [url for url in remote.urls if not url.startswith("https://")]
        assert not plain or plain == ["http" + remote.urls[0].removeprefix("https")], "the same server, asked last"
    assert len({r.sha256 for r in remotes.values()}) == len(remotes), "no checksum stands beside two files"


def test_a_file_with_only_one_of_the_two_checksums_is_not_the_download(tmp_path, monkeypatch):
    small = Small("fashion-mnist", monkeypatch)
    remotes = tuple(replace(remote, sha256="0" * 64) for remote in small.entry.files)
    monkeypatch.setitem(CATALOGUE, "fashion-mnist", replace(small.entry, files=remotes))
    try:
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        mine = write(tmp_path / "mine", small.archives)
        assert not any(public.is_published(CATALOGUE["fashion-mnist"], path, lambda: False) for path in mine.iterdir())
        with pytest.raises(DownloadFailed, match="another checksum"):
            catalogue.obtain("fashion-mnist", root=tmp_path, sources=("mirrors",))
    finally:
        small.close()


def test_their_parser_and_ours_read_the_same(tmp_path, monkeypatch):
    """CIFAR-10 as torchvision reads it from the folder that we fill."""
    small = Small("cifar10", monkeypatch)
    try:
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        catalogue.obtain("cifar10", root=tmp_path)
    finally:
        small.close()
    theirs = torchvision().datasets.CIFAR10
    monkeypatch.setattr(theirs, "_check_integrity", lambda self: True)
    monkeypatch.setattr(theirs, "_load_meta", lambda self: None)
    read = theirs(tmp_path, train=True)
    ours = catalogue.load("cifar10", root=tmp_path, bundled=tmp_path).train
    assert np.array_equal(read.data.transpose(0, 3, 1, 2), ours.images.numpy()) and read.targets == ours.labels.tolist()


# -- MATLAB files ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.float64, np.int64])
def test_matlab_files_are_read_as_scipy_reads_them(tmp_path, packed, kind):
    arrays = {
        "X": (RNG.random((4, 3, 2, 5)) * 100).astype(kind),
        "y": np.arange(7, dtype=kind).reshape(7, 1),
        "longer_name": np.ones((1, 1), kind),
    }
    scipy.io.savemat(tmp_path / "x.mat", arrays, do_compression=packed)
    found, theirs = mat.read(tmp_path / "x.mat"), scipy.io.loadmat(tmp_path / "x.mat")
    assert found.keys() == arrays.keys()
    for name, array in found.items():
        assert array.dtype == theirs[name].dtype and np.array_equal(array, theirs[name])


@pytest.mark.parametrize("value", [{"a": 1}, "text", np.array([{}], object), np.array([1j])])
def test_matlab_files_of_other_things_are_refused(tmp_path, value):
    scipy.io.savemat(tmp_path / "x.mat", {"v": value})
    with pytest.raises(CorruptData):
        mat.read(tmp_path / "x.mat")


@pytest.mark.parametrize("cut", [0, 60, 128, 140, 400])
def test_matlab_files_cut_short_are_refused_or_empty(tmp_path, cut):
    scipy.io.savemat(tmp_path / "x.mat", {"X": bytes_of(20, 20)}, do_compression=True)
    path = tmp_path / "x.mat"
    path.write_bytes(path.read_bytes()[:cut])
    if cut in (128,):
        assert mat.read(path) == {}
    else:
        with pytest.raises(CorruptData):
            mat.read(path)


def test_a_matlab_bomb_stops_at_the_limit(tmp_path):
    scipy.io.savemat(tmp_path / "x.mat", {"X": np.zeros(1_000_000, np.uint8)}, do_compression=True)
    with pytest.raises(CorruptData, match="too much"):
        mat.read(tmp_path / "x.mat", max_bytes=10_000)


def test_nothing_of_a_set_is_looked_for_in_a_file_that_may_not_be_read(tmp_path, monkeypatch):
    write(tmp_path, {"a": b"1", "b": b"2"})
    real = public.open_regular

    def guarded(path):
        if path.name == "a":
            raise PermissionError
        return real(path)

    monkeypatch.setattr(public, "open_regular", guarded)
    assert [path.name for path in public.candidates(tmp_path)] == ["b"]
