"""A first training script for a net that has not been trained here: PyTorch alone, data by torchvision, exact preprocessing.

A run that has been made is written by `script`, which repeats its figures; this one is a start to be changed.
"""

from __future__ import annotations

from cvlab.engine.data.preprocessing import Preprocessing
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.code import preprocess_function
from cvlab.engine.training import source
from cvlab.engine.training.recipe import Recipe

_TORCHVISION = {
    "mnist": "MNIST", "mnist-mini": "MNIST", "fashion-mnist": "FashionMNIST", "kmnist": "KMNIST", "cifar10": "CIFAR10",
    "cifar100": "CIFAR100",
}  # fmt: skip


def starter_script(net: Architecture, preprocessing: Preprocessing, recipe: Recipe) -> str:
    """The text of a file that trains the net by the recipe and saves weights that load here and there.

    The first weights and the order of the images come from PyTorch's own generators, so the figures differ from run to run as
    those of two seeds do; each step computes the same. Settings that the file leaves out are listed in it.
    Raises the first `NetError` of a net that does not fit.
    """
    lines = source.definition(net)
    at = lines.index("import torch")
    needs_numpy = ["import numpy as np"] if recipe.augmentation.changes else []
    lines[at : at + 2] = [
        "import math",
        "",
        *needs_numpy,
        "import torch",
        "from torch import nn",
        "from torch.nn import functional",
    ]
    if left_out := _left_out(recipe):
        told = ["# Settings of the recipe that this file leaves out:", *(f"#   {each}" for each in left_out), ""]
        lines[at:at] = told
    settings = [f"EPOCHS, BATCH_SIZE = {recipe.epochs}, {recipe.batch_size}", *source.constants(recipe)]
    parts = [
        "\n".join(lines), "\n".join(settings), "\n".join(preprocess_function(preprocessing)), "\n".join(_data(recipe)),
        source.augmentation(recipe), source.weighted(recipe), source.losses(recipe), source.initialise(recipe),
        source.optimizer(recipe), source.schedule(recipe), _train(recipe), _ACCURACY, _main(net, recipe),
    ]  # fmt: skip
    return "\n\n\n".join(part.strip("\n") for part in parts if part.strip()) + "\n"


def _train(recipe: Recipe) -> str:
    most = recipe.shift
    shift = (
        f"            x = shift(x, {most}, torch.randint(0, {2 * most + 1}, (2, len(chosen))))  # each image its own way\n"
        if most
        else ""
    )
    augment = (
        "            x, targets = augment(x, y, AUGMENTATION, dice, classes)\n" if recipe.augmentation.changes else ""
    )
    prepare = (
        "    dice, classes = torch.Generator().manual_seed(torch.initial_seed()), int(labels.max()) + 1\n"
        if recipe.augmentation.changes
        else ""
    )
    return f"""def train(net, images, labels, epochs=EPOCHS, batch_size=BATCH_SIZE):
    optimizer, steps, step = make_optimizer(net), math.ceil(len(labels) / batch_size), 0
{prepare}    for epoch in range(epochs):
        net.train()
        total = 0.0
        order = torch.randperm(len(labels), device=labels.device)
        for chosen in order.split(batch_size):
            x, y = images[chosen], labels[chosen]
            targets = y
{shift}{augment}            x = preprocess(x)
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(step, steps)
            optimizer.zero_grad()
{source.forward(recipe, " " * 12)}            loss = batch_loss(scores, targets)
            loss.backward()
            before_step(net)
            optimizer.step()
            after_step(net)
            step += 1
            total += loss.item() * len(y)
        print(f"epoch {{epoch + 1}}/{{epochs}}  loss {{total / len(labels):.4f}}", flush=True)"""


_ACCURACY = """@torch.inference_mode()
def accuracy(net, images, labels):
    net.eval()
    parts = zip(images.split(1000), labels.split(1000))
    return sum((net(preprocess(x)).argmax(1) == y).sum().item() for x, y in parts) / len(labels)"""


def _main(net: Architecture, recipe: Recipe) -> str:
    shape = ", ".join(map(str, net.image_shape))
    first = (
        f"    initialise(net, FIRST, torch.Generator().manual_seed({recipe.seed}))\n"
        if source.draws_first_weights(recipe)
        else ""
    )
    return f"""if __name__ == "__main__":
    torch.manual_seed({recipe.seed})
    net = Net()
{first}    net = net.to(DEVICE)
    print(net(torch.zeros(1, {shape}, device=DEVICE)).shape, sum(p.numel() for p in net.parameters()), "parameters")
    images, labels = (part.to(DEVICE) for part in load(train=True))
    train(net, images, labels)
    print("test accuracy", accuracy(net, *(part.to(DEVICE) for part in load(train=False))))
    torch.save(net.state_dict(), "weights.pt")"""


def _data(recipe: Recipe) -> list[str]:
    name = _TORCHVISION.get(recipe.data)
    if name is None:
        return [
            "def load(train):",
            f"    # {recipe.data!r}: (N, C, H, W) bytes and (N,) labels, put into data.npz as train_images, train_labels, ...",
            "    import numpy as np",
            "",
            '    file, part = np.load("data.npz"), "train" if train else "test"',
            '    return torch.as_tensor(file[f"{part}_images"]), torch.as_tensor(file[f"{part}_labels"]).long()',
            "",
            "",
        ]
    colour = name.startswith("CIFAR")
    return [
        "def load(train):",
        "    # (N, C, H, W) bytes and (N,) labels; the first call downloads them",
        "    from torchvision import datasets",
        "",
        f'    split = datasets.{name}("data", train=train, download=True)',
        "    images = torch.as_tensor(split.data)",
        f"    images = images{'.permute(0, 3, 1, 2).contiguous()' if colour else '[:, None]'}",
        "    return images, torch.as_tensor(split.targets)",
        "",
        "",
    ]


def _left_out(recipe: Recipe) -> list[str]:
    """What the recipe asks for and the file does not do."""
    told = []
    if recipe.early_stopping.patience:
        told.append("early stopping")
    if recipe.averaging:
        told.append("the running average of the weights")
    if recipe.held_out:
        told.append(f"holding out {recipe.held_out:.0%} of the training images: all are used")
    return told
