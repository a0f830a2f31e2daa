"""`cvlab net`: tables, advice, patterns and files, as JSON and as words."""

import json

import numpy as np
import pytest
import torch

from cvlab.cli.main import main
from cvlab.core.lab import Lab
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import Flatten, Input, Linear, Softmax
from tests.cli.test_cli import call, call_json


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CVLAB_HOME", str(tmp_path / "home"))


def test_show_tells_memory_field_and_blocks(capsys):
    status, shown, _ = call_json(capsys, "net", "show", "resnet20", "--batch", "10")
    assert status == 0 and shown["parameters"] == 272_474 and shown["layers"][0]["activation_bytes"] == 3 * 32 * 32 * 40
    assert [(group["name"], group["times"]) for group in shown["groups"]] == [
        ("stage1", 3),
        ("stage2", 2),
        ("stage3", 2),
    ]
    status, out, _ = call(capsys, "net", "show", "resnet20")
    assert status == 0 and "conv2 ×3" in out and "stage1: 7 layers, 3 times" in out


def test_advice_and_its_change(capsys, tmp_path):
    path = tmp_path / "net.json"
    net = Architecture.chain("n", [Input(), Flatten(), Linear(units=10), Softmax()])
    path.write_text(net.model_dump_json(), encoding="utf-8")
    status, found, _ = call_json(capsys, "net", "advise", str(path), "--data", "cifar10")
    assert status == 0 and [a["rule"] for a in found["advice"]] == ["data-image", "softmax-before-loss"]
    out = tmp_path / "better.json"
    status, changed, _ = call_json(
        capsys, "net", "advise", str(path), "--apply", "softmax-before-loss", "--out", str(out)
    )
    assert status == 0 and [layer["name"] for layer in changed["layers"]] == ["input", "flatten1", "fc1"]
    assert len(Architecture.from_json(out.read_bytes()).nodes) == 3
    status, _, err = call(capsys, "net", "advise", str(path), "--apply", "nonsense")
    assert status == 2 and "There are: softmax-before-loss" in err
    assert "Nothing to advise" in call(capsys, "net", "advise", "linear")[1]


def test_patterns_both_ways(capsys):
    status, shown, _ = call_json(capsys, "net", "pattern", "INPUT -> [[CONV -> RELU]*2 -> POOL]*2 -> FC")
    assert status == 0 and shown["pattern"] == "INPUT 32x32x3 -> [[CONV 16|32@3x3 -> RELU]*2 -> POOL]*2 -> FC 10"
    assert call(capsys, "net", "pattern", "two-layer")[1].strip() == "INPUT 28x28x1 -> FC 100 -> RELU -> FC 10"
    status, _, err = call(capsys, "net", "pattern", "INPUT -> CAPSULE")
    assert status == 2 and "“CAPSULE” at column 10" in err


def test_source_goes_out_and_comes_in(capsys, tmp_path):
    path, out = tmp_path / "net.py", tmp_path / "net.json"
    assert call(capsys, "net", "export", "resnet9", str(path))[0] == 0
    status, shown, _ = call_json(capsys, "net", "import", str(path), "--out", str(out))
    assert status == 0 and shown["parameters"] == 6_573_130 and shown["weights"] == 0
    assert Architecture.from_json(out.read_bytes()).name == "ResNet-9"
    status, script, _ = call_json(capsys, "net", "code", "lenet", "--training")
    assert status == 0 and "datasets.MNIST" in script["code"] and "def preprocess" in script["code"]


def test_torchvision_and_what_cannot_be_read(capsys, tmp_path):
    status, shown, _ = call_json(capsys, "net", "import", "torchvision:squeezenet1_1", "--image", "3x64x64")
    assert status == 0 and shown["parameters"] == 1_235_496
    for arguments, words, expected in (
        (["torchvision:mobilenet_v2"], "ReLU6 (35×)", 1),
        (["nowhere.py"], "no file nowhere.py", 2),
        ([str(tmp_path)], "cannot be read", 1),
        (["torchvision:resnet18", "--image", "3x64"], "such as 3x224x224", 2),
    ):
        status, _, err = call(capsys, "net", "import", *arguments)
        assert status == expected and words in err
    status, _, err = call(capsys, "net", "export", "lenet", str(tmp_path / "net.txt"))
    assert status == 2 and ".onnx, .py or .json" in err


def test_onnx_out_and_in(capsys, tmp_path):
    pytest.importorskip("onnxruntime", reason="ONNX IS NOT CHECKED: pip install cvlab[onnx]")
    path, out = tmp_path / "lenet.onnx", tmp_path / "lenet.json"
    status, told, err = call_json(capsys, "net", "export", "lenet", str(path))
    assert status == 0 and told["difference"] < 1e-5 and "not trained" in err
    status, shown, _ = call_json(capsys, "net", "import", str(path), "--out", str(out))
    assert status == 0 and shown["parameters"] == 61_706 and out.with_suffix(".safetensors").exists()


def test_a_run_goes_out_with_its_weights_and_preprocessing(capsys, tmp_path):
    pytest.importorskip("onnxruntime", reason="ONNX IS NOT CHECKED: pip install cvlab[onnx]")
    status, run, _ = call_json(
        capsys,
        "train",
        "linear",
        "--data",
        "mnist-mini",
        "--epochs",
        "1",
        "--threads",
        "1",
        "--preprocessing",
        "standardize",
    )
    assert status == 0
    path = tmp_path / "linear.onnx"
    status, told, _ = call_json(capsys, "net", "export", run["folder"], str(path))
    assert status == 0 and told["difference"] < 1e-5
    import onnx

    told = {p.key: json.loads(p.value) for p in onnx.load(path).metadata_props}
    assert told["preprocessing"]["kind"] == "standardize" and len(told["classes"]) == 10
    _, script, _ = call_json(capsys, "net", "code", run["folder"], "--training")
    space = {"__name__": "written"}
    exec(compile(script["code"], "script.py", "exec"), space)  # our own text
    x = torch.zeros(1, 1, 28, 28, dtype=torch.uint8)
    mean, std = told["preprocessing"]["mean"][0], told["preprocessing"]["std"][0]
    assert space["preprocess"](x).unique().item() == pytest.approx(-mean / std, rel=1e-5)
    assert main(["net"]) == 2


def test_a_net_goes_out_with_the_weights_of_a_run(capsys, tmp_path):
    pytest.importorskip("onnxruntime", reason="ONNX IS NOT CHECKED: pip install cvlab[onnx]")
    from cvlab.engine.nets.exchange.onnx_out import run_onnx

    path = tmp_path / "lenet.onnx"
    status, told, err = call_json(capsys, "net", "export", "lenet", str(path), "--weights", "lenet-mnist")
    assert status == 0 and told["difference"] < 1e-5 and told["weights"] == "LeNet, trained on MNIST" and not err
    lab = Lab()
    trained, digits = lab.models.load("lenet-mnist"), lab.dataset("mnist-mini").test
    lab.close()
    # Against the net that the window reads digits with, on digits: the same scores and so the same answers.
    images = digits.images[:200]
    with torch.inference_mode():
        ours = trained.module(trained.preprocessing.apply(images)).numpy()
    theirs = run_onnx(path.read_bytes(), trained.preprocessing.apply(images).numpy())
    assert np.abs(ours - theirs).max() < 1e-5 * np.abs(ours).max()
    assert (theirs.argmax(1) == digits.labels[:200].numpy()).mean() > 0.98


def test_source_goes_out_with_weights_beside_it_and_computes_the_same_bits(capsys, tmp_path):
    path = tmp_path / "lenet.py"
    status, told, _ = call_json(capsys, "net", "export", "lenet", str(path), "--weights", "lenet-mnist")
    assert status == 0 and told["weights"] == str(tmp_path / "lenet.safetensors")
    space = {"__name__": "written", "__file__": str(path)}
    exec(compile(path.read_text("utf-8"), "lenet.py", "exec"), space)  # our own text
    lab = Lab()
    trained = lab.models.load("lenet-mnist")
    lab.close()
    x = torch.randint(0, 256, (5, 1, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    fed = trained.preprocessing.apply(x)
    assert (space["preprocess"](x) - fed).abs().max() < 3e-7  # the formula, written for reading
    with torch.inference_mode():
        assert torch.equal(space["load"]()(fed), trained.module(fed))
    # The file is still one that comes back as the same net, and its weights are taken from a file, too.
    status, shown, _ = call_json(capsys, "net", "import", str(path))
    assert status == 0 and shown["parameters"] == 61_706
    again = tmp_path / "again.py"
    status, told, _ = call_json(
        capsys, "net", "export", "lenet", str(again), "--weights", str(tmp_path / "lenet.safetensors")
    )
    assert (
        status == 0 and (tmp_path / "again.safetensors").read_bytes() == (tmp_path / "lenet.safetensors").read_bytes()
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("lenet5", "x.onnx", "--weights", "lenet-mnist"), "was trained with another net"),
        (("lenet", "x.onnx", "--weights", "nowhere"), "There is no trained net"),
        (("lenet", "x.py", "--weights", "nowhere.safetensors"), "no file nowhere"),
        (("lenet", "x.json", "--weights", "lenet-mnist"), "has no weights"),
    ],
    ids=["other net", "no run", "no file", "json"],
)
def test_weights_that_do_not_go_with_the_net(capsys, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    status, _, err = call(capsys, "net", "export", *arguments)
    assert status == (1 if "another net" in words else 2) and words in err and not list(tmp_path.glob("x.*"))


def test_an_imported_net_is_kept_handed_on_and_trained_on(capsys, tmp_path):
    source, again = tmp_path / "lenet.py", tmp_path / "again.py"
    assert call(capsys, "net", "export", "lenet", str(source), "--weights", "lenet-mnist")[0] == 0
    status, shown, _ = call_json(capsys, "net", "import", str(source), "--keep")
    assert status == 0 and shown["weights"] == 10 and shown["kept"].startswith("net-lenet-py-")
    assert call(capsys, "net", "export", shown["kept"], str(again), "--weights", shown["kept"])[0] == 0
    assert again.with_suffix(".safetensors").read_bytes() == source.with_suffix(".safetensors").read_bytes()
    status, run, err = call_json(
        capsys, "train", "lenet", "--begin-with", shown["kept"], "--data", "mnist-mini", "--epochs", "1",
        "--threads", "1", "--batch-size", "500", "--lr", "1e-5",
    )  # fmt: skip
    assert status == 0 and "begins with the weights of lenet.py" in err and run["test_accuracy"] > 0.98
    status, _, err = call(capsys, "train", "linear", "--begin-with", shown["kept"])
    assert status == 1 and "can begin with none of the weights of lenet.py" in err


def test_weights_of_torchvisions_files_come_with_its_models(capsys, tmp_path):
    from cvlab.engine.data.vision import torchvision

    torchvision()
    from torchvision.models import squeezenet1_1

    torch.save(squeezenet1_1(weights=None, num_classes=7).state_dict(), tmp_path / "mine.pth")
    arguments = ["net", "import", "torchvision:squeezenet1_1", "--weights", str(tmp_path / "mine.pth")]
    status, shown, _ = call_json(capsys, *arguments, "--classes", "7", "--out", str(tmp_path / "s.json"))
    assert status == 0 and shown["weights"] == 52
    assert call_json(capsys, "net", "import", str(tmp_path / "s.json"))[1]["weights"] == 52
    status, _, err = call(capsys, *arguments)
    assert status == 1 and "classifier_1.weight is (7, 512, 1, 1), the net needs (1000, 512, 1, 1)" in err
