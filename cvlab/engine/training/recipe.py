"""The recipe: one typed spec of everything that affects a number. The form, the command line and the file come from it."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from cvlab.engine.data.augmentation import Augmentation
from cvlab.engine.data.preprocessing import Kind
from cvlab.engine.data.whitening import EPSILON
from cvlab.engine.schedules import Schedule
from cvlab.engine.spec import Spec


class Loss(Spec):
    """What is wrong with the scores (course 4)."""

    kind: Literal["softmax", "hinge"] = Field(
        "softmax",
        title="Loss",
        description="Softmax cross-entropy: minus the log probability of the right class. Hinge: every wrong score is to stay "
        "a margin below the right one.",
    )
    margin: float = Field(
        1.0,
        ge=0.0,
        le=1000.0,
        title="Margin Δ",
        description="How far the right score must lie above every other. It and the weights scale together: 1 will do.",
        json_schema_extra={"only": {"kind": ["hinge"]}},
    )
    label_smoothing: float = Field(
        0.0,
        ge=0.0,
        lt=1.0,
        title="Label smoothing",
        description="Share of the target that is spread over all classes; 0.1 is usual. The net then stays less sure of itself.",
        json_schema_extra={"only": {"kind": ["softmax"]}, "live": True},
    )


class Optimizer(Spec):
    """How gradients become steps (course 9.5)."""

    aliases: ClassVar[dict[str, str]] = {"lr": "learning_rate", "mu": "momentum", "l2": "weight_decay"}

    kind: Literal["sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw"] = Field(
        "adam",
        title="Optimizer",
        description="SGD steps straight down the gradient; momentum keeps rolling, Nesterov looks ahead; Adagrad and RMSprop "
        "scale each weight's step, Adam does both; AdamW shrinks the weights beside it.",
    )
    learning_rate: float = Field(
        0.001,
        gt=0.0,
        le=100.0,
        title="Learning rate",
        description="Length of a step. Too high: the loss jumps or becomes infinite. Too low: it hardly falls.",
        json_schema_extra={"scale": "log", "live": True},
    )
    momentum: float = Field(
        0.9,
        ge=0.0,
        lt=1.0,
        title="Momentum",
        description="Share of the last step that is kept; 0.9 is usual. Too high: it rolls past the minimum and back.",
        json_schema_extra={"only": {"kind": ["momentum", "nesterov"]}},
    )
    beta1: float = Field(
        0.9,
        ge=0.0,
        lt=1.0,
        title="β₁",
        description="Memory of Adam's average of gradients. Nearer to 1: longer memory, slower to notice a change.",
        json_schema_extra={"only": {"kind": ["adam", "adamw"]}},
    )
    beta2: float = Field(
        0.999,
        ge=0.0,
        lt=1.0,
        title="β₂",
        description="Memory of Adam's average of squared gradients. Nearer to 1: steadier steps.",
        json_schema_extra={"only": {"kind": ["adam", "adamw"]}},
    )
    decay_rate: float = Field(
        0.99,
        ge=0.0,
        lt=1.0,
        title="Decay rate",
        description="Memory of RMSprop's average of squared gradients; 0.9 to 0.999. Nearer to 1: longer memory.",
        json_schema_extra={"only": {"kind": ["rmsprop"]}},
    )
    eps: float = Field(
        1e-8,
        gt=0.0,
        le=1.0,
        title="ε",
        description="Keeps the division from being by zero. Too large: small gradients are no longer scaled up.",
        json_schema_extra={"only": {"kind": ["adagrad", "rmsprop", "adam", "adamw"]}, "scale": "log"},
    )
    weight_decay: float = Field(
        0.0,
        ge=0.0,
        le=10.0,
        title="L2 strength",
        description="λ of the penalty ½λw² on every weight; with AdamW, the share of w that a step of length 1 takes away. Too "
        "high: the net cannot fit even the training data.",
        json_schema_extra={"scale": "log", "live": True},
    )


class Regularisation(Spec):
    """What keeps weights small beside the L2 penalty of the optimizer (course 9.4). Biases go free."""

    l1: float = Field(
        0.0,
        ge=0.0,
        le=10.0,
        title="L1 strength",
        description="λ of the penalty λ|w| on every weight: makes most weights zero. Together with L2 it is the elastic net.",
        json_schema_extra={"scale": "log", "live": True},
    )
    max_norm: float = Field(
        0.0,
        ge=0.0,
        le=1000.0,
        title="Max norm",
        description="After each step, the weights into a unit are scaled back to at most this length; 3 or 4 is usual. 0: off.",
        json_schema_extra={"live": True},
    )
    clip: float = Field(
        0.0,
        ge=0.0,
        le=1e6,
        title="Gradient clipping",
        description="A gradient of the loss longer than this, over all weights together, is shortened to it. 0: off.",
        json_schema_extra={"live": True},
    )


class EarlyStopping(Spec):
    """Ending before the last epoch, when the held-out images say so, or a loss that has blown up."""

    patience: int = Field(
        0,
        ge=0,
        le=10000,
        title="Patience",
        description="Stops after so many epochs without a better held-out figure, and takes the best weights back. 0: never.",
    )
    watch: Literal["loss", "accuracy"] = Field(
        "accuracy",
        title="Watched figure",
        description="Which held-out figure tells whether an epoch was better. The loss is smoother, accuracy is what counts.",
    )
    diverged: Literal["tell", "stop"] = Field(
        "tell",
        title="If the loss climbs",
        description="A loss that stays twice as high as at the start, or falls back to guessing, for 50 steps: a notice, or the "
        "end of the run. With a learning rate that is too high, waiting does not help.",
    )


class Initialisation(Spec):
    """The first weights (course 9.3): drawn from the seed, the same for every recipe that has the same seed and this section."""

    kind: Literal["pytorch", "zeros", "small", "large", "xavier", "glorot", "he", "orthogonal"] = Field(
        "pytorch",
        title="First weights",
        description="PyTorch's: uniform within 1/√n of n inputs. Small and large: Gaussian with one deviation everywhere. "
        "Xavier: variance 1/n. Glorot: 2/(n + m). He: 2/n, made for ReLU. n: numbers that a unit reads, m: units that read a "
        "number, with groups and strides counted, so that the variance is kept.",
    )
    small_std: float = Field(
        0.01,
        gt=0.0,
        le=10.0,
        title="Deviation",
        description="Standard deviation of the small Gaussian. Too small: deep layers all put out nearly 0.",
        json_schema_extra={"only": {"kind": ["small"]}, "scale": "log"},
    )
    large_std: float = Field(
        1.0,
        gt=0.0,
        le=100.0,
        title="Deviation",
        description="Standard deviation of the large Gaussian. Too large: scores explode, and tanh units saturate.",
        json_schema_extra={"only": {"kind": ["large"]}, "scale": "log"},
    )
    bias: Literal["usual", "set"] = Field(
        "usual",
        title="First biases",
        description="Usual: zero; with PyTorch's own weights, uniform like them. Set: one number for all.",
    )
    bias_value: float = Field(
        0.0,
        ge=-100.0,
        le=100.0,
        title="Bias",
        description="The number that all biases start at. 0.01 is sometimes used so that every ReLU fires at first.",
        json_schema_extra={"only": {"bias": ["set"]}},
    )


class Recipe(Spec):
    """What a run is made of, besides the architecture. Every field has its range; out of range raises `RecipeError`."""

    aliases: ClassVar[dict[str, str]] = {"init": "initialisation", "initialization": "initialisation"}

    data: str = Field("mnist-mini", title="Data", description="The data set's id in the catalogue.", max_length=200)
    preprocessing: Kind = Field(
        "signed",
        title="Input scaling",
        description="What pixels 0..255 become: a fixed range, or numbers around the mean of the training split.",
    )
    whitening_epsilon: float = Field(
        EPSILON,
        ge=0.0,
        le=1.0,
        title="Whitening ε",
        description="Added to every variance before the division. Too small: noise is blown up to the size of the signal.",
        json_schema_extra={"only": {"preprocessing": ["whiten"]}, "scale": "log"},
    )
    held_out: float = Field(
        0.1,
        ge=0.0,
        le=0.9,
        title="Held out",
        description="Share of the training split kept for validation. 0 trains on all of it and watches nothing.",
    )
    loss: Loss = Field(Loss(), title="Loss", description="What is wrong with the scores.")
    optimizer: Optimizer = Field(Optimizer(), title="Optimizer", description="How gradients become steps.")
    schedule: Schedule = Field(Schedule(), title="Schedule", description="How the learning rate changes.")
    regularisation: Regularisation = Field(
        Regularisation(), title="Regularisation", description="What keeps weights and steps small."
    )
    initialisation: Initialisation = Field(
        Initialisation(), title="Initialisation", description="Where the weights start."
    )
    early_stopping: EarlyStopping = Field(
        EarlyStopping(), title="Early stopping", description="When to end before the last epoch."
    )
    averaging: float = Field(
        0.0,
        ge=0.0,
        lt=1.0,
        title="Running average",
        description="Memory of a running average of all weights, kept beside them; 0.999 is usual. It is a second net for free, "
        "often a little better. 0: none.",
    )
    shift: int = Field(
        0,
        ge=0,
        le=8,
        title="Random shift",
        description="Each training image is moved by up to this many pixels, anew at every epoch. 2 suits digits.",
    )
    augmentation: Augmentation = Field(
        Augmentation(), title="Augmentation", description="How training images are changed, after the random shift."
    )
    batch_size: int = Field(
        250,
        ge=1,
        le=65536,
        title="Batch size",
        description="Images averaged for one step. Small: noisy, slow. Large: smooth, but fewer steps an epoch. The last batch "
        "has what is left; batch norm takes a single value a channel by its running averages.",
        json_schema_extra={"live": True},
    )
    epochs: int = Field(5, ge=1, le=10000, title="Epochs", description="Passes over the training images.")
    seed: int = Field(
        0,
        ge=0,
        le=2**31 - 1,
        title="Seed",
        description="Fixes the first weights, the batch order and dropout: the same seed gives the same run.",
    )
    device: Literal["auto", "cpu", "cuda", "mps"] = Field(
        "auto", title="Device", description="Where the numbers are crunched. Auto takes a GPU where there is one."
    )
    threads: int = Field(
        0,
        ge=0,
        le=256,
        title="CPU threads",
        description="0 takes as many as the load of the machine allows, at most four. 1 makes a run on the CPU repeatable "
        "to the last bit.",
    )
    precision: Literal["float32", "mixed"] = Field(
        "float32",
        title="Precision",
        description="Mixed: layers compute in bfloat16, weights stay float32. Made for recent GPUs and for CPUs with bfloat16 "
        "instructions; measured on a CPU without them, LeNet trains 5 to 8 times slower.",
    )
    channels_last: bool = Field(
        True,
        title="Channels last",
        description="Keeps the channels of a pixel together in memory. On a CPU, nets with convolutions trained 1.1 to 1.4 "
        "times as fast; others the same. The last bits differ.",
    )

    graphs: Literal["auto", "on", "off"] = Field(
        "auto",
        title="CUDA graphs",
        description="On an NVIDIA GPU, a step is recorded once and replayed, which spares small nets most of their time. Auto: "
        "unless it would cost much memory. A recording that does not prove itself is not used.",
        json_schema_extra={"only": {"device": ["auto", "cuda"]}},
    )

    @classmethod
    def live(cls) -> tuple[str, ...]:
        """The dotted names of the settings that may change while a run trains."""
        extras = {path: cls.field(path).json_schema_extra for path in cls.paths()}
        return tuple(path for path, extra in extras.items() if isinstance(extra, dict) and extra.get("live"))

    def difference(self, other: Recipe) -> dict[str, tuple[object, object]]:
        """What differs: dotted name -> (here, there), leaving out settings that neither recipe uses."""
        mine, theirs = self.flat(), other.flat()
        return {
            path: (mine[path], theirs[path])
            for path in mine
            if mine[path] != theirs[path] and (self.uses(path) or other.uses(path))
        }

    def uses(self, path: str) -> bool:
        """Whether a setting has any effect beside the others: Adam has no momentum."""
        extra = self.field(path).json_schema_extra
        only = extra.get("only", {}) if isinstance(extra, dict) else {}
        outer = path.rpartition(".")[0]
        return all(self.look_up(f"{outer}.{name}" if outer else name) in values for name, values in only.items())  # type: ignore[union-attr]
