"""The builder's advice, groups, pattern, volumes, ways in and out, FC <-> CONV, and a monkey at its commands."""

from __future__ import annotations

import os
import random

import numpy as np
import pytest
from pydantic import ValidationError
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from cvlab.core.net_import import read_net
from cvlab.core.weights import FIRST
from cvlab.engine.errors import CvlabError
from cvlab.engine.nets import zoo
from cvlab.engine.nets.advice import advise as advise_on
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import REGISTRY, Conv, Flatten, Input, Linear, Relu
from cvlab.engine.training.checkpoint import read_weights, weights_bytes
from cvlab.ui.canvas.menu import AdviceMenu, CanvasMenu
from cvlab.ui.panels.builder.builder import BuilderPanel
from cvlab.ui.panels.builder.exchange import WriteRequest
from cvlab.ui.panels.builder.pattern_dialog import PatternDialog
from tests.ui.hands import control

LEFT = Qt.MouseButton.LeftButton
EDITS = int(os.environ.get("CVLAB_EDITS", "150"))
"""Of the monkey. The long run: CVLAB_EDITS=10000 pytest tests/ui/panels/test_builder_complete.py -k random"""


@pytest.fixture
def panel(builder):
    return builder


# -- advice --------------------------------------------------------------------------------------------------------------


def test_advice_is_given_with_its_reason_and_taken_in_one_step(panel, lab, settle):
    start = lab.project.architecture
    panel.adviser.ask()
    settle("builder.advice")
    row = next(row for row in panel.inspector.net.advice.rows if not row.isHidden() and not row.button.isHidden())
    assert row.what.text().endswith(".") and row.why.text()
    QTest.mouseClick(row.button, LEFT)
    assert lab.project.architecture != start and not panel.canvas.net_scene.report.errors
    lab.history.undo()
    assert lab.project.architecture == start


def test_advice_about_a_layer_stands_beside_its_settings(panel, lab, settle):
    panel.adviser.ask()
    settle("builder.advice")
    about = next(each for each in panel.adviser.advice if each.node is not None)
    panel.canvas.select(about.node)
    assert panel.inspector.layer.advice.rows[0].what.text() == about.what


@pytest.fixture
def fc1(panel, lab, settle) -> int:
    """The id of the layer that cannot take its input, in LeNet without its flatten layer."""
    names = lab.project.architecture.by_name
    panel.edits.delete([names["flatten1"].id])
    panel.canvas.select()
    panel.adviser.ask()
    settle("builder.advice")
    return names["fc1"].id


def badge_of(panel, node_id: int) -> QPoint:
    """The middle of a block's badge, in viewport pixels."""
    block = panel.canvas.net_scene.blocks[node_id]
    return panel.canvas.mapFromScene(block.pos() + block.shown_badge.area.center())


def test_an_error_is_mended_on_the_block_itself(panel, lab, fc1):
    broken = lab.project.architecture
    block = panel.canvas.net_scene.blocks[fc1]
    assert block.shown_badge.words == "Insert a flatten layer"
    QTest.mouseClick(panel.canvas.viewport(), LEFT, pos=badge_of(panel, fc1))
    assert not panel.canvas.net_scene.report.errors and block.shown_badge is None
    lab.history.undo()
    assert lab.project.architecture == broken
    lab.history.undo()
    assert "flatten1" in lab.project.architecture.by_name and not lab.history.can_undo


def test_a_block_s_menu_offers_its_mend_and_other_advice_with_reasons(panel, lab, fc1):
    panel.canvas.select(fc1)
    menu = CanvasMenu(panel.canvas, panel.edits, None)
    first = menu.actions()[0]
    assert (
        first.text() == "Insert a flatten layer" and "fc1 needs a vector" in first.toolTip() and menu.toolTipsVisible()
    )
    menu._choose(first)
    assert not panel.canvas.net_scene.report.errors
    menu.deleteLater()


def test_a_mark_on_a_block_opens_what_is_advised(panel, lab, flush, settle):
    panel.adviser.ask()
    settle("builder.advice")
    about = next(each for each in panel.adviser.advice if each.node is not None and each.apply is not None)
    start, item = lab.project.architecture, panel.canvas.net_scene.blocks[about.node]
    assert item.shown_badge.words == "" and about.what in item.shown_badge.tip
    QTest.mouseClick(panel.canvas.viewport(), LEFT, pos=badge_of(panel, about.node))
    menu = panel.canvas.findChild(AdviceMenu)
    assert lab.project.builder.selected == (about.node,)
    action = next(each for each in menu.actions() if each.text() == about.change)
    menu.close()
    menu._choose(action)
    assert lab.project.architecture == about.apply(start)
    flush()


@pytest.mark.usefixtures("fc1")
def test_the_keyboard_takes_the_first_advice_and_none_that_is_stale(panel, lab):
    stale = panel.adviser.mends()[0]
    panel.adviser.mend()
    mended = lab.project.architecture
    assert not panel.canvas.net_scene.report.errors
    panel.adviser.take(stale)
    assert lab.project.architecture is mended


# -- numbers -------------------------------------------------------------------------------------------------------------


def test_every_block_and_the_totals_tell_memory_of_the_batch_and_the_receptive_field(panel, lab):
    net, scene = lab.project.architecture, panel.canvas.net_scene
    face = scene.blocks[net.by_name["conv2"].id].face
    batch = lab.project.recipe.batch_size
    assert face.memory == batch * 4 * 10 * 10 * 16 and face.field == "14×14" and face.multiply_adds == 240_000
    lab.project.recipe = lab.project.recipe.changed(batch_size=2 * batch)
    assert scene.blocks[net.by_name["conv2"].id].face.memory == 2 * batch * 4 * 1600
    figures = panel.inspector.net.figures
    assert figures["parameters"].text() == "61,706" and figures["field"].text() == "28 × 28"
    for key in ("work", "memory", "parameters"):
        QTest.mouseClick(control(panel, f"share.{key}"), LEFT)
        assert lab.project.builder.share == key
    assert panel.inspector.net.bars.total == 61_706


def test_a_million_channels_are_told_not_attempted(panel, lab):
    net = Architecture.chain("vast", [Input(channels=3, height=1024, width=1024), Conv(filters=4096, kernel=3)])
    panel.edits.replace(net)
    face = panel.canvas.net_scene.blocks[2].face
    assert "GB of memory" in face.error and "GB" in panel.problem.words.text()


def test_the_group_card_repeats_folds_and_names(panel, lab):
    net = lab.project.architecture
    panel.canvas.select(net.by_name["fc1"].id, net.by_name["relu3"].id)
    QTest.mouseClick(control(panel, "group.make"), LEFT)
    card = panel.inspector.group
    assert card.isVisible() and not panel.inspector.layer.isVisible()
    control(panel, "group.times").setValue(2)
    assert lab.project.architecture.groups[0].times == 2 and "2 copies" in card.figures.text()
    card.name.setText("Bad Name")
    card.name.editingFinished.emit()
    assert card.problem.isVisible() and lab.project.architecture.groups[0].name == "block1"
    QTest.mouseClick(card.fold, LEFT)
    assert lab.project.architecture.groups[0].collapsed
    QTest.mouseClick(card.ungroup, LEFT)
    assert not lab.project.architecture.groups and lab.project.architecture.by_id == net.by_id


# -- the pattern -----------------------------------------------------------------------------------------------------------


def test_the_pattern_s_form_and_text_follow_each_other(panel, lab, flush):
    panel.open_pattern()
    dialog = panel.findChild(PatternDialog)
    dialog._edit("stages", 1)
    dialog._edit("hidden", 2)
    assert "*2" in dialog.text.toPlainText() and dialog.net is not None
    dialog.text.setPlainText("INPUT -> [[CONV 8@3x3 -> RELU]*1 -> POOL]*2 -> FC")
    assert dialog._pattern.stages == 2 and dialog._pattern.hidden == 0
    dialog.text.setPlainText("INPUT -> CONVOLVE -> FC")
    assert not dialog.take.isEnabled() and "CONVOLVE" in dialog.outcome.text()
    dialog.text.setPlainText("INPUT -> FC 20 -> RELU -> FC")
    QTest.mouseClick(dialog.take, LEFT)
    assert [type(n.layer) for n in lab.project.architecture.nodes] == [Input, Flatten, Linear, Relu, Linear]
    flush()


# -- volumes ---------------------------------------------------------------------------------------------------------------


def test_the_volume_picture_has_a_box_for_what_changes_the_volume(panel, lab):
    panel.header.volumes.click()
    assert panel.stage.currentWidget() is panel.volumes
    picture = panel.volumes.picture
    names = [box.name for box in picture.volumes.boxes]
    assert names == ["input", "conv1", "pool1", "conv2", "pool2", "flatten1", "fc1", "fc2", "fc3"]
    box = picture.volumes.boxes[1]
    middle = picture._origin() + box.area.center() * picture._scale
    QTest.mouseClick(picture, LEFT, pos=middle.toPoint())
    assert lab.project.builder.selected == (lab.project.architecture.by_name["conv1"].id,)
    panel.edits.replace(zoo.make("resnet20"))
    assert {"add1", "conv6"} <= {box.name for box in picture.volumes.boxes}


@pytest.mark.parametrize("kind", ["graph", "volumes"])
def test_pictures_are_saved_as_svg_and_png(panel, lab, tmp_path, kind):
    panel.exchange.save(kind, tmp_path / "net.svg")
    text = (tmp_path / "net.svg").read_text()
    assert text.startswith("<?xml") and "<image" not in text
    assert text.count("<path") + text.count("<polygon") + text.count("<rect") > 20 and text.count("<text") > 15
    panel.exchange.save(kind, tmp_path / "net.png")
    image = QImage(str(tmp_path / "net.png"))
    assert image.width() > 600
    colours = {image.pixel(x, y) for x in range(0, image.width(), 9) for y in range(0, image.height(), 9)}
    assert len(colours) > 12
    panel.exchange.save(kind, tmp_path / "nowhere.png" / "x.png")
    assert lab.notices.all


# -- ways in and out -------------------------------------------------------------------------------------------------------


class Control:
    def cancelled(self) -> bool:
        return False

    def check(self) -> None:
        pass


def test_source_goes_out_and_comes_back(panel, lab, tmp_path, settle):
    start = lab.project.architecture
    panel.exchange.save("source", tmp_path / "net.py")
    settle("builder.exchange")
    panel.edits.replace(zoo.make("linear"))
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path / "net.py"))])
    drop = QDropEvent(QPointF(300, 300), Qt.DropAction.CopyAction, mime, LEFT, Qt.KeyboardModifier.NoModifier)
    panel.dropEvent(drop)
    settle("builder.exchange")
    now = lab.project.architecture
    assert [node.layer for node in now.nodes] == [node.layer for node in start.nodes]
    lab.history.undo()
    assert len(lab.project.architecture.nodes) == 3


def test_a_net_s_own_file_goes_out_and_comes_back(panel, lab, tmp_path):
    panel.exchange.save("file", tmp_path / "net.json")
    found = read_net(tmp_path / "net.json")
    assert (found.net, found.notes, found.weights) == (lab.project.architecture, (), {})


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("cut.json", b'{"name": "x", "nodes": [', "not an architecture"),
        ("later.json", b'{"name": "x", "nodes": [], "later": 1}', "not an architecture"),
        ("no.py", b"print(1)", "no class Net"),
        ("no.onnx", b"\x00\x01nothing", "ONNX"),
        ("picture.bmp", b"BM", "No net can be read"),
    ],
)
def test_what_is_no_net_is_said_in_words(tmp_path, name, content, said):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(CvlabError, match=said):
        read_net(path)
    with pytest.raises(CvlabError):
        read_net(tmp_path / "missing.json")


def test_a_layer_of_another_version_is_kept_and_shown(panel, lab):
    data = zoo.lenet().model_dump(mode="json")
    data["nodes"][2]["layer"] = {"kind": "swish2", "beta": 1}
    panel.edits.replace(Architecture.from_json(data))
    relu = panel.canvas.net_scene.blocks[data["nodes"][2]["id"]]
    assert "swish2" in relu.face.error and relu.face.title == "Missing"
    assert lab.project.architecture.model_dump(mode="json")["nodes"][2]["layer"] == {"kind": "swish2", "beta": 1}


def test_onnx_and_the_training_script_are_written(lab, tmp_path):
    pytest.importorskip("onnx")
    net = zoo.make("linear")
    request = WriteRequest("onnx", net, lab.project.recipe, lab.dataset, tmp_path / "net.onnx", lab.models, FIRST)
    assert request.run(Control()).startswith("net.onnx, with first weights. onnxruntime computes the same")
    back = read_net(tmp_path / "net.onnx").net
    assert [type(n.layer) for n in back.nodes] == [type(n.layer) for n in net.nodes]
    script = WriteRequest("script", net, lab.project.recipe, lab.dataset, tmp_path / "train.py", lab.models).content(
        Control()
    )
    compile(script, "train.py", "exec")
    assert b"class Net" in script


def test_a_trained_net_goes_out_with_the_weights_that_the_person_chooses(panel, lab, tmp_path, monkeypatch, settle):
    pytest.importorskip("onnx")
    answers = iter([tmp_path / "net.onnx", tmp_path / "net.py"])
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(next(answers)), ""))
    for kind in ("onnx", "source"):
        panel.exchange.export(kind)
        dialog = panel.exchange.dialog
        settle("builder.weights")
        rows = [dialog.list.item(row).text() for row in range(dialog.list.count())]
        assert rows[0] == "LeNet, trained on MNIST   99.52 % validation" and rows[-1] == "First weights, not trained"
        assert ("None: the source alone" in rows) == (kind == "source")
        QTest.mouseClick(dialog.save, LEFT)
        settle("builder.exchange")
        assert "LeNet, trained on MNIST" in lab.notices.all[-1].text
    trained = lab.models.load("lenet-mnist")
    from cvlab.engine.nets.exchange.onnx_in import read_onnx

    back = read_onnx((tmp_path / "net.onnx").read_bytes())
    for weights in (back.weights, read_weights((tmp_path / "net.safetensors").read_bytes())):
        assert {name: value.tobytes() for name, value in weights.items()} == {
            name: value.tobytes() for name, value in trained.weights().items()
        }


def test_weights_of_another_net_are_refused_in_words(panel, lab, tmp_path, settle):
    panel.exchange.export("source")
    dialog = panel.exchange.dialog
    settle("builder.weights")
    (tmp_path / "other.safetensors").write_bytes(weights_bytes({"a.weight": np.zeros(3, np.float32)}))
    dialog.add_file(tmp_path / "other.safetensors")
    assert dialog.list.currentItem().text() == "other.safetensors"
    dialog.close()
    panel.exchange.save("source", tmp_path / "net.py", str(tmp_path / "other.safetensors"))
    settle("builder.exchange")
    assert "another net" in lab.notices.all[-1].text and not (tmp_path / "net.py").exists()


# -- FC <-> CONV -------------------------------------------------------------------------------------------------------------


def test_a_linear_layer_is_shown_as_a_convolution_whose_outputs_agree(panel, lab, flush, settle):
    start = lab.project.architecture
    fc1 = start.by_name["fc1"].id
    panel.canvas.select(fc1)
    assert panel.inspector.layer.convert.text().startswith("As a convolution")
    QTest.mouseClick(panel.inspector.layer.convert, LEFT)
    dialog = panel.dialogs.converter.dialog
    settle("builder.convert")
    assert "agree" in dialog.verdict.text() and "5×5" in dialog.words.text()
    assert dialog.slide.isVisible() and "56×56 pixels" in dialog.slide_words.text()
    QTest.mouseClick(dialog.use, LEFT)
    assert isinstance(lab.project.architecture.by_id[fc1].layer, Conv)
    assert not panel.canvas.net_scene.report.errors
    lab.history.undo()
    assert lab.project.architecture == start
    flush()


# -- a monkey --------------------------------------------------------------------------------------------------------------


def monkey(panel: BuilderPanel, lab, count: int, seed: int) -> None:
    """Random commands of the panel; the canvas must mirror the document after each, and undo must lead to the start."""
    chance = random.Random(seed)
    edits, canvas, start = panel.edits, panel.canvas, lab.project.architecture
    kinds = list(REGISTRY)

    def some(most: int) -> list[int]:
        ids = list(lab.project.architecture.by_id)
        return chance.sample(ids, min(len(ids), chance.randint(1, most))) if ids else []

    def wire() -> None:
        if len(lab.project.architecture.nodes) > 1:
            source, target = chance.sample(list(lab.project.architecture.by_id), 2)
            port = edits.free_port(target)
            if not edits.why_not(source, target, port):
                edits.connect(source, target, port)

    def cut() -> None:
        if lab.project.architecture.edges:
            edge = chance.choice(lab.project.architecture.edges)
            edits.disconnect(edge.target, edge.port)

    def group() -> None:
        groups = lab.project.architecture.groups
        if groups and chance.random() < 0.7:
            chosen = chance.choice(groups).id
            chance.choice((edits.fold, edits.ungroup, lambda g: edits.repeat(g, chance.randint(1, 3))))(chosen)
        else:
            edits.group(some(4))

    def nudge() -> None:
        canvas.select(*some(3))
        canvas.nudge(chance.choice((-1, 1)), chance.choice((-1, 0, 1)))

    def zap() -> None:
        canvas.select(*some(3))
        canvas.delete_chosen()

    def copy() -> None:
        canvas.select(*some(3))
        chance.choice((canvas.duplicate, canvas.copy, canvas.cut))()

    def paste() -> None:
        if len(lab.project.architecture.nodes) < 60:
            canvas.paste()

    def trim() -> None:
        if len(lab.project.architecture.nodes) > 60:
            edits.delete(some(30))

    def tune() -> None:
        node_id = (some(1) or [None])[0]
        if node_id is not None:
            layer = lab.project.architecture.by_id[node_id].layer
            numbers = [name for name, value in layer if isinstance(value, int) and not isinstance(value, bool)]
            if numbers:
                field = chance.choice(numbers)
                changed = layer.model_dump() | {field: chance.randint(1, 12)}
                try:
                    edits.set_layer(node_id, type(layer).model_validate(changed), field)
                except ValidationError:
                    return

    def advise() -> None:
        found = [each for each in advise_on(lab.project.architecture) if each.apply is not None]
        if found:
            each = chance.choice(found)
            edits.change(each.apply, each.change)

    def drag() -> None:
        pane, items = canvas.viewport(), list(canvas.net_scene.blocks.values())
        if items:
            start = canvas.mapFromScene(chance.choice(items).sceneBoundingRect().center())
            end = QPoint(chance.randrange(pane.width()), chance.randrange(pane.height()))
            QTest.mousePress(pane, LEFT, pos=start)
            QTest.mouseMove(pane, (start + end) / 2)
            QTest.mouseMove(pane, end)
            QTest.mouseRelease(pane, LEFT, pos=end)

    acts = (wire, wire, cut, tune, tune, advise, drag, group, nudge, zap, copy, paste, trim, edits.arrange,
            lab.history.undo, lab.history.redo, lambda: edits.append(chance.choice(kinds)))  # fmt: skip
    for _ in range(count):
        chance.choice(acts)()
        net, scene = lab.project.architecture, canvas.net_scene
        assert scene.net is net and scene.drawing.home.keys() == net.by_id.keys()
        assert scene.blocks.keys() == scene.drawing.members.keys()
        assert scene.wires.keys() == {strand.key for strand in scene.drawing.strands}
    Architecture.from_json(lab.project.architecture.model_dump_json())
    while lab.history.can_undo:
        lab.history.undo()
    assert lab.project.architecture == start
    assert canvas.net_scene.blocks.keys() == start.by_id.keys()


def test_random_edits_and_undo_to_the_start(panel, lab, monkeypatch):
    monkeypatch.setattr("cvlab.core.history.LIMIT", EDITS + 1)
    monkey(panel, lab, EDITS, seed=11)


def test_the_palette_folds_groups_is_walked_by_arrows_and_remembers(panel, lab):
    palette = panel.palette_card
    heading = palette._headings["Convolution"]
    heading.setFocus()
    QTest.keyClick(heading, Qt.Key.Key_Left)
    assert palette.entries["conv"].isHidden() and lab.project.builder.folded == ("Convolution",)
    palette.search.setText("conv")
    assert not palette.entries["conv"].isHidden()
    palette.search.clear()
    QTest.keyClick(heading, Qt.Key.Key_Right)
    assert not palette.entries["conv"].isHidden()
    assert palette.mapTo(panel, QPoint(0, 0)).x() >= 0
