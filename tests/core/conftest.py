"""A small data set for runs: the embedded digits, only few of them."""

from dataclasses import replace

import pytest

from cvlab.core import paths
from cvlab.core.runs import Runs
from cvlab.engine.data import catalogue
from cvlab.engine.data.dataset import Split


@pytest.fixture(scope="session")
def few_digits():
    data = catalogue.load("mnist-mini", root=paths.data(), bundled=paths.resources() / "data")
    few = Split(data.train.images[::25].contiguous(), data.train.labels[::25].contiguous())
    return replace(
        data, train=few, test=Split(data.test.images[::20].contiguous(), data.test.labels[::20].contiguous())
    )


@pytest.fixture
def runs(tmp_path, few_digits):
    runs = Runs(tmp_path / "runs", lambda dataset_id: few_digits)
    yield runs
    runs.close()


def wait(run, until=None):
    """Delivers what the run has put out until it has ended, or `until()` holds. Blocks on the run's own thread, never sleeps."""
    while run.is_active and not (until and until()):
        run.join(0.01)
        run.deliver()
