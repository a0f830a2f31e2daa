"""The number of threads follows the load of the machine, and trying costs next to nothing."""

import pytest
import torch

from cvlab.engine.training.threads import Threads


@pytest.fixture(autouse=True)
def threads_of_before():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def train(threads, cost, seconds):
    """Simulated training: `cost[count]` seconds a step of 100 images. Returns the share of the time spent with each count."""
    spent = dict.fromkeys(cost, 0.0)
    while sum(spent.values()) < seconds:
        took = cost[threads.count]
        spent[threads.count] += took
        threads.took(took, 100)
    return {count: time / sum(spent.values()) for count, time in spent.items()}


def test_on_an_idle_machine_all_threads_stay_and_trials_are_rare():
    threads = Threads(2, may_choose=True)
    shares = train(threads, {1: 0.035, 2: 0.020}, 120)
    assert threads.count == 2 and shares[1] < 0.01
    assert torch.get_num_threads() == 2


def test_beside_a_busy_program_one_thread_takes_over_within_seconds_and_gives_back():
    threads = Threads(2, may_choose=True)
    train(threads, {1: 0.035, 2: 0.020}, 60)
    train(threads, {1: 0.040, 2: 0.300}, 6)
    assert threads.count == 1
    shares = train(threads, {1: 0.040, 2: 0.300}, 120)
    assert shares[2] < 0.03
    train(threads, {1: 0.035, 2: 0.020}, 35)
    assert threads.count == 2


@pytest.mark.parametrize("best", [1, 2, 4])
def test_among_four_cores_the_best_count_is_found(best):
    threads = Threads(4, may_choose=True)
    cost = {count: 0.02 * (1 + 0.5 * abs(count.bit_length() - best.bit_length())) for count in (1, 2, 4)}
    shares = train(threads, cost, 200)
    assert shares[best] > 0.9


def test_a_smaller_batch_is_not_mistaken_for_a_gain():
    threads = Threads(2, may_choose=True)
    for step in range(20_000):
        images = 250 if step % 7 else 20
        threads.took({1: 0.035, 2: 0.020}[threads.count] * images / 250, images)
    assert threads.count == 2


def test_a_step_during_which_the_process_was_held_is_no_reason_to_change():
    threads = Threads(2, may_choose=True)
    train(threads, {1: 0.035, 2: 0.020}, 60)
    one_thread = 0
    for step in range(3_000):
        threads.took(5.0 if step % 300 == 0 else {1: 0.035, 2: 0.020}[threads.count], 100)
        one_thread += threads.count == 1
    assert threads.count == 2 and one_thread < 100


def test_a_wanted_count_is_kept():
    threads = Threads(2, may_choose=False)
    train(threads, {1: 0.01, 2: 0.3}, 60)
    assert threads.count == 2
