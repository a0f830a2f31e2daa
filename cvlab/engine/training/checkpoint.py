"""Weights and everything needed to go on exactly, as safetensors bytes. Nothing here is ever unpickled."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict

import numpy as np
import torch
from pydantic import TypeAdapter
from safetensors import SafetensorError
from safetensors import numpy as safe_numpy
from safetensors import torch as safe_torch

from cvlab.engine.errors import NotOurFile, RecipeError
from cvlab.engine.files import load_json
from cvlab.engine.nets.trained import load_weights
from cvlab.engine.nets.weights import file_metadata, verify_checksum
from cvlab.engine.training import device as devices
from cvlab.engine.training.divergence import Divergence
from cvlab.engine.training.learner import Best, Learner, Totals
from cvlab.engine.training.objective import make_optimizer
from cvlab.engine.training.recipe import Recipe

_MODEL, _OPTIMIZER, _BEST, _AVERAGE = "model/", "optimizer/", "best/", "average/"
_STATE, _STATE_SUM = "cvlab", "cvlab-sum"
_DAMAGE = (
    SafetensorError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError, RecipeError,
)  # fmt: skip
"""What reading bytes that are not what they say may raise."""
MAX_HEADER = 16_000_000
"""Bytes of JSON at the beginning of a safetensors file: 100,000 tensors need less."""
_TOTALS, _DIVERGENCE = TypeAdapter(Totals), TypeAdapter(Divergence)


def weights_bytes(weights: dict[str, np.ndarray], *, checksum: bool = True) -> bytes:
    """A weights file: name -> array, and a checksum of them. checksum: without it, the bytes that earlier versions wrote."""
    return safe_numpy.save(weights, metadata=file_metadata(weights) if checksum else {_STATE: "weights"})


def read_weights(data: bytes) -> dict[str, np.ndarray]:
    """The arrays of a weights file; raises `NotOurFile` for anything else, whole or cut off, and for one whose checksum is not
    that of its numbers. Whether they are finite, `load_weights` says."""
    try:
        _header(data)
        weights = safe_numpy.load(data)
        verify_checksum(data, weights)
        return weights
    except _DAMAGE as error:
        raise NotOurFile(
            "This is not a weights file, or only a part of one.",
            received=str(error)[:120],
            remedy="Choose a .safetensors file that cvlab saved.",
        ) from error


def read_place(data: bytes) -> tuple[int, int]:
    """(steps done, epochs done) where a checkpoint was saved, from its header alone. Raises `NotOurFile`."""
    try:
        state = _state(data)
        place = int(state["step"]), int(state["epoch"])
        if min(place) < 0:
            raise ValueError("its place in the run is none")
    except _DAMAGE as error:
        raise _damaged(
            error, "Go on from an earlier checkpoint of the run, or start it again from its recipe."
        ) from error
    return place


def resume_bytes(learner: Learner) -> bytes:
    """Parameters, optimizer state and place in the run. Random numbers follow from seed and step, so none are stored."""
    tensors = {_MODEL + name: value for name, value in learner.module.state_dict().items()}
    for name, parameter in learner.module.named_parameters():
        for key, value in learner.optimizer.state.get(parameter, {}).items():
            if torch.is_tensor(value):
                tensors[f"{_OPTIMIZER}{name}/{key}"] = value
    best = learner.best
    if best is not None:
        tensors |= {_BEST + name: torch.from_numpy(value).contiguous() for name, value in best.weights.items()}
    if learner.average is not None:
        names = [name for name, _ in learner.module.named_parameters()]
        tensors |= {_AVERAGE + n: value for n, value in zip(names, learner.average, strict=True)}
    tensors = dict(zip(tensors, devices.fetch(tensors.values()), strict=True))
    state = {
        "step": learner.step,
        "epoch": learner.epoch,
        "position": learner.position,
        "seconds": learner.seconds,
        "totals": asdict(learner.totals),
        "divergence": asdict(learner.divergence),
        "recipe": learner.recipe.model_dump(),
        "best": None if best is None else {"epoch": best.epoch, "step": best.step, "figure": best.figure},
    }
    return _written(tensors, state)


def beginning_bytes(weights: Mapping[str, np.ndarray], recipe: Recipe) -> bytes:
    """What a run begins with that does not begin anew: these weights, at step 0. They may be a part of the net's; `restore` then
    leaves the other layers as they are."""
    tensors = {_MODEL + name: torch.as_tensor(value).contiguous() for name, value in weights.items()}
    state = {
        "step": 0, "epoch": 0, "position": 0, "seconds": 0.0, "totals": asdict(Totals()), "recipe": recipe.model_dump(),
        "best": None, "begins": True,
    }  # fmt: skip
    return _written(tensors, state)


def restore(learner: Learner, data: bytes, *, keep_recipe: bool = False) -> None:
    """Puts the learner where `resume_bytes` left another one of the same architecture and data. Raises `NotOurFile`; the
    learner is then unchanged.

    keep_recipe: the learner's own recipe stays in force, to branch off: the weights and the place in the run are taken, and
    what the optimizer remembers if it is of the same kind. Where the recipe trains on other images or in another order, the
    epoch starts anew.
    """
    try:
        tensors, state = _read(data)
        totals = _TOTALS.validate_python(state["totals"])
        divergence = _DIVERGENCE.validate_python(state.get("divergence", {}))
        recipe = type(learner.recipe).read(state["recipe"])
        step, epoch, position = (int(state[key]) for key in ("step", "epoch", "position"))
        best = None if state.get("best") is None else Best(**state["best"], weights=_arrays(tensors, _BEST))
        seconds = float(state["seconds"])
        if not (min(step, epoch, position, totals.images) >= 0 <= seconds < float("inf")):
            raise ValueError("its place in the run is none")
    except _DAMAGE as error:
        raise _damaged(
            error, "Go on from an earlier checkpoint of the run, or start it again from its recipe."
        ) from error
    weights = _under(tensors, _MODEL)
    if state.get("begins") is True:
        weights = learner.module.state_dict() | weights
    load_weights(learner.module, weights)
    learner.optimizer = make_optimizer(learner.module, learner.recipe if keep_recipe else recipe, learner.device)
    own = learner.recipe
    if not keep_recipe or own.optimizer.kind == recipe.optimizer.kind:
        beside = any(group.get("fused") or group.get("capturable") for group in learner.optimizer.param_groups)
        for name, parameter in learner.module.named_parameters():
            for key, value in _under(tensors, f"{_OPTIMIZER}{name}/").items():
                # Laid out like the parameter: fused optimizers run through both in memory order. Counters are where the
                # optimizer looks for them: beside the parameter, if it must not wait for the processor.
                if value.shape == parameter.shape:
                    target = torch.empty_like(parameter)
                else:
                    target = torch.empty_like(value, device=parameter.device if beside else "cpu")
                learner.optimizer.state[parameter][key] = target.copy_(value)
    if learner.average is not None:
        mean = _under(tensors, _AVERAGE)
        for (name, parameter), value in zip(learner.module.named_parameters(), learner.average, strict=True):
            value.copy_(mean.get(name, parameter.detach()))
    if not keep_recipe:
        learner.recipe, learner.best = recipe, best
    elif (own.seed, own.held_out, own.data) != (recipe.seed, recipe.held_out, recipe.data):
        position, totals = 0, Totals()
    if keep_recipe:
        divergence.begin_anew()
    learner.divergence = divergence
    learner.step, learner.epoch, learner.position = step, epoch, position
    learner.totals, learner.seconds = totals, seconds
    learner.forget_order()


def checkpoint_weights(data: bytes) -> dict[str, np.ndarray]:
    """The weights in a checkpoint, for looking at the past. Raises `NotOurFile`."""
    try:
        return _arrays(_read(data)[0], _MODEL)
    except _DAMAGE as error:
        raise _damaged(error, "Choose another point of the run.") from error


def _damaged(error: Exception, remedy: str) -> NotOurFile:
    return NotOurFile("The checkpoint is damaged.", received=str(error)[:120], remedy=remedy)


def _header(data: bytes) -> bytes:
    """The JSON at the beginning of a safetensors file. Raises ValueError where it is longer than it can be."""
    size = int.from_bytes(data[:8], "little")
    if size > MAX_HEADER:
        raise ValueError(f"a header of {size:,} bytes")
    return data[8 : 8 + size]


def _written(tensors: dict[str, torch.Tensor], state: dict) -> bytes:
    text = json.dumps(state | {"checksum": _checksum(tensors)})
    return safe_torch.save(tensors, metadata={_STATE: text, _STATE_SUM: str(zlib.crc32(text.encode()))})


def _state(data: bytes) -> dict:
    header = load_json(_header(data))
    text, said = header["__metadata__"][_STATE], header["__metadata__"].get(_STATE_SUM)
    if said is not None and said != str(zlib.crc32(text.encode())):
        raise ValueError("the checksum of its place in the run is wrong")
    return load_json(text, finite=False)  # losses that have not been seen yet are infinite


def _read(data: bytes) -> tuple[dict[str, torch.Tensor], dict]:
    state = _state(data)
    tensors = safe_torch.load(data)
    if "checksum" in state and state["checksum"] != _checksum(tensors):
        raise ValueError("its checksum is wrong")
    return tensors, state


def _checksum(tensors: dict[str, torch.Tensor]) -> int:
    """CRC-32 over all numbers, by name: the file format has none of its own, and a damaged weight looks like any other."""
    total = 0
    for name in sorted(tensors):
        total = zlib.crc32(tensors[name].numpy().reshape(-1).view(np.uint8), total)
    return total


def _under(tensors: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def _arrays(tensors: dict[str, torch.Tensor], prefix: str) -> dict[str, np.ndarray]:
    return {name: value.numpy() for name, value in _under(tensors, prefix).items()}
