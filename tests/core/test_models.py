"""Which nets there are, what each reads, and which one is asked about a set."""

import numpy as np
import pytest
import torch

from cvlab.core import paths
from cvlab.core.models import Models
from cvlab.engine.data import shapes32
from cvlab.engine.data.entries import CATALOGUE


@pytest.fixture
def on_board(runs):
    return Models(paths.resources() / "models", runs, runs.root.parent / "nets")


def test_two_nets_ship_and_say_what_they_read(on_board):
    digits, shapes = on_board.choices()
    assert (digits.id, digits.reads, digits.data) == ("lenet-mnist", (1, 28, 28), "mnist")
    assert (shapes.id, shapes.reads, shapes.data) == ("convnet-shapes32", (3, 32, 32), "shapes32")
    assert shapes.classes == CATALOGUE["shapes32"].classes and "99.80 % test" in shapes.detail


def test_a_net_is_found_by_what_it_reads_and_by_the_very_classes_it_knows(on_board):
    found = [on_board.reading(CATALOGUE[id].image_shape, CATALOGUE[id].classes) for id in ("mnist", "shapes32")]
    assert [[choice.id for choice in each] for each in found] == [["lenet-mnist"], ["convnet-shapes32"]]
    for id in ("fashion-mnist", "kmnist", "cifar10"):  # the same shape and count of classes, but other classes
        assert not on_board.reading(CATALOGUE[id].image_shape, CATALOGUE[id].classes)


def test_the_net_for_shapes_reads_as_well_as_is_said(on_board):
    drawn = shapes32.draw(np.arange(500), split=1, seed=shapes32.SEED)
    guesses = on_board.load("convnet-shapes32").predict(torch.from_numpy(drawn.images)).argmax(1)
    assert (guesses == drawn.labels).mean() >= 0.99
