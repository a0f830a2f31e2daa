"""Weights and everything needed to go on exactly, as safetensors bytes. Nothing here is ever unpickled."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors import numpy as safe_numpy
from safetensors import torch as safe_torch

from cvlab.engine.errors import NotOurFile
from cvlab.engine.nets.trained import load_weights
from cvlab.engine.training.learner import Learner, Totals

_MODEL, _OPTIMIZER = "model/", "optimizer/"
_STATE = "cvlab"


def weights_bytes(weights: dict[str, np.ndarray]) -> bytes:
    """A weights file: name -> array, nothing else."""
    return safe_numpy.save(weights, metadata={_STATE: "weights"})


def read_weights(data: bytes) -> dict[str, np.ndarray]:
    """The arrays of a weights file; raises `NotOurFile` for anything else, whole or cut off."""
    try:
        return safe_numpy.load(data)
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise NotOurFile(
            "This is not a weights file, or only a part of one.",
            received=str(error)[:120],
            remedy="Choose a .safetensors file that cvlab saved.",
        ) from error


def resume_bytes(learner: Learner) -> bytes:
    """Parameters, optimizer state and place in the run. Random numbers follow from seed and step, so none are stored."""
    tensors = {_MODEL + name: value.detach().cpu().contiguous() for name, value in learner.module.state_dict().items()}
    for name, parameter in learner.module.named_parameters():
        for key, value in learner.optimizer.state.get(parameter, {}).items():
            if torch.is_tensor(value):
                tensors[f"{_OPTIMIZER}{name}/{key}"] = value.detach().cpu().contiguous()
    state = {
        "step": learner.step,
        "epoch": learner.epoch,
        "position": learner.position,
        "seconds": learner.seconds,
        "totals": asdict(learner.totals),
        "recipe": learner.recipe.model_dump(),
    }
    return safe_torch.save(tensors, metadata={_STATE: json.dumps(state)})


def restore(learner: Learner, data: bytes) -> None:
    """Puts the learner where `resume_bytes` left another one of the same architecture and data. Raises `NotOurFile`; the
    learner is then unchanged."""
    try:
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        state = json.loads(header["__metadata__"][_STATE])
        tensors = safe_torch.load(data)
        totals = Totals(**state["totals"])
        recipe = type(learner.recipe).read(state["recipe"])
        step, epoch, position = (int(state[key]) for key in ("step", "epoch", "position"))
    except (SafetensorError, ValueError, KeyError, TypeError, OverflowError) as error:
        raise NotOurFile(
            "The checkpoint is damaged.", received=str(error)[:120], remedy="Start the run again from its recipe."
        ) from error
    load_weights(
        learner.module, {name.removeprefix(_MODEL): t for name, t in tensors.items() if name.startswith(_MODEL)}
    )
    for name, parameter in learner.module.named_parameters():
        prefix = f"{_OPTIMIZER}{name}/"
        own = {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
        for key, value in own.items():
            # Laid out like the parameter: fused optimizers run through both in memory order.
            target = torch.empty_like(parameter) if value.shape == parameter.shape else torch.empty_like(value)
            learner.optimizer.state[parameter][key] = target.copy_(value)
    learner.recipe = recipe
    learner.step, learner.epoch, learner.position = step, epoch, position
    learner.totals, learner.seconds = totals, float(state["seconds"])
