"""A trained net: architecture, weights, and the preprocessing and classes that belong to it. Predicts; never trains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from cvlab.engine.data.preprocessing import Preprocessing
from cvlab.engine.errors import NotOurFile
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.build import GraphNet, build
from cvlab.engine.nets.weights import misfit, refuse_non_finite


@dataclass(frozen=True, eq=False)
class TrainedNet:
    """A net that is fed exactly what it was trained on. Read-only: `with_weights` gives another one."""

    architecture: Architecture
    module: GraphNet
    preprocessing: Preprocessing
    classes: tuple[str, ...]
    title: str = ""

    @classmethod
    def assemble(
        cls,
        architecture: Architecture,
        weights: Mapping[str, Tensor | np.ndarray],
        preprocessing: Preprocessing,
        classes: tuple[str, ...],
        title: str = "",
    ) -> TrainedNet:
        """Raises `NotOurFile` when the weights are not this architecture's. Repeated groups are written out in `architecture`."""
        architecture = architecture.flat
        module = build(architecture)
        load_weights(module, weights)
        return cls(architecture, module.eval(), preprocessing, classes, title)

    @torch.inference_mode()
    def predict(self, images: Tensor) -> np.ndarray:
        """images: (N, C, H, W) uint8 -> (N, K) float32 softmax probabilities, e^{s_k} / sum_j e^{s_j} (course 4.2).

        In chunks of 1,000 images; one 28x28 image through LeNet takes about a millisecond.
        """
        chunks = [self.module(self.preprocessing.apply(part)).softmax(dim=1) for part in images.split(1000)]
        return torch.cat(chunks).numpy() if chunks else np.zeros((0, len(self.classes)), np.float32)

    @torch.inference_mode()
    def look(self, image: Tensor) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """One image, (C, H, W) uint8 -> ((K,) probabilities, every layer's output by node name, without the batch)."""
        keep: dict[str, Tensor] = {}
        scores = self.module(self.preprocessing.apply(image[None]), keep)
        return scores.softmax(dim=1)[0].numpy(), {name: value[0].numpy() for name, value in keep.items()}

    def activations(self, image: Tensor) -> dict[str, np.ndarray]:
        """Every layer's output for one image, (C, H, W) uint8, by node name."""
        return self.look(image)[1]

    def weights(self) -> dict[str, np.ndarray]:
        """Copies of the parameters by name: "conv1.weight" (6, 1, 5, 5), ..."""
        return {name: value.detach().cpu().numpy().copy() for name, value in self.module.state_dict().items()}


def load_weights(module: GraphNet, weights: Mapping[str, Tensor | np.ndarray]) -> None:
    """Copies the weights in; raises `NotOurFile` that names the first tensor that is missing, extra, of another shape, or not
    finite. The module is then unchanged."""
    problem = misfit({name: tuple(value.shape) for name, value in module.state_dict().items()}, weights)
    if problem:
        raise NotOurFile(
            "These weights belong to another net.", received=problem, remedy="Choose the weights of this architecture."
        )
    types = {name: value.dtype for name, value in module.state_dict().items()}
    cast = {name: torch.as_tensor(value).to(types[name]) for name, value in weights.items()}
    refuse_non_finite(cast)
    module.load_state_dict(cast)
