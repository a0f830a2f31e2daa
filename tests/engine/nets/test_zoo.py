"""Ready nets: they fit their data, learn, and have the number of parameters that their authors report."""

import pytest
import torch

from cvlab.engine.errors import NetError
from cvlab.engine.nets import zoo
from cvlab.engine.nets.build import build
from cvlab.engine.nets.shapes import check_classifier, infer

PUBLISHED = {
    "lenet": 61_706,
    "lenet5": 61_706,  # 60,000 with the sparse table of 1998
    "linear": 7_850,
    "two-layer": 79_510,  # 784·100 + 100 + 100·10 + 10
    "convnet-small": 3 * 9 * 16
    + 16 * 9 * 16
    + 16 * 9 * 32
    + 32 * 9 * 32
    + 32 * 9 * 64
    + 2 * 160
    + 64 * 10
    + 10,  # by hand
    "resnet20": 272_474,  # "0.27 M" in table 6 of He et al.; 272,474 with projections
    "resnet9": 6_573_130,  # 6.57 M: Page's 6,573,120 and ten biases of the scores
    "all-conv": 1_369_738,  # "1.3 M" in table 4 of Springenberg et al., 1.37 M counted with biases
}


@pytest.mark.parametrize("zoo_id", zoo.ZOO)
@pytest.mark.parametrize("image", [(1, 28, 28), (3, 32, 32)])
def test_every_net_fits_both_kinds_of_images(zoo_id, image):
    check_classifier(zoo.make(zoo_id, image, 7), image, 7)


@pytest.mark.parametrize("zoo_id", PUBLISHED)
def test_parameters_are_the_published_ones(zoo_id):
    assert infer(zoo.make(zoo_id)).parameters == PUBLISHED[zoo_id]


@pytest.mark.parametrize("zoo_id", zoo.ZOO)
def test_two_steps_of_training_change_every_weight(zoo_id):
    ready = zoo.ZOO[zoo_id]
    net = ready.make(ready.image, 10, **({"width": 8} if zoo_id == "resnet9" else {}))
    module = build(net, seed=0).train()
    optimizer = torch.optim.SGD(module.parameters(), lr=0.01)
    dice = torch.Generator().manual_seed(0)
    before = {name: p.detach().clone() for name, p in module.named_parameters()}
    for _ in range(2):
        x, y = torch.randn(4, *ready.image, generator=dice), torch.randint(0, 10, (4,), generator=dice)
        loss = torch.nn.functional.cross_entropy(module(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.isfinite()
    assert all(not torch.equal(p, before[name]) for name, p in module.named_parameters())


def test_resnet20_repeats_its_blocks():
    net = zoo.make("resnet20")
    assert [(group.name, group.times) for group in net.groups] == [("stage1", 3), ("stage2", 2), ("stage3", 2)]
    assert len(net.flat.nodes) - len(net.nodes) == 4 * 7
    convs = [node for node in net.flat.nodes if node.layer.kind == "conv"]
    assert len(convs) == 19 + 2, "19 convolutions and one linear layer make 20; two more are the skips"


def test_unknown_nets_are_refused_in_words():
    with pytest.raises(NetError, match=r"no such net.*resnet9"):
        zoo.make("resnet1000")
