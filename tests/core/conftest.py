"""A small data set for runs: the embedded digits, only few of them."""

import pytest

from cvlab.core.runs import Runs
from tests.core.drivers import processes


@pytest.fixture(scope="session")
def few_digits():
    return processes.few_digits(25)


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
