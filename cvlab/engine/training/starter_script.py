"""A first training script for a net that has not been trained here: PyTorch alone, data by torchvision, exact preprocessing.

A run that has been made is written by `script`, which repeats its figures; this one is a start to be changed.
"""

from __future__ import annotations

from cvlab.engine.data.preprocessing import Preprocessing
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.code import definition, preprocess_function
from cvlab.engine.training.recipe import Optimizer, Recipe

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
    head = definition(net)
    shape = ", ".join(map(str, net.image_shape))
    lines = [
        *head,
        *preprocess_function(preprocessing),
        *_data(recipe),
        *_rate(recipe),
        *_train(recipe),
        "@torch.inference_mode()",
        "def accuracy(net, images, labels):",
        "    net.eval()",
        "    parts = zip(images.split(1000), labels.split(1000))",
        "    return sum((net(preprocess(x)).argmax(1) == y).sum().item() for x, y in parts) / len(labels)",
        "",
        "",
        'if __name__ == "__main__":',
        f"    torch.manual_seed({recipe.seed})",
        '    device = "cuda" if torch.cuda.is_available() else "cpu"',
        "    net = Net().to(device)",
        f"    print(net(torch.zeros(1, {shape}, device=device)).shape, sum(p.numel() for p in net.parameters()), 'parameters')",
        "    images, labels = (part.to(device) for part in load(train=True))",
        f"    train(net, images, labels, epochs={recipe.epochs})",
        "    print('test accuracy', accuracy(net, *(part.to(device) for part in load(train=False))))",
        '    torch.save(net.state_dict(), "weights.pt")',
        "",
    ]
    left_out = _left_out(recipe)
    if left_out:
        at = lines.index("import torch")
        lines[at:at] = [
            "# Settings of the recipe that this file leaves out:",
            *(f"#   {each}" for each in left_out),
            "",
        ]
    return "\n".join(lines)


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


def _rate(recipe: Recipe) -> list[str]:
    """The learning rate at a moment of the training, in epochs: 2.5 is the middle of the third."""
    s, base = recipe.schedule, f"{recipe.optimizer.learning_rate!r}"
    formula = {
        "constant": base,
        "step": f"{base} * {s.factor!r} ** (epoch // {s.every!r})",
        "exponential": f"{base} * math.exp({-s.k!r} * epoch)",
        "1/t": f"{base} / (1 + {s.k!r} * epoch)",
        "cosine": f"{base} * (1 + math.cos(math.pi * min(epoch / epochs, 1))) / 2",
    }.get(s.kind, base)
    needs = ["    import math", ""] if "math." in formula else []
    return ["def rate(epoch, epochs):", *needs, f"    return {formula}", "", ""]


def _optimizer(s: Optimizer) -> str:
    first = "groups, lr=rate(0, epochs)"
    match s.kind:
        case "adam" | "adamw":
            name = "AdamW" if s.kind == "adamw" else "Adam"
            return f"torch.optim.{name}({first}, betas=({s.beta1!r}, {s.beta2!r}), eps={s.eps!r})"
        case "adagrad":
            return f"torch.optim.Adagrad({first}, eps={s.eps!r})"
        case "rmsprop":
            return f"torch.optim.RMSprop({first}, alpha={s.decay_rate!r}, eps={s.eps!r})"
        case "momentum" | "nesterov":
            nesterov = ", nesterov=True" if s.kind == "nesterov" and s.momentum > 0 else ""
            return f"torch.optim.SGD({first}, momentum={s.momentum!r}{nesterov})"
    return f"torch.optim.SGD({first})"


def _loss(recipe: Recipe) -> list[str]:
    loss = recipe.loss
    if loss.kind == "softmax":
        smooth = f", label_smoothing={loss.label_smoothing!r}" if loss.label_smoothing else ""
        return [f"            loss = nn.functional.cross_entropy(scores, y{smooth})"]
    return [
        "            gaps = (scores - scores.gather(1, y[:, None]) + " + repr(loss.margin) + ").clamp(min=0)",
        "            loss = gaps.scatter(1, y[:, None], 0.0).sum(1).mean()",
    ]


def _train(recipe: Recipe) -> list[str]:
    decay, regular = recipe.optimizer.weight_decay, recipe.regularisation
    clip = [f"            nn.utils.clip_grad_norm_(net.parameters(), {regular.clip!r})"] if regular.clip else []
    l1 = (
        ["            for w in weights:", f"                w.grad.add_(w.detach().sign(), alpha={regular.l1!r})"]
        if regular.l1
        else []
    )
    shift = ["            x = shifted(x)"] if recipe.shift else []
    return [
        *(_shifted(recipe.shift) if recipe.shift else []),
        f"def train(net, images, labels, epochs, batch_size={recipe.batch_size}):",
        "    weights = [w for w in net.parameters() if w.ndim in (2, 4)]",
        "    others = [w for w in net.parameters() if w.ndim < 2]",
        f'    groups = [{{"params": weights, "weight_decay": {decay!r}}}, {{"params": others, "weight_decay": 0.0}}]',
        f"    optimizer = {_optimizer(recipe.optimizer)}",
        "    for epoch in range(epochs):",
        "        net.train()",
        "        total, steps = 0.0, -(-len(labels) // batch_size)",
        "        order = torch.randperm(len(labels), device=labels.device)",
        "        for step, chosen in enumerate(order.split(batch_size)):",
        "            x, y = images[chosen], labels[chosen]",
        *shift,
        "            for group in optimizer.param_groups:",
        '                group["lr"] = rate(epoch + step / steps, epochs)',
        "            scores = net(preprocess(x))",
        *_loss(recipe),
        "            optimizer.zero_grad()",
        "            loss.backward()",
        *clip,
        *l1,
        "            optimizer.step()",
        "            total += loss.item() * len(y)",
        '        print(f"epoch {epoch + 1}/{epochs}  loss {total / len(labels):.4f}", flush=True)',
        "",
        "",
    ]


def _shifted(most: int) -> list[str]:
    return [
        "def shifted(x):",
        f"    # each image by up to {most} pixels of its own; what comes in from outside is zero",
        f"    padded, (n, _, h, w) = nn.functional.pad(x, ({most},) * 4), x.shape",
        f"    offsets = torch.randint(0, {2 * most + 1}, (n, 2)).tolist()",
        "    return torch.stack([p[:, i : i + h, j : j + w] for p, (i, j) in zip(padded, offsets)])",
        "",
        "",
    ]


def _left_out(recipe: Recipe) -> list[str]:
    """What the recipe asks for and the file does not do."""
    plain = Recipe()
    told = []
    if recipe.schedule.kind in ("warm-up", "one-cycle"):
        told.append(f"schedule: {recipe.schedule.kind} (the rate stays constant)")
    if recipe.regularisation.max_norm:
        told.append(f"max-norm: {recipe.regularisation.max_norm:g}")
    for name, words in (
        ("initialisation", "the first weights (PyTorch's own)"),
        ("augmentation", "augmentation"),
        ("early_stopping", "early stopping"),
        ("precision", "mixed precision"),
    ):
        if getattr(recipe, name) != getattr(plain, name):
            told.append(words)
    if recipe.held_out:
        told.append(f"holding out {recipe.held_out:.0%} of the training images: all are used")
    return told
