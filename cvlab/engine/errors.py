"""The error family: every failure that a person may meet, in words, with what to do next.

CvlabError
├── Cancelled            the person stopped it; never shown as a failure
├── DataError            a data set or an image
│   ├── DataMissing          not on this machine yet
│   ├── UnknownDataSet       no data set has this id
│   ├── DownloadFailed       no source answered
│   └── CorruptData          truncated, wrong checksum, not what it says it is
├── NetError             an architecture
│   ├── ShapeError           this layer cannot take what it is given
│   └── GraphError           the wiring itself: cycles, open ports, unknown kinds
├── RecipeError          a training recipe out of range
├── ExpressionError      what a person typed as an expression, and where in it
├── TrainingError        a run that cannot go on
│   ├── NonFiniteLoss        the loss became infinite or not a number
│   ├── NonFiniteWeights     the weights are no longer numbers, before the loss shows it
│   ├── Diverged             the loss went the wrong way, and the recipe says to stop then
│   ├── OutOfMemory          the device cannot hold what is asked of it
│   ├── DeviceLost           the GPU no longer answers
│   └── PartnerLost          another process of a run on several does not
└── FileError            a file of ours
    ├── NotOurFile           not a project, a run or a weights file
    ├── NewerFile            written by a later cvlab
    └── CannotWrite          full disk, no permission
        └── RunFolderLost        deleted, renamed or taken over while the run trained
"""

import math


class CvlabError(Exception):
    """A failure in words for the person who met it.

    what:     what happened, a full sentence.
    received: what was given, if that helps ("" otherwise).
    remedy:   what to do next, a full sentence ("" if nothing can be done).
    """

    title = "Something went wrong"

    def __init__(self, what: str, *, received: str = "", remedy: str = "") -> None:
        super().__init__(what)
        self.what, self.received, self.remedy = what, received, remedy

    def __str__(self) -> str:
        parts = [self.what]
        if self.received:
            parts.append(f"Received: {self.received}.")
        if self.remedy:
            parts.append(self.remedy)
        return " ".join(parts)

    def __reduce__(self):
        # Failures cross threads and processes inside events.
        return _rebuild, (type(self), self.__dict__ | {"args_": self.args})


def _rebuild(kind: type[CvlabError], state: dict) -> CvlabError:
    error = kind.__new__(kind)
    error.args = state.pop("args_")
    error.__dict__.update(state)
    return error


class Cancelled(CvlabError):
    title = "Stopped"

    def __init__(self, what: str = "Stopped on request.") -> None:
        super().__init__(what)


class DataError(CvlabError):
    title = "The data cannot be used"


class DataMissing(DataError):
    title = "The data are not on this machine yet"


class UnknownDataSet(DataError):
    title = "There is no such data set"


class DownloadFailed(DataError):
    title = "The download failed"


class CorruptData(DataError):
    title = "The data are damaged"


class NetError(CvlabError):
    title = "The network cannot be built"


class ShapeError(NetError):
    """A layer that cannot take its input.

    node:  the node's name, e.g. "linear1".
    got:   the shape that arrives, without the batch: (16, 5, 5).
    needs: what it needs, in words: "a vector".
    """

    title = "The shapes do not fit"

    def __init__(self, node: str, got: tuple[int, ...], needs: str, hint: str = "") -> None:
        shown = " x ".join(map(str, got)) if got else "nothing"
        super().__init__(f"{node} needs {needs}.", received=shown, remedy=hint)
        self.node, self.got, self.needs = node, got, needs


class GraphError(NetError):
    title = "The wiring is not complete"


class RecipeError(CvlabError):
    title = "The recipe cannot be used"


class ExpressionError(CvlabError):
    """An expression that is no circuit: `offset` and `length` of the piece meant, in characters of the whole text."""

    title = "The expression cannot be read"

    def __init__(self, what: str, *, text: str = "", offset: int = 0, length: int = 1, remedy: str = "") -> None:
        line = text.count("\n", 0, offset) + 1
        column = offset - (text.rfind("\n", 0, offset) + 1) + 1
        where = f"line {line}, column {column}" if "\n" in text.strip() else f"column {column}"
        piece = text[offset : offset + min(length, 40)].strip()
        received = (f"“{piece}” at {where}" if piece else where) if text else ""
        super().__init__(what, received=received, remedy=remedy)
        self.offset, self.length, self.line, self.column = offset, length, line, column


class TrainingError(CvlabError):
    title = "Training stopped"


class NonFiniteLoss(TrainingError):
    """The loss is infinite or NaN: step (1-based), loss, the learning rate in force, and one to try instead."""

    title = "Training stopped: the loss is no longer a number"

    def __init__(self, step: int, loss: float, learning_rate: float) -> None:
        suggestion = min(learning_rate / 10, 0.1)  # above 0.1 it is too high for any net of the course
        super().__init__(
            f"At step {step} the loss {'became infinite' if math.isinf(loss) else 'was no longer a number (NaN)'}.",
            received=f"learning rate {learning_rate:g}",
            remedy=f"The learning rate is probably too high here: try {suggestion:g}.",
        )
        self.step, self.loss, self.learning_rate, self.suggestion = step, loss, learning_rate, suggestion


class NonFiniteWeights(TrainingError):
    """Weights are infinite or NaN after a step: step (1-based), which, the learning rate in force, and one to try instead."""

    title = "Training stopped: the weights are no longer finite"

    def __init__(self, step: int, which: str, learning_rate: float) -> None:
        suggestion = min(learning_rate / 10, 0.1)
        super().__init__(
            f"After step {step} {which}: the net can compute nothing with them. They are not saved.",
            received=f"learning rate {learning_rate:g}",
            remedy=f"The learning rate is probably too high here: try {suggestion:g}.",
        )
        self.step, self.learning_rate, self.suggestion = step, learning_rate, suggestion


class Diverged(TrainingError):
    """The loss went up and stayed there: step (1-based), how that showed, the learning rate in force, and one to try instead."""

    title = "Training stopped: the loss goes the wrong way"

    def __init__(self, step: int, how: str, learning_rate: float, suggestion: float) -> None:
        super().__init__(
            how,
            received=f"learning rate {learning_rate:g} at step {step}",
            remedy=f"The learning rate is probably too high here: try {suggestion:g}.",
        )
        self.step, self.learning_rate, self.suggestion = step, learning_rate, suggestion


class OutOfMemory(TrainingError):
    title = "Training stopped: out of memory"


class NotEnoughMemory(OutOfMemory):
    """Something was not begun, as it would need more memory than is free. suggestion: the largest batch size that fits, if that
    is the remedy."""

    title = "Not enough memory"

    def __init__(self, what: str, *, received: str = "", remedy: str = "", suggestion: int | None = None) -> None:
        super().__init__(what, received=received, remedy=remedy)
        self.suggestion = suggestion


class DeviceLost(TrainingError):
    title = "Training stopped: the GPU is gone"


class PartnerLost(TrainingError):
    title = "Training stopped: another process is gone"


def in_words(error: BaseException, doing: str = "batch") -> BaseException:
    """What PyTorch says of memory, devices and other processes, as one of ours; every other error as it is.

    doing: what did not fit, "batch", "data" or "view". PyTorch is not loaded for it: its errors are known by name and text.
    """
    if isinstance(error, CvlabError):
        return error
    text, name = str(error), type(error).__name__
    received = text.strip().splitlines()[0][:200] if text.strip() else name
    if isinstance(error, MemoryError) or any(sign in text for sign in _NO_MEMORY):
        if doing == "data":
            return OutOfMemory(
                "The data and the net do not fit into the memory of the device.",
                received=received,
                remedy="Set the device to CPU, take a smaller data set, or close what else uses the memory.",
            )
        if doing == "view":
            return OutOfMemory(
                "There is not enough memory for this look inside the net.",
                received=received,
                remedy="Close what else uses the memory, or train with a smaller batch size.",
            )
        return OutOfMemory(
            "The batch does not fit into the memory of the device.",
            received=received,
            remedy="Use a smaller batch size. What was saved is safe.",
        )
    if "no kernel image" in text or "PTX was compiled with an unsupported" in text:
        return TrainingError(
            "This PyTorch was not made for this GPU.",
            received=received,
            remedy="Set the device to CPU, or install a PyTorch for your GPU, as pytorch.org shows.",
        )
    if name == "AcceleratorError" or any(sign in text for sign in _LOST):
        return DeviceLost(
            "The GPU no longer answers.",
            received=received,
            remedy="What was saved is safe. Restart cvlab and resume the run, or branch off with the device set to CPU.",
        )
    if name.startswith("Dist") or "Connection closed by peer" in text or "Connection reset by peer" in text:
        return PartnerLost(
            "Another process of this run no longer answers.",
            received=received,
            remedy="What was saved is safe: start all processes again with `cvlab resume`.",
        )
    return error


_NO_MEMORY = ("out of memory", "allocate memory", "ALLOC_FAILED", "failed to map segment")
_LOST = (
    "CUDA error", "CUDA driver error", "cudaError", "CUDNN_STATUS", "CUBLAS_STATUS", "No CUDA GPUs are available", "NVML",
    "MPS backend", "HIP error",
)  # fmt: skip


class FileError(CvlabError):
    title = "The file cannot be used"


class NotOurFile(FileError):
    title = "This is not a cvlab file"


class NewerFile(FileError):
    title = "This file comes from a later cvlab"


class CannotWrite(FileError):
    title = "The file cannot be written"


class RunFolderLost(CannotWrite):
    title = "The run's folder is gone"
