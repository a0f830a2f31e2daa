"""`cvlab predict`: every shipped net reads every kind of picture, and as PyTorch computes it where no pixel is changed."""

import json

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.numpy import load_file, save_file

from cvlab.cli import main
from cvlab.core import paths
from cvlab.core.models import Models
from cvlab.core.runs import Runs
from cvlab.core.storage.run_folder import WEIGHTS, RunFolder
from cvlab.engine.data import catalogue
from cvlab.engine.data.net_input import InputReader
from cvlab.engine.errors import NetError
from cvlab.engine.nets import zoo
from cvlab.engine.nets.build import build
from cvlab.engine.training.recipe import Recipe

SHIPPED = sorted(path.parent.name for path in (paths.resources() / "models").glob("*/run.json"))
RNG = np.random.default_rng(0)


def gray(width=60, height=45):
    """A dark figure on light paper, with every shade between."""
    y, x = np.mgrid[:height, :width]
    away = np.hypot((x - width / 2) / width, (y - height / 2) / height)
    return Image.fromarray((255 * np.clip(3 * away, 0, 1)).astype(np.uint8))


def color(width=60, height=45):
    return Image.merge("RGB", [gray(width, height), gray(width, height).transpose(0), gray(width, height)])


def transparent():
    image = color().convert("RGBA")
    image.putalpha(gray().point(lambda value: 255 - value))
    return image


def sixteen(height=45, width=60):
    return Image.fromarray(np.asarray(gray(width, height)).astype(np.uint16) * 257)


def turned(path):
    exif = Image.Exif()
    exif[0x0112] = 6
    color().save(path, exif=exif)


def animated(path):
    color().save(path, save_all=True, append_images=[gray().convert("RGB")], duration=100)


def palette_with_a_hole(path):
    color().quantize(8).save(path, transparency=0)


PICTURES = {
    "gray.png": gray(), "color.png": color(), "transparent.png": transparent(), "palette.png": color().quantize(16),
    "hole.png": palette_with_a_hole, "sixteen.png": sixteen(), "sixteen.tiff": sixteen(), "one-bit.png": gray().convert("1"),
    "gray-alpha.png": gray().convert("LA"), "cmyk.jpg": color().convert("CMYK"), "cmyk.tiff": color().convert("CMYK"),
    "color.jpg": color(), "gray.jpg": gray(), "turned.jpg": turned, "color.bmp": color(), "one-bit.bmp": gray().convert("1"),
    "color.gif": color(), "animated.gif": animated, "color.webp": color(), "transparent.webp": transparent(),
    "color.tiff": color(), "float.tiff": gray().convert("F"), "ycbcr.jpg": color().convert("YCbCr"),
    "lab.tiff": color().convert("LAB"), "one-pixel.png": color(1, 1), "one-pixel-gray.png": gray(1, 1),
    "long.png": color(3000, 20), "tall.jpg": gray(20, 3000), "small.png": color(5, 3), "exact.png": color(32, 32),
    "black.png": Image.new("L", (40, 40), 0), "white.png": Image.new("RGB", (40, 40), "white"),
    "nothing.png": Image.new("RGBA", (40, 40), (0, 0, 0, 0)),
}  # fmt: skip


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    for name, made in PICTURES.items():
        made(folder / name) if callable(made) else made.save(folder / name)
    return folder


def predict(capsys, *arguments):
    status = main(["predict", *map(str, arguments), "--json"])
    out, err = capsys.readouterr()
    return status, json.loads(out), err


@pytest.mark.parametrize("model", SHIPPED)
def test_every_net_reads_every_kind_of_picture(model, pictures, capsys):
    files = [pictures / name for name in PICTURES]
    status, found, err = predict(capsys, model, *files)
    assert status == 0 and "Traceback" not in err
    assert [each["image"] for each in found["predictions"]] == [str(path) for path in files]
    for each in found["predictions"]:
        probabilities = list(each["probabilities"].values())
        assert sum(probabilities) == pytest.approx(1, abs=1e-5) and min(probabilities) >= 0
        assert each["class"] == max(each["probabilities"], key=each["probabilities"].get)


@pytest.mark.parametrize("model", SHIPPED)
def test_a_picture_of_the_nets_own_size_is_fed_pixel_by_pixel(model, tmp_path, capsys):
    """The oracle: the weights file, put into a module by PyTorch alone, and the images of the set that the net learned from."""
    folder = RunFolder.open(paths.resources() / "models" / model)
    record = folder.record
    module = build(record.architecture.flat)
    weights = {name: torch.from_numpy(value) for name, value in load_file(folder.path / WEIGHTS).items()}
    module.load_state_dict(weights, strict=False)
    module.eval()
    entry = catalogue.find(record.recipe.data)
    data_id = entry.id if entry.kind != "fetched" else "mnist-mini"
    data = catalogue.load(data_id, root=paths.data(), bundled=paths.resources() / "data")
    images = data.test.images[::200]
    files = []
    for i, image in enumerate(images):
        files.append(tmp_path / f"{i}.png")
        Image.fromarray(image.permute(1, 2, 0).squeeze(-1).numpy()).save(files[-1])
    values = images.float() / 255
    if record.preprocessing.kind == "signed":
        values = 2 * values - 1
    elif record.preprocessing.kind == "standardize":
        mean, std = (
            torch.tensor(each)[:, None, None] for each in (record.preprocessing.mean, record.preprocessing.std)
        )
        values = (values - mean) / std
    with torch.no_grad():
        expected = module(values).softmax(1).numpy()
    status, found, _ = predict(capsys, model, *files)
    computed = np.array([list(each["probabilities"].values()) for each in found["predictions"]])
    assert status == 0 and computed == pytest.approx(expected, abs=1e-5)
    right = [
        each["class"] == data.classes[int(label)]
        for each, label in zip(found["predictions"], data.test.labels[::200], strict=True)
    ]
    assert sum(right) >= 0.9 * len(right)


def test_a_picture_is_turned_as_the_camera_says_and_cut_as_in_training(tmp_path):
    reader = InputReader.of((3, 32, 32), tuple("ab"), "shapes32")
    exif = Image.Exif()
    exif[0x0112] = 6
    pixels = RNG.integers(0, 256, (32, 32, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "turned.png", exif=exif)
    expected = np.rot90(pixels, -1).transpose(2, 0, 1)
    assert np.array_equal(reader.read(tmp_path / "turned.png").image, expected)
    wide = np.concatenate([np.zeros((32, 16, 3), np.uint8), pixels, np.zeros((32, 16, 3), np.uint8)], axis=1)
    Image.fromarray(wide).save(tmp_path / "wide.png")
    assert np.array_equal(reader.read(tmp_path / "wide.png").image, pixels.transpose(2, 0, 1)), "the middle"


def test_transparent_is_white_and_sixteen_bits_keep_their_shades(tmp_path):
    reader = InputReader.of((1, 16, 16), tuple("ab"), "own")
    Image.new("RGBA", (16, 16), (0, 0, 0, 0)).save(tmp_path / "nothing.png")
    assert (reader.read(tmp_path / "nothing.png").image == 255).all()
    shades = np.arange(256, dtype=np.uint16).reshape(16, 16) * 257
    Image.fromarray(shades).save(tmp_path / "deep.png")
    assert np.abs(reader.read(tmp_path / "deep.png").image[0].astype(int) - np.arange(256).reshape(16, 16)).max() <= 1


@pytest.mark.parametrize("shape", [None, (784,), (2, 8, 8), (4, 32, 32)])
def test_a_net_that_takes_no_pictures_says_so(shape):
    with pytest.raises(NetError, match="takes no pictures"):
        InputReader.of(shape, ("a", "b"))


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"no picture at all", b"\x89PNG\r\n\x1a\n" + b"\0" * 40])
def test_what_is_no_picture_is_said_in_a_sentence(content, tmp_path, capsys):
    path = tmp_path / "broken.png"
    path.write_bytes(content)
    for model in SHIPPED:
        status, found, err = predict(capsys, model, path)
        assert status == 1 and "broken.png cannot be read" in found["error"]["what"]
        assert "fault" not in err and "Traceback" not in err


@pytest.fixture
def broken_net(tmp_path):
    """A run whose first weight became NaN."""
    runs = Runs(tmp_path / "runs", lambda dataset_id: None)
    net = zoo.linear_classifier()
    folder = RunFolder.create(runs.root, net, Recipe(threads=1, device="cpu"))
    weights = {name: value.numpy().copy() for name, value in build(net.flat, 0).state_dict().items()}
    next(iter(weights.values())).reshape(-1)[:] = np.nan
    save_file(weights, folder.path / WEIGHTS)
    record = json.loads((folder.path / "run.json").read_text(encoding="utf-8"))
    record["classes"] = list("0123456789")
    (folder.path / "run.json").write_text(json.dumps(record), encoding="utf-8")
    return folder.path


def test_a_net_of_no_finite_numbers_reads_nothing(broken_net, pictures, capsys):
    status, found, err = predict(capsys, broken_net, pictures / "gray.png")
    assert status == 1 and "nan%" not in err and "finite" in found["error"]["what"] and "predictions" not in found


def test_every_shipped_net_says_how_pictures_become_its_images():
    models = Models(paths.resources() / "models", Runs(paths.runs(), lambda dataset_id: None), paths.nets())
    for model in SHIPPED:
        shape = models.find(model).record.architecture.image_shape
        assert models.input_reader(model, paths.data()).shape == shape and model in models.ids()
    assert models.find("nosuch") is None and models.find("x" * 5000) is None and models.find("a\0b") is None
