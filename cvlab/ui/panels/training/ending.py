"""What is said of a run that has ended, on the strip above the curves and in a notice."""

from __future__ import annotations

from cvlab.core.notices import Notice, Notices, Remedy
from cvlab.core.runs import Run
from cvlab.engine.data.catalogue import CATALOGUE
from cvlab.ui.widgets.figures import duration_text, share_text


def reads_digits(run: Run) -> bool:
    """Whether what a person draws can be shown to its net."""
    return run.architecture.image_shape == (1, 28, 28)


def result_words(run: Run, test_accuracy: float | None) -> str:
    """What came of a run that did not fail: how accurate it is, or how far it came. test_accuracy: None where it is hidden or was
    not measured; then the validation images say it, or without them the training images."""
    state, entry = run.state, CATALOGUE.get(run.recipe.data)
    stopped = f"Stopped at step {state.step:,} of {state.total_steps:,}. Everything so far is saved."
    if state.status == "stopped" and test_accuracy is None:
        return stopped
    if test_accuracy is not None:
        of = f"{entry.test_count:,} test images" if entry is not None else "the test images"
        words = f"Reads {100 * test_accuracy:.2f} % of {of}"
        after = f"{words}, after {duration_text(state.seconds)} of training."
        words = f"{stopped} {words}." if state.status == "stopped" else after
    else:
        words = f"{_untested_words(run)} {duration_text(state.seconds)} of training. Test set not shown."
    if state.best_epoch is None:
        return words
    early = (
        f"It stopped early, in epoch {state.epoch:,} of {state.epochs:,}, and " if state.epoch < state.epochs else "It "
    )
    return f"{words} {early}took back the weights of epoch {state.best_epoch:,}, the best held out."


def _untested_words(run: Run) -> str:
    """How accurate a finished run is by what may be shown without its test figure."""
    _, validation = run.curves["held_out_accuracy"].points()
    _, training = run.curves["epoch_accuracy"].points()
    if len(validation) and run.recipe.held_out:
        epoch = run.state.best_epoch
        figure = validation[epoch - 1] if epoch is not None and epoch <= len(validation) else validation[-1]
        return f"Validation accuracy {share_text(float(figure))}, after"
    if len(training):
        return f"No validation images. Training accuracy {share_text(float(training[-1]))}, after"
    return "Finished after"


def tell_ending(notices: Notices, run: Run, test_accuracy: float | None, show: Remedy) -> None:
    """A notice for a person who is in another panel when a run ends. test_accuracy: as far as it may be shown."""
    failure = run.state.failure
    if failure is not None:
        notices.post(Notice("error", failure.title, f"{failure.what} {failure.remedy}", remedies=(show,)))
    elif run.state.status == "finished":
        notices.success(f"{run.title} has finished", result_words(run, test_accuracy), show)
