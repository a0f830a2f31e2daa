"""The builder panel: palette, canvas and inspector around one architecture. It wires them together and draws nothing itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from cvlab.core.lab import Lab
from cvlab.engine.errors import CvlabError
from cvlab.engine.nets import zoo
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import REGISTRY
from cvlab.ui.actions import Action
from cvlab.ui.bind import bind
from cvlab.ui.canvas.edits import NetEdits
from cvlab.ui.canvas.view import NetView
from cvlab.ui.panel import Panel, Stop
from cvlab.ui.panels.builder.adviser import Adviser
from cvlab.ui.panels.builder.dialogs import Dialogs
from cvlab.ui.panels.builder.exchange import Exchange
from cvlab.ui.panels.builder.ghost import Ghost
from cvlab.ui.panels.builder.header import Header
from cvlab.ui.panels.builder.importer import DROPPABLE, Importer
from cvlab.ui.panels.builder.inspector import Inspector
from cvlab.ui.panels.builder.lessons import BUILDER, lesson_of
from cvlab.ui.panels.builder.offers import offered
from cvlab.ui.panels.builder.palette import Palette
from cvlab.ui.panels.builder.problem_strip import ProblemStrip
from cvlab.ui.panels.builder.volumes_view import VolumesView

if TYPE_CHECKING:
    from cvlab.engine.nets.advice import Advice

_CANVAS_TIP = (
    "Drag a block onto a wire to move it there, or from a round port to draw a wire; let it go in the open for a new layer.\n"
    "Type a layer's name to add it. The wheel zooms, the middle button pans, Home shows all; arrows walk along the wires."
)


class BuilderPanel(Panel):
    """Shows and edits `lab.project.architecture`; every edit is one undo step."""

    lesson = BUILDER

    def __init__(self, lab: Lab, parent: QWidget | None = None) -> None:
        super().__init__(lab, parent)
        self.edits = NetEdits(lab.project, lab.history, lab.notices)
        self.header = Header(self)
        self.palette_card = Palette(self)
        self.canvas = NetView(lab.project, self.edits, self)
        self.canvas.setObjectName("builder.canvas")
        self.canvas.setAccessibleName("The net")
        self.canvas.setToolTip(_CANVAS_TIP)
        self.problem = ProblemStrip(self)
        self.inspector = Inspector(self.edits, lab.project.builder, self)
        self.volumes = VolumesView(self.canvas.net_scene, self)
        self.dialogs = Dialogs(self)
        self.exchange = Exchange(lab, self.canvas.net_scene, self)
        self.header.export.setMenu(self.exchange.export_menu(self.header))
        self.importer = Importer(lab, self)
        self.header.import_.setMenu(self.importer.menu(self.header))
        self.ghost = Ghost(self)
        self.adviser = Adviser(lab, self.edits, self)
        self.setAcceptDrops(True)
        self._lay_out()
        self._connect()
        self.first_control = self.canvas
        bind(self, lab.project, "architecture", self._show_net)
        bind(self, lab.project, "recipe", self._show_recipe)
        bind(self, lab.project.builder, "selected", self._show_selected)
        bind(self, lab.project.builder, "folded", self.palette_card.show_folded)

    def _lay_out(self) -> None:
        centre = QVBoxLayout()
        centre.setSpacing(8)
        self.stage = QStackedWidget(self)
        self.stage.addWidget(self.canvas)
        self.stage.addWidget(self.volumes)
        centre.addWidget(self.stage, 1)
        centre.addWidget(self.problem)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.palette_card)
        row.addLayout(centre, 1)
        row.addWidget(self.inspector)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(12)
        column.addWidget(self.header)
        column.addLayout(row, 1)

    def _connect(self) -> None:
        self.header.named.connect(self._rename)
        self.header.zoo_chosen.connect(self.open_ready_net)
        self.header.pattern_asked.connect(self.open_pattern)
        self.header.volumes_asked.connect(self.show_volumes)
        self.header.arrange_asked.connect(self.arrange)
        self.header.fit_asked.connect(self.canvas.fit)
        self.header.train_asked.connect(self.train)
        self.palette_card.dragged.connect(self._begin_drag)
        self.palette_card.moved.connect(self._drag)
        self.palette_card.dropped.connect(self._drop)
        self.palette_card.given_up.connect(self._give_up)
        self.palette_card.chosen.connect(self._append)
        self.palette_card.looked_at.connect(self._explain_kind)
        self.palette_card.folded.connect(self._remember_folded)
        self.canvas.asked_settings.connect(self.inspector.focus_first)
        self.canvas.failed.connect(self.lab.notices.error)
        self.canvas.advised.connect(self.adviser.take)
        self.inspector.picked.connect(self._go_to_layer)
        self.inspector.advised.connect(self.adviser.take)
        self.inspector.convert_asked.connect(self.dialogs.convert)
        self.inspector.circuit_asked.connect(self._open_circuit)
        self.problem.show_asked.connect(self._go_to_layer)
        self.problem.advised.connect(self.adviser.take)
        self.volumes.pressed.connect(self._pick_volume)
        self.importer.came.connect(self.open_net)
        self.importer.go_to.connect(self.go_to)
        self.adviser.came.connect(self._advised)

    # -- following the document --------------------------------------------------------------------------------------

    def _show_net(self, net: Architecture) -> None:
        report = self.canvas.net_scene.report
        errors = report.errors
        failed = next((i for i, layer in report.layers.items() if errors and layer.error is errors[0]), None)
        self.header.show_name(net.name)
        self.header.show_problem(errors[0].what if errors else "")
        self.problem.show_errors(errors, failed)
        self.volumes.show_net()
        self.adviser.ask_soon()
        self._show_selected(self.lab.project.builder.selected)

    def _show_selected(self, node_ids: tuple[int, ...]) -> None:
        scene, net = self.canvas.net_scene, self.lab.project.architecture
        if scene.net is not net and scene.net != net:
            return  # the selection has changed ahead of the net that it belongs to; `_show_net` follows
        selected = self.edits.selected()
        self.inspector.show_selection(scene.net, scene.report, selected, self.lab.project.recipe.batch_size)
        self.inspector.show_advice(self.adviser.advice, selected)
        self.volumes.show_chosen(scene.blocks_of(selected))
        if self.isVisible():
            self.explain.emit(lesson_of(scene.net.by_id[selected[0]].layer) if len(selected) == 1 else BUILDER)

    def _show_recipe(self, _: object) -> None:
        self._show_selected(self.lab.project.builder.selected)
        self.adviser.ask_soon()

    # -- advice ------------------------------------------------------------------------------------------------------

    def _advised(self, advice: tuple[Advice, ...]) -> None:
        self.canvas.show_advice(advice)
        self.inspector.show_advice(advice, self.edits.selected())
        self.problem.show_advice(advice)

    # -- the palette's drag ------------------------------------------------------------------------------------------

    def _begin_drag(self, kind: str) -> None:
        self.canvas.begin_place(kind)
        self.ghost.appear(kind, self.canvas.scale_now)

    def _drag(self, place: QPointF) -> None:
        if self.canvas.gesture is not None:
            self.ghost.follow(place)
            self.canvas.move_place(place)

    def _drop(self, place: QPointF) -> None:
        self.ghost.hide()
        self.canvas.finish_place(place)

    def _give_up(self) -> None:
        self.ghost.hide()
        self.canvas.cancel_gesture()

    def _append(self, kind: str) -> None:
        self.edits.append(kind)

    def _explain_kind(self, kind: str) -> None:
        self.explain.emit(lesson_of(REGISTRY[kind]()))

    # -- what the person can do --------------------------------------------------------------------------------------

    def open_ready_net(self, zoo_id: str) -> None:
        self.edits.replace(zoo.make(zoo_id))
        self.canvas.fit()

    def arrange(self) -> None:
        self.edits.arrange()
        self.canvas.fit()

    def train(self) -> None:
        if self.can_train():
            self.go_to.emit("training")

    def can_train(self) -> bool:
        return not self.canvas.net_scene.report.errors

    def delete(self) -> None:
        self.canvas.delete_chosen()

    def has_group(self) -> bool:
        return self.edits.selected_group() is not None

    def has_selection(self) -> bool:
        return bool(self.edits.selected())

    def _rename(self, title: str) -> None:
        try:
            self.edits.set_title(title)
        except CvlabError as error:
            self.lab.notices.error(error)
            self.header.show_name(self.lab.project.architecture.name)

    def _go_to_layer(self, node_id: int) -> None:
        if node_id in self.lab.project.architecture.by_id:
            self.canvas.go_to(self.canvas.net_scene.drawing.home[node_id])
            self.canvas.setFocus()

    def _open_circuit(self, node_id: int) -> None:
        self.lab.project.circuits.asked = self.lab.project.architecture.flat.by_id[node_id].name
        self.go_to.emit("circuits")

    def _pick_volume(self, block: int) -> None:
        self.canvas.select(*(self.canvas.net_scene.members([block]) if block else ()))

    def _remember_folded(self, groups: tuple[str, ...]) -> None:
        self.lab.project.builder.folded = groups

    def show_volumes(self, on: bool) -> None:
        self.stage.setCurrentWidget(self.volumes if on else self.canvas)
        self.first_control = self.stage.currentWidget()

    def toggle_volumes(self) -> None:
        self.header.volumes.toggle()

    def open_pattern(self) -> None:
        self.dialogs.open_pattern()

    def open_net(self, net: Architecture, label: str) -> None:
        self.edits.replace(net, label)
        self.canvas.fit()

    # -- files dropped on the panel ------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(
            url.isLocalFile() and Path(url.toLocalFile()).suffix.lower() in DROPPABLE for url in event.mimeData().urls()
        ):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        for url in event.mimeData().urls():
            if url.isLocalFile() and Path(url.toLocalFile()).suffix.lower() in DROPPABLE:
                self.importer.open(Path(url.toLocalFile()))
                event.acceptProposedAction()
                return

    def actions_offered(self) -> Sequence[Action]:
        return offered(self)

    # -- the panel's promises ----------------------------------------------------------------------------------------

    def shown(self) -> None:
        self.adviser.ask_soon()
        self.canvas.follow()
        self._show_selected(self.lab.project.builder.selected)

    def hidden(self) -> None:
        self._give_up()
        self.adviser.rest()
        self.canvas.search.leave()

    def tour(self) -> Iterator[Stop]:
        from cvlab.ui.panels.builder.tour import walk

        return walk(self)
