"""Nets that were taken in with their weights: kept, listed, asked, handed on unchanged, and begun with."""

import shutil

import numpy as np
import pytest
import torch

from cvlab.core.imported_nets import DiscardNet, FindImported, RenameNet
from cvlab.core.jobs import JobControl
from cvlab.core.models import Models
from cvlab.core.net_export import write_onnx_file, write_source
from cvlab.core.net_import import TakeIn, TakeWeights, read_net
from cvlab.core.runs import Runs
from cvlab.core.storage.net_folder import RECORD, NetFolder
from cvlab.core.storage.run_folder import RunFolder
from cvlab.core.weights import Weights, beginning, find_weights, first_weights
from cvlab.engine.data.dataset import Dataset, Split
from cvlab.engine.data.preprocessing import Preprocessing
from cvlab.engine.errors import NewerFile, NotOurFile, TrainingError
from cvlab.engine.nets import zoo
from cvlab.engine.nets.layers import Linear
from cvlab.engine.training.recipe import Recipe

NET = zoo.lenet()
CLASSES = tuple("abcdefghij")


def small_data(_: str = "") -> Dataset:
    dice = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (40, 1, 28, 28), generator=dice, dtype=torch.uint8)
    split = Split(images, torch.arange(40) % 10)
    return Dataset("toy", "Toy", CLASSES, split, split, "0" * 64)


@pytest.fixture
def models(tmp_path):
    return Models(tmp_path / "shipped", Runs(tmp_path / "runs", small_data), tmp_path / "nets")


def taken(models, path, **more):
    return TakeIn(models, path, **more).run(JobControl())


@pytest.fixture
def weights():
    return Weights(first_weights(NET).values, Preprocessing(kind="unit"), CLASSES, "mine")


def test_an_onnx_file_is_a_net_that_can_be_asked_and_goes_out_as_it_came(models, weights, tmp_path):
    pytest.importorskip("onnx", reason="ONNX IS NOT CHECKED: pip install cvlab[onnx]")
    write_onnx_file(NET, weights, tmp_path / "in.onnx")
    found = taken(models, tmp_path / "in.onnx")
    (choice,) = models.choices(of=found.net)
    assert (choice.id, choice.title, choice.classes, choice.reads) == (found.id, "in.onnx", CLASSES, (1, 28, 28))
    trained = models.load(found.id)
    assert trained.preprocessing.kind == "unit" and trained.predict(small_data().test.images[:3]).shape == (3, 10)
    again = find_weights(found.net, found.id, models)
    write_onnx_file(found.net, again, tmp_path / "out.onnx")
    assert (tmp_path / "in.onnx").read_bytes() == (tmp_path / "out.onnx").read_bytes()
    assert taken(models, tmp_path / "in.onnx").id == found.id and len(models.choices()) == 1, (
        "the same is not kept twice"
    )
    models.discard(found.id)
    assert models.choices() == []


def test_source_with_its_weights_comes_back_bit_for_bit(models, weights, tmp_path):
    write_source(NET, weights, tmp_path / "net.py")
    found = taken(models, tmp_path / "net.py")
    again = find_weights(found.net, found.id, models)
    assert all(again.values[name].tobytes() == value.tobytes() for name, value in weights.values.items())
    write_source(found.net, again, tmp_path / "b" / "net.py")
    for name in ("net.py", "net.safetensors"):
        assert (tmp_path / "b" / name).read_bytes() == (tmp_path / name).read_bytes()
    (tmp_path / "net.safetensors").unlink()
    alone = taken(models, tmp_path / "net.py")
    assert alone.id == "" and "does not lie beside net.py" in alone.notes[0]


def test_weights_for_a_net_that_is_there(models, weights, tmp_path):
    torch.save({name: torch.as_tensor(value) for name, value in weights.values.items()}, tmp_path / "w.pth")
    found = TakeWeights(models, NET, tmp_path / "w.pth").run(JobControl())
    assert models.choices(of=NET)[0].id == found.id and models.imported(found.id).preprocessing is None
    assert find_weights(NET, str(tmp_path / "w.pth"), models).title == "w.pth"
    with pytest.raises(NotOurFile, match="belong to another net"):
        TakeWeights(models, zoo.make("two-layer"), tmp_path / "w.pth").run(JobControl())
    (tmp_path / "net.json").write_text(NET.model_dump_json())
    assert read_net(tmp_path / "net.json").weights == {}
    found = taken(models, tmp_path / "net.json", weights=tmp_path / "w.pth")
    assert found.id and found.net == NET


def test_what_cannot_be_read_gets_words(models, weights, tmp_path):
    (tmp_path / "a.txt").write_text("?")
    with pytest.raises(NotOurFile, match=r"No net can be read from a\.txt"):
        read_net(tmp_path / "a.txt")
    with pytest.raises(NotOurFile, match=r"gone\.onnx cannot be read"):
        read_net(tmp_path / "gone.onnx")
    (tmp_path / "x.py").write_bytes(b"\xff\xfe")
    with pytest.raises(NotOurFile, match="is not text"):
        read_net(tmp_path / "x.py")
    write_source(NET, weights, tmp_path / "net.py")
    (tmp_path / "net.safetensors").write_bytes((tmp_path / "net.safetensors").read_bytes()[:-9])
    with pytest.raises(NotOurFile, match="only a part of one"):
        read_net(tmp_path / "net.py")


def test_damaged_folders_are_left_out_and_say_why(models, weights, tmp_path):
    write_source(NET, weights, tmp_path / "net.py")
    found = taken(models, tmp_path / "net.py")
    record = tmp_path / "nets" / found.id / RECORD
    whole = record.read_text()
    record.write_text(whole.replace('"format": 1', '"format": 9'))
    with pytest.raises(NewerFile):
        NetFolder.open(record.parent)
    record.write_text(whole[:99])
    assert models.choices() == []
    record.write_text(whole)
    (record.parent / "weights.safetensors").unlink()
    with pytest.raises(NotOurFile, match="Import it again"):
        models.load(found.id)


def test_a_run_begins_with_imported_weights_and_a_new_head(models, weights, tmp_path):
    write_source(NET, weights, tmp_path / "net.py")
    found = taken(models, tmp_path / "net.py")
    other = NET.remove([NET.by_name["relu4"].id]).with_layer(NET.by_name["fc2"].id, Linear(units=30))
    taken_over = beginning(other, found.id, models)
    assert taken_over.title == "net.py, but for fc2, fc3"
    runs = Runs(tmp_path / "runs", small_data)
    recipe = Recipe(data="toy", epochs=1, batch_size=20, held_out=0.0, threads=1)
    run = runs.start(other, recipe, begin_with=taken_over)
    run.join()
    run.deliver()
    assert run.state.status == "finished", run.state.failure
    folder = RunFolder.open(run.folder.path)
    began = folder.trained_at(0).weights()
    plain = runs.start(other, recipe)
    plain.join()
    plain.deliver()
    drawn = RunFolder.open(plain.folder.path).trained_at(0).weights()
    for name, value in began.items():
        whose = drawn if name.startswith(("fc2", "fc3")) else weights.values
        np.testing.assert_array_equal(value, whose[name])
    assert folder.record.begins_with == taken_over.title
    again = runs.fork(run.folder.path, recipe)
    again.join()
    again.deliver()
    assert again.state.status == "finished"
    np.testing.assert_array_equal(
        again.folder.trained().weights()["conv1.weight"], folder.trained().weights()["conv1.weight"]
    )
    with pytest.raises(NotOurFile, match="can begin with none"):
        beginning(zoo.make("two-layer"), found.id, models)


# -- put in order by a person ----------------------------------------------------------------------------------------------


@pytest.fixture
def kept(models, weights, tmp_path):
    """A net that was imported, as its row tells it."""
    write_source(NET, weights, tmp_path / "net.py")
    taken(models, tmp_path / "net.py")
    (row,) = FindImported(models).run(JobControl())
    return row


def test_a_row_tells_what_it_is(kept):
    assert (kept.title, kept.net, kept.parameters) == ("net.py", NET.name, 61_706)
    assert 4 * kept.parameters < kept.bytes < 4 * kept.parameters + 5_000 and kept.created is not None


def test_another_name_can_be_undone_and_the_same_file_is_not_kept_twice(models, kept, weights, tmp_path):
    heard = []
    models.changed.connect(lambda: heard.append(1))
    command = RenameNet(models, kept, "  My   digits ")
    command.do()
    assert models.imported(kept.id).title == models.load(kept.id).title == "My digits"
    assert taken(models, tmp_path / "net.py").id == kept.id and models.imported(kept.id).title == "My digits"
    command.undo()
    assert models.imported(kept.id).title == "net.py" and len(heard) == 2
    with pytest.raises(NotOurFile, match="needs a name"):
        RenameNet(models, kept, "  ").do()


def test_what_is_deleted_comes_back_whole(models, kept, weights, tmp_path):
    runs = Runs(tmp_path / "runs", small_data)
    command = DiscardNet(models, runs, kept)
    command.do()
    assert models.choices() == [] and models.imports() == [] and models.imported(kept.id) is None
    command.undo()
    assert [choice.id for choice in models.choices()] == [kept.id]
    values = models.load(kept.id).weights()
    assert all(np.array_equal(values[name], value) for name, value in weights.values.items())
    command.do()
    assert taken(models, tmp_path / "net.py").id == kept.id
    command.undo()
    assert [choice.id for choice in models.choices()] == [kept.id], "imported anew meanwhile: nothing to bring back"


def test_one_that_a_waiting_run_needs_stays(models, kept, tmp_path):
    runs = Runs(tmp_path / "runs", small_data)
    waiting = runs.line.add(NET, Recipe(), "later", begin_with=kept.id, whose=kept.title)
    command = DiscardNet(models, runs, kept)
    with pytest.raises(TrainingError, match=r"net\.py is needed: a run that waits in the queue"):
        command.do()
    assert models.imported(kept.id) is not None
    runs.unqueue(waiting.id)
    command.do()
    assert models.imported(kept.id) is None


def test_a_net_that_is_no_longer_in_the_trash_is_told(models, kept, tmp_path):
    command = DiscardNet(models, Runs(tmp_path / "runs", small_data), kept)
    command.do()
    shutil.rmtree(tmp_path / "nets" / "trash")
    with pytest.raises(NotOurFile, match="no longer in the trash"):
        command.undo()
