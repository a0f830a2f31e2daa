"""A run as a PyTorch script that stands alone: no cvlab, one data file beside it, and the same figures when it is run.

It is written to be read: only what the recipe uses is in it, in the order in which a lecture would write it.
"""

from __future__ import annotations

import inspect
import io
import re
import zipfile
from collections.abc import Callable, Mapping

import numpy as np
import torch

from cvlab.engine.data.dataset import Dataset
from cvlab.engine.data.preprocessing import Preprocessing
from cvlab.engine.nets import dropout
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.shapes import infer
from cvlab.engine.training import divergence, source
from cvlab.engine.training.guessing import Guess
from cvlab.engine.training.recipe import Recipe

DATA, FIRST_WEIGHTS = "data.npz", "first-weights.pth"
_CHUNK = 4 << 20


def data_file(
    data: Dataset, preprocessing: Preprocessing, packed: Callable[[float], None] = lambda share: None
) -> bytes:
    """The images, labels and fitted numbers that the script reads, as a compressed .npz without pickles: 5 s for CIFAR-10.
    packed: hears the share that is done, 0..1, every few megabytes; what it raises ends the work."""
    arrays = {
        "train_images": data.train.images.numpy(), "train_labels": data.train.labels.numpy(),
        "test_images": data.test.images.numpy(), "test_labels": data.test.labels.numpy(),
    }  # fmt: skip
    arrays |= {f"preprocessing_{name}": array.astype(np.float32) for name, array in preprocessing.arrays.items()}
    buffer, done, total = io.BytesIO(), 0, sum(array.nbytes for array in arrays.values())
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                array = np.ascontiguousarray(array)
                np.lib.format.write_array_header_1_0(file, np.lib.format.header_data_from_array_1_0(array))
                content = array.reshape(-1).view(np.uint8)
                for start in range(0, len(content), _CHUNK):
                    file.write(content[start : start + _CHUNK].data)
                    done += min(_CHUNK, len(content) - start)
                    packed(done / total)
    return buffer.getvalue()


def first_weights_file(weights: Mapping[str, np.ndarray]) -> bytes:
    """The weights that a run began with, as the script reads them: plain tensors, which PyTorch loads without unpickling."""
    buffer = io.BytesIO()
    torch.save({name: torch.as_tensor(value) for name, value in weights.items()}, buffer)
    return buffer.getvalue()


def script(
    net: Architecture, recipe: Recipe, preprocessing: Preprocessing, title: str = "", remarks: tuple[str, ...] = (),
    begins_with: str = "", threads: int = 0,
) -> str:  # fmt: skip
    """The script's source. preprocessing: as fitted by the run. remarks: what it cannot repeat, as comments at its head.
    begins_with: whose weights the run began with; they are then read from FIRST_WEIGHTS, layers that are not in it are drawn.
    threads: CPU threads of the run, where the recipe leaves their number open; 0: not known.

    On the CPU with one thread it prints what the run's metrics say, to the last bit. What holds for several, its head says.
    Raises the first `NetError` of a net that does not fit.
    """
    definition = "\n".join(source.definition(net))
    head, _, body = definition.partition("class Net(nn.Module):")
    helpers = head.split("from torch import nn", 1)[1].strip("\n")
    net_class = re.sub(r"\bnn\.Dropout\(", "Dropout(", f"class Net(nn.Module):{body}").rstrip()
    uses_dropout = "Dropout(" in net_class
    parts = [
        _title(title, recipe, remarks, begins_with, threads),
        _IMPORTS,
        _settings(recipe, threads),
        helpers,
        _dropout() if uses_dropout else "",
        net_class,
        _preprocess(preprocessing),
        source.augmentation(recipe),
        source.weighted(recipe),
        source.losses(recipe),
        source.initialise(recipe),
        source.optimizer(recipe),
        source.schedule(recipe),
        _divergence(net, recipe),
        _SPLIT,
        _evaluate(),
        _main(net, recipe, begins_with),
    ]
    return "\n\n\n".join(part.strip("\n") for part in parts if part.strip()) + "\n"


def _title(title: str, recipe: Recipe, remarks: tuple[str, ...], begins_with: str, threads: int) -> str:
    files = f"{DATA} and {FIRST_WEIGHTS}" if begins_with else DATA
    what = "trains the net anew and prints the figures of every epoch"
    lines = [f'"""{_quiet(title) or "A run"}: {what}. Needs torch, numpy and {files}.', ""]
    lines += [f"It begins with the weights of {_quiet(begins_with)}.", ""] if begins_with else []
    lines += ["Every random draw is a function of the seed and the step. Written by cvlab."]
    lines += ["", *_repeats(recipe, threads)]
    lines += ["", *(f"Note: {_quiet(remark)}" for remark in remarks)] if remarks else []
    return "\n".join([*lines, '"""'])


def _repeats(recipe: Recipe, threads: int) -> list[str]:
    """How exactly the script repeats the run. Measured on the CPU: 300 random nets and recipes with one thread, 100 with two, and
    LeNet for three epochs where the run took turns with one and two threads."""
    count = recipe.threads or threads
    number = f"{count} thread{'s' if count > 1 else ''}"
    if recipe.device in ("cuda", "mps"):
        return [
            "On a GPU, sums are added in no fixed order: figures agree up to rounding, which grows with every step."
        ]
    lines = [
        f"On the CPU of the same machine, with the {number} that are set below, figures are those of the run to 1e-6."
        if count
        else "How many threads the run had is not known; with another number, sums are added in another order."
    ]
    if recipe.threads == 0 and count != 1:
        lines += [
            "The run was free to change their number as the load of the machine changed, and sums are then added in another",
            "order: where it did, three epochs of LeNet agreed to 0.02 in the loss and to 0.01 in the accuracy.",
        ]
    return lines


def _quiet(text: str) -> str:
    """Words of a person, as they may stand in a docstring."""
    return " ".join(text.replace("\\", "").replace('"', "'").split())


_IMPORTS = """import json
import math
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional"""


def _settings(recipe: Recipe, threads: int) -> str:
    r = recipe
    lines = [
        f"EPOCHS, BATCH_SIZE, SEED, HELD_OUT = {r.epochs}, {r.batch_size}, {r.seed}, {r.held_out!r}",
        *source.constants(recipe),
        f"FORMAT = torch.{'channels_last' if r.channels_last else 'contiguous_format'}",
        f"torch.set_num_threads({r.threads or threads or 1})",
        "",
        "",
        "def seed_of(stream, index):",
        "    # Streams: 1 order of an epoch, 2 shifts, 3 dropout, 0 first weights (index 0) and augmentation (step + 1).",
        "    return ((SEED * 4 + stream) << 24) + index",
        "",
        "",
        "def dice(stream, index):",
        "    return torch.Generator().manual_seed(seed_of(stream, index))",
    ]
    return "\n".join(lines)


def _dropout() -> str:
    text = inspect.getsource(dropout.Dropout)
    for_teams = (
        '        if x.device.type != "cpu":\n            return shared(functional.dropout, x, self.p, self.rows)\n'
    )
    assert for_teams in text, "several processes are not the script's affair"
    return text.replace(for_teams, "").replace("x: Tensor", "x").replace(") -> Tensor:", "):")


def _preprocess(p: Preprocessing) -> str:
    lines = ["def preprocess(x):", "    # x: (N, C, H, W) bytes -> numbers, exactly as the net was trained"]
    if p.kind in ("unit", "signed"):
        scale, shift = ("1 / 255", "0.0") if p.kind == "unit" else ("1 / 127.5", "-1.0")
        lines.append(f"    return torch.add(torch.tensor({shift}), x, alpha={scale})")
    elif p.kind in ("standardize", "mean-channel"):
        std = p.std or (1.0,) * len(p.mean)
        scale = [1 / (255 * d) for d in std]
        shift = [-m / d for m, d in zip(p.mean, std, strict=True)]
        lines += [
            f"    scale = torch.tensor({scale!r}, device=x.device).view(-1, 1, 1)  # of the training images",
            f"    shift = torch.tensor({shift!r}, device=x.device).view(-1, 1, 1)",
            "    return x.float().mul_(scale).add_(shift)",
        ]
    elif p.kind == "contrast":
        lines += [*(f"    {line}" for line in p.code().splitlines()), "    return x"]
    else:
        lines.append("    x = x.float().div_(255).sub_(FITTED['preprocessing_mean'].to(x.device))")
        if p.kind != "mean-image":
            lines.append("    x = (x.flatten(1) @ FITTED['preprocessing_matrix'].to(x.device)).view(x.shape)")
        lines.append("    return x")
        lines = [
            f'_npz = np.load(Path(__file__).with_name("{DATA}"))',
            'FITTED = {name: torch.from_numpy(_npz[name]) for name in _npz.files if name.startswith("preprocessing_")}',
            "", "", *lines,
        ]  # fmt: skip
    return "\n".join(lines)


_SPLIT = """def split(labels):
    # Every class in proportion; the same for the same seed.
    out, rng = np.zeros(len(labels), bool), np.random.default_rng(SEED)
    for label in np.unique(labels) if HELD_OUT else []:
        members = rng.permutation(np.flatnonzero(labels == label))
        out[members[: min(round(HELD_OUT * len(members)), len(members) - 1)]] = True
    return np.flatnonzero(~out), np.flatnonzero(out)"""


def _evaluate() -> str:
    return """@torch.inference_mode()
def evaluate(net, images, labels):
    net.eval()
    loss, correct = 0.0, 0
    total = torch.zeros((), device=DEVICE)
    for part, y in zip(images.split(2000), labels.split(2000)):
        scores = net(preprocess(part).contiguous(memory_format=FORMAT))
        total += plain_loss(scores, y)
        correct += int((scores.argmax(1) == y).sum())
    return total.item() / len(labels), correct / len(labels)"""


def _divergence(net: Architecture, recipe: Recipe) -> str:
    """`Divergence` with GUESS, for a recipe that stops a run that diverges."""
    if recipe.early_stopping.diverged != "stop":
        return ""
    numbers = ("STEPS", "AT_START", "SETTLED", "CLIMBED", "LEARNED", "FORGOTTEN", "MEMORY", "MOST")
    constants = [f"{name} = {getattr(divergence, name)!r}" for name in numbers]
    guess = Guess.among(_classes(net), recipe.loss).loss
    return "\n".join(
        ["from dataclasses import dataclass", "", *constants, f"GUESS = {guess!r}  # the loss of equal scores", "", ""]
    ) + inspect.getsource(divergence.Divergence)


def _classes(net: Architecture) -> int:
    return infer(net).flat.layers[net.flat.order[-1]].output[0]  # type: ignore[index]


def _main(net: Architecture, recipe: Recipe, begins_with: str) -> str:
    r = recipe
    first = "    initialise(net, FIRST, dice(0, 0))\n" if source.draws_first_weights(r) else ""
    if begins_with:
        first += (
            f'    begin = torch.load(Path(__file__).with_name("{FIRST_WEIGHTS}"), weights_only=True)\n'
            "    net.load_state_dict(net.state_dict() | begin)  # layers that are not in the file keep what was drawn\n"
        )
    shift = (
        f"            offsets = torch.randint(0, {2 * r.shift + 1}, (2, len(chosen)), generator=dice(2, step))\n"
        f"            batch = shift(batch, {r.shift}, offsets)\n"
        if r.shift
        else ""
    )
    augment = (
        "            batch, targets = augment(batch, y, AUGMENTATION, dice(0, step + 1), classes)\n"
        if r.augmentation.changes
        else ""
    )
    forward = source.forward(r, " " * 12)
    patience, watch = r.early_stopping.patience, r.early_stopping.watch
    stopping = (
        f"            figure = {'held[1]' if watch == 'accuracy' else '-held[0]'}\n"
        "            figure = -math.inf if math.isnan(figure) else figure\n"
        "            if best is None or figure > best[0]:\n"
        "                best = (figure, epoch + 1, {k: v.clone() for k, v in net.state_dict().items()})\n"
        if patience
        else ""
    )
    enough = (
        f"        if best is not None and epoch + 1 - best[1] >= {patience}:\n            break\n" if patience else ""
    )
    take = "    if best is not None:\n        net.load_state_dict(best[2])\n" if patience else ""
    average = last = diverges = ""
    if r.averaging:
        last = (
            "    average = dict(zip((name for name, _ in net.named_parameters()), average))\n"
            '    torch.save(net.state_dict() | average, weights.with_stem(f"{weights.stem}-average"))\n'
        )
        average = (
            f"            keep = min({r.averaging!r}, (1 + step) / (10 + step))\n"
            "            torch._foreach_lerp_(average, [p.detach() for p in net.parameters()], 1 - keep)\n"
        )
    if r.early_stopping.diverged == "stop":
        diverges = (
            "            if told := divergence.saw(loss.item(), len(chosen), GUESS):\n"
            '                sys.exit(f"Step {step}: {told}")\n'
        )
    prepare = "    average = [p.detach().clone() for p in net.parameters()]\n" if r.averaging else ""
    prepare += "    divergence = Divergence()\n" if diverges else ""
    return f'''def main():
    data = np.load(Path(__file__).with_name("{DATA}"))
    train, held_out = split(data["train_labels"])
    put = lambda array: torch.from_numpy(array).to(DEVICE)
    images, labels = put(data["train_images"][train]), put(data["train_labels"][train])
    watched = put(data["train_images"][held_out]), put(data["train_labels"][held_out])
    test = put(data["test_images"]), put(data["test_labels"])
    classes = {_classes(net)}

    torch.manual_seed(SEED)
    net = Net()
{first}    net = net.to(DEVICE, memory_format=FORMAT)
    optimizer = make_optimizer(net)
{prepare}    steps_per_epoch = math.ceil(len(labels) / BATCH_SIZE)
    step, best = 0, None
    for epoch in range(EPOCHS):
        order = torch.randperm(len(labels), generator=dice(1, epoch)).to(DEVICE)
        loss_sum, right = 0.0, 0
        for chosen in order.split(BATCH_SIZE):
            batch, y = images[chosen], labels[chosen]
{shift}            targets = y
{augment}            x = preprocess(batch).contiguous(memory_format=FORMAT)
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(step, steps_per_epoch)
            torch.manual_seed(seed_of(3, step))  # dropout
            net.train()
            optimizer.zero_grad(set_to_none=True)
{forward}            loss = batch_loss(scores, targets)
            loss.backward()
            before_step(net)
            optimizer.step()
            after_step(net)
            step += 1
{average}            if not math.isfinite(loss.item()):
                sys.exit(f"The loss is {{loss.item()}} at step {{step}}.")
{diverges}            loss_sum += loss.item() * len(chosen)
            right += int((scores.argmax(1) == y).sum())
        line = {{"epoch": epoch + 1, "train_loss": loss_sum / len(labels), "train_accuracy": right / len(labels)}}
        if len(held_out):
            held = evaluate(net, *watched)
            line |= {{"held_out_loss": held[0], "held_out_accuracy": held[1]}}
{stopping}        print(json.dumps(line), flush=True)
{enough}{take}    loss, accuracy = evaluate(net, *test)
    print(json.dumps({{"test_loss": loss, "test_accuracy": accuracy}}))
    weights = Path(sys.argv[1] if len(sys.argv) > 1 else "weights.pt")
    torch.save(net.state_dict(), weights)
{last}

if __name__ == "__main__":
    main()'''
