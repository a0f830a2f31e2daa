import json

import pytest
from PIL import Image

from cvlab.cli.challenge import KINDS
from cvlab.cli.main import main
from cvlab.engine.data.challenges import CHALLENGES


def run(capsys, *arguments: str) -> tuple[int, dict]:
    status = main(["data", "challenge", "mnist-mini", *arguments, "--json"])
    return status, json.loads(capsys.readouterr().out)


def test_it_knows_the_challenges_of_the_engine():
    assert (*CHALLENGES, "variation") == KINDS


def test_images_at_zero_are_unchanged_and_the_picture_shows_both(capsys, tmp_path):
    out = tmp_path / "scale.png"
    status, found = run(capsys, "--kind", "scale", "--amount", "0", "--count", "5", "--out", str(out))
    assert status == 0 and [image["mean_absolute_change"] for image in found["images"]] == [0] * 5
    with Image.open(out) as picture:
        assert picture.size == (5 * 28 * 3, 2 * 28 * 3)
        assert picture.crop((0, 0, 420, 84)).tobytes() == picture.crop((0, 84, 420, 168)).tobytes()
    status, found = run(capsys, "--kind", "scale", "--amount", "0.8", "--count", "5")
    assert min(image["mean_absolute_change"] for image in found["images"]) > 5 and found["out"] is None


def test_variation_names_the_members_of_a_class(capsys, tmp_path):
    status, found = run(capsys, "--kind", "variation", "--label", "7", "--count", "4", "--out", str(tmp_path / "v.png"))
    assert status == 0 and found["class"] == "7" and found["members"] == 200
    assert len(found["nearest"]) == len(found["farthest"]) == len(found["apart"]) == 4
    assert found["farthest"][0]["distance"] > found["spread"] > found["nearest"][0]["distance"]
    assert found["apart"][0] == found["farthest"][0]


@pytest.mark.slow
def test_a_curve_of_both_judges_falls(capsys):
    status, found = run(
        capsys, "--kind", "viewpoint", "--curve", "--sample", "60", "--reference", "800", "--net", "lenet-mnist"
    )
    assert status == 0 and found["sample"] == 60
    for name, least in (("1-NN", 0.75), ("net", 0.95)):
        accuracy = [point["accuracy"] for point in found["curves"][name]]
        assert len(accuracy) == 9 and accuracy[0] >= least and accuracy[-1] < accuracy[0] - 0.2
        assert all(0 <= a <= 1 for a in accuracy)


def test_the_net_that_reads_the_set_is_found(capsys):
    few = ("--curve", "--sample", "4", "--reference", "10")
    status, found = run(capsys, "--kind", "scale", *few, "--net", "auto")
    assert status == 0 and found["net"] == "lenet-mnist" and len(found["curves"]["net"]) == 9


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--kind", "variation", "--curve"), "no dial"),
        (("--kind", "variation", "--label", "10"), "no such class"),
        (("--kind", "scale", "--amount", "1.5"), "from 0 to 1"),
        (("--kind", "scale", "--count", "0"), "from 1 to"),
        (("--kind", "scale", "--curve", "--sample", "5", "--reference", "20", "--net", "nothing"), "no trained net"),
        (("--kind", "scale", "--curve", "--net", "convnet-shapes32"), "does not read MNIST"),
    ],
)
def test_what_cannot_be_done_is_said(capsys, arguments, words):
    status, found = run(capsys, *arguments)
    assert status == (1 if "does not read" in words else 2) and words in found["error"]["what"]


def test_an_unknown_challenge_is_a_wrong_argument(capsys):
    assert main(["data", "challenge", "mnist-mini", "--kind", "weather"]) == 2
