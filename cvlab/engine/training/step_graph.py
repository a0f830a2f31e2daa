"""A training step that is recorded once and then replayed: on a GPU, launching a small net's hundred kernels one by one takes
longer than they do.

`Learner.update` is the whole step: it is fed with tensors alone and reads nothing back. Here it runs once on memory that stays in
place while CUDA writes down what is launched (a CUDA graph), and then again and again by one call, after the next batch's plan,
the learning rate and the seed of dropout have been put where it reads them. All else is fixed by the recording: the size of the
batch and every other knob. The last, short batch of an epoch is a step like any other, without the recording; a turned knob makes
it worthless, and another is made once the knobs have rested.

A recording that went wrong would train on something else, silently. So each proves itself before it is used: from one state, a
step is taken by launching and by replaying, on other images, with another rate and other dropout than it was recorded with, and
loss and weights must agree. If not, or if something refuses to be recorded, the run goes on as without, and says why.

What PyTorch asks of a recording (its notes on CUDA graphs): a few steps on a side stream before it, optimizers whose state is on
the device, gradients that do not exist when it begins so that they are made in its own memory, no reading back, no copies from
ordinary memory, one shape. The generator of dropout is registered by PyTorch itself; each replay takes the seed it has then.
"""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import torch
from torch import Tensor

from cvlab.engine.training import device as devices
from cvlab.engine.training.host_reads import HostReads
from cvlab.engine.training.objective import REPLAYABLE, set_rate
from cvlab.engine.training.plan import Plan

if TYPE_CHECKING:
    from cvlab.engine.training.learner import Learner

FIRST = 3
"""Steps that are launched before one is recorded: in the first the optimizer makes its state, and cuDNN looks for fast ways."""
STILL = 20
"""Steps without a turned knob before another recording is made: a slider gives a dozen values on its way."""
SHORTEST = 100
"""Steps that must be left for a recording to be worth its second."""
SHARE = 0.2
"""Left to itself, a step is recorded if it needs less than this share of the GPU's memory: the recording keeps as much again, and
a step that needs more is long enough to hide its launches."""
LOSS_TOLERANCE, STEP_TOLERANCE = 1e-3, 0.1
"""How far launched and replayed step may differ: the loss by this share of itself, all weights together by this share of the
step's length. Other images or another dropout mask show in the loss; another rate, or a penalty that is left out, in the step.
Kernels that add in no fixed order differ by about 1e-6 of either; only Adam may blow that up, for weights whose gradient is
nothing but rounding."""


class Recorder(Protocol):
    """Writes down what a function does on a device, and does it again."""

    def aside(self, work: Callable[[], None]) -> None:
        """Runs it where it will be recorded, without recording."""

    def record(self, work: Callable[[], tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]: ...

    def replay(self) -> None: ...


class CudaGraph:
    """A CUDA graph with memory of its own."""

    def __init__(self, device: torch.device, dice: torch.Generator) -> None:
        self._graph, self._dice = torch.cuda.CUDAGraph(), dice
        self._stream = torch.cuda.Stream(device)

    def aside(self, work: Callable[[], None]) -> None:
        here = torch.cuda.current_stream(self._stream.device)
        self._stream.wait_stream(here)
        with torch.cuda.stream(self._stream):
            work()
        here.wait_stream(self._stream)

    def record(self, work: Callable[[], tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
        # Not `torch.cuda.graph`: some versions of it collect garbage, which beside a window only the GUI's thread may do. For the
        # same reason errors of other threads are theirs ("thread_local"), and nothing is collected meanwhile.
        torch.cuda.synchronize(self._stream.device)
        torch.cuda.empty_cache()
        try:
            with _uncollected(), torch.cuda.stream(self._stream):
                self._graph.capture_begin(capture_error_mode="thread_local")
                try:
                    made = work()
                finally:
                    self._graph.capture_end()
        except RuntimeError:
            # The generator believes that it is still being recorded, and would refuse every later dropout: a new state does not.
            self._dice.graphsafe_set_state(self._dice.clone_state())
            raise
        torch.cuda.current_stream(self._stream.device).wait_stream(self._stream)
        return made

    def replay(self) -> None:
        self._graph.replay()


class Refused(RuntimeError):
    """Why a step is not recorded, in a few words."""


@dataclass(frozen=True, eq=False)
class _Recording:
    """A recorder with the memory that its step reads and writes: the plan, the figures, the gradients."""

    recorder: Recorder
    plan: Plan
    loss: Tensor
    correct: Tensor
    grads: list[Tensor | None]


class StepGraph:
    """A learner's recorded step, once there is one. notice: what the person should know about it, "" when all is well."""

    def __init__(self, learner: Learner, make: Callable[[], Recorder] | None = None) -> None:
        # Weak: two that hold each other are only freed when garbage is collected, and with them a GPU's memory.
        self._owner = weakref.ref(learner)
        wanted, device, dice = learner.recipe.graphs, learner.device, learner.dice
        usual = device.type == "cuda"
        self._make = make or (lambda: CudaGraph(device, dice))
        self._wanted = wanted != "off" and (usual or make is not None)
        self._insists = wanted == "on"
        self._recording: _Recording | None = None
        self._rest = FIRST
        self.notice = ""

    @property
    def _learner(self) -> Learner:
        learner = self._owner()
        assert learner is not None, "a learner outlives its recorded step"
        return learner

    @property
    def is_in_use(self) -> bool:
        return self._recording is not None

    def drop(self) -> None:
        """What was recorded no longer holds; another recording is made when things have been still for a while."""
        self._recording = None
        self._rest = STILL if self._learner.step else FIRST

    def step(self, plan: Plan) -> tuple[Tensor, Tensor] | None:
        """The step by replaying: (loss, right answers); or None, and it is to be launched. Rate and seed are set before."""
        if not self._wanted or len(plan.chosen) != self._learner.recipe.batch_size:
            return None
        if self._recording is None:
            if self._rest > 0:
                self._rest -= 1
            else:
                self._try(plan)
        made = self._recording
        if made is None:
            return None
        made.plan.take(plan)
        made.recorder.replay()
        for parameter, grad in zip(self._learner.parameters, made.grads, strict=True):
            parameter.grad = grad  # a launched step in between has made its own
        return made.loss.clone(), made.correct.clone()

    def _try(self, plan: Plan) -> None:
        try:
            self._check_worth()
        except Refused as why:
            self._give_up(f"The step is not recorded as a CUDA graph: {why}." if self._insists else "")
            return
        try:
            self._recording = self._record(plan)
        except RuntimeError as why:  # ours, PyTorch's own refusals, and memory that is full
            reason = (str(why).strip().splitlines() or [type(why).__name__])[0][:200].rstrip(".")
            self._give_up(
                f"The step could not be recorded as a CUDA graph: {reason}. The run goes on without, a little slower."
            )
            devices.release(self._learner.device)

    def _give_up(self, notice: str) -> None:
        self._wanted, self._recording, self.notice = False, None, notice

    def _check_worth(self) -> None:
        """Raises `Refused` where a recording cannot be made or would not pay."""
        learner = self._learner
        recipe = learner.recipe
        if learner.team is not None:
            raise Refused("several processes train together")
        if recipe.optimizer.kind not in REPLAYABLE:
            raise Refused(f"{recipe.optimizer.kind} counts its steps on the processor")
        left = (recipe.epochs - learner.epoch) * learner.steps_per_epoch - learner.position // recipe.batch_size
        if left < SHORTEST and not self._insists:
            raise Refused(f"only {left} steps are left")

    def _record(self, plan: Plan) -> _Recording:
        """A recording that has proved itself. Raises `Refused`, or what PyTorch raises."""
        learner, recorder = self._learner, self._make()
        read = plan.like()
        with self._undone() as start:
            peak = _Peak(learner.device)
            recorder.aside(lambda: self._warm_up(read))
            if not self._insists and peak.share() > SHARE:
                raise Refused(f"a step needs {peak.share():.0%} of the memory of the GPU")
            self._put_back(start)
            learner.optimizer.zero_grad(set_to_none=True)
            loss, correct = recorder.record(lambda: learner.update(read))
            grads = [parameter.grad for parameter in learner.parameters]
            # The trial: other images, half the rate, other dropout.
            other = learner.plan(ahead=1)
            set_rate(learner.optimizer, learner.learning_rate / 2, learner.recipe)
            ends, losses = [], []
            for replays in (False, True):
                self._put_back(start)
                learner.dice.manual_seed(learner.dropout_seed + 1)
                if replays:
                    read.take(other)
                    recorder.replay()
                    losses.append(float(loss))
                else:
                    losses.append(float(learner.update(other)[0]))
                ends.append(self._copies())
            _compare(losses, start, *ends, len(learner.parameters))
        return _Recording(recorder, read, loss, correct, grads)

    def _warm_up(self, plan: Plan) -> None:
        for _ in range(2):
            self._learner.update(plan)
        with HostReads():
            self._learner.update(plan)

    # -- what a step changes ------------------------------------------------------------------------------------------

    def _changing(self) -> list[Tensor]:
        """All that a step writes to: parameters, running averages of normalisation, what the optimizer remembers."""
        learner = self._learner
        remembered = [v for p in learner.parameters for v in learner.optimizer.state[p].values() if torch.is_tensor(v)]
        return [*(p.detach() for p in learner.parameters), *learner.module.buffers(), *remembered]

    def _copies(self) -> list[Tensor]:
        return [tensor.clone() for tensor in self._changing()]

    def _put_back(self, values: list[Tensor]) -> None:
        torch._foreach_copy_(self._changing(), values)

    @contextmanager
    def _undone(self) -> Iterator[list[Tensor]]:
        """Whatever happens inside, the net and its optimizer are afterwards as they were. Gives copies of how they were."""
        learner, start = self._learner, self._copies()
        try:
            yield start
        finally:
            self._put_back(start)
            set_rate(learner.optimizer, learner.learning_rate, learner.recipe)
            learner.dice.manual_seed(learner.dropout_seed)


def _compare(
    losses: list[float], start: list[Tensor], launched: list[Tensor], replayed: list[Tensor], parameters: int
) -> None:
    """Raises `Refused` if one step taken in two ways did not come to the same: its losses, and how it left what it changes. The
    first tensors are the parameters."""
    if not abs(losses[0] - losses[1]) <= LOSS_TOLERANCE * max(1e-3, abs(losses[0])):
        raise Refused(f"replayed, a trial step has the loss {losses[1]:.6g} instead of {losses[0]:.6g}")
    triples = list(zip(start, launched, replayed, strict=True))
    for part in (triples[:parameters], triples[parameters:]):
        step = gap = rounding = 0.0
        for before, one, other in part:
            if before.ndim == 0 or not before.is_floating_point():  # counters
                if not torch.equal(one, other):
                    raise Refused("replayed, a trial step counts differently")
                continue
            step += float((one - before).norm()) ** 2
            gap += float((one - other).norm()) ** 2
            rounding += (1e-6 * float(before.norm())) ** 2  # where a step is tiny beside the numbers themselves
        if not gap <= STEP_TOLERANCE**2 * step + rounding:
            raise Refused(f"replayed, a trial step ends {gap**0.5:.3g} away from where it should, on {step**0.5:.3g}")


class _Peak:
    """How much memory was needed at once since this was made, beyond what was in use, as a share of the GPU's."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
            self._before = torch.cuda.memory_allocated(device)

    def share(self) -> float:
        if self._device.type != "cuda":
            return 0.0
        needed = torch.cuda.max_memory_allocated(self._device) - self._before
        return needed / torch.cuda.get_device_properties(self._device).total_memory


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the cycle collector: it might free what belongs to another recording in the middle of this one."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
