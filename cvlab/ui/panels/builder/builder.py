"""The builder panel: palette, canvas and inspector around one architecture. It wires them together and draws nothing itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from cvlab.core.lab import Lab
from cvlab.engine.errors import CvlabError
from cvlab.engine.nets import zoo
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import Flatten
from cvlab.ui.actions import Action
from cvlab.ui.bind import bind
from cvlab.ui.canvas.edits import NetEdits
from cvlab.ui.canvas.view import NetView
from cvlab.ui.panel import Panel, Stop
from cvlab.ui.panels.builder.ghost import Ghost
from cvlab.ui.panels.builder.header import Header
from cvlab.ui.panels.builder.inspector import Inspector
from cvlab.ui.panels.builder.lessons import BUILDER, LESSONS
from cvlab.ui.panels.builder.palette import Palette
from cvlab.ui.panels.builder.problem_strip import ProblemStrip

_CANVAS_TIP = (
    "Drag a block onto a wire to move it there, or from a round port to draw a wire.\n"
    "The wheel zooms, the middle button pans, F shows all; arrows walk along the wires."
)


@dataclass(frozen=True)
class _Opener:
    """What an action of the command palette does: one net of the zoo is put on the canvas."""

    panel: BuilderPanel
    zoo_id: str

    def __call__(self) -> None:
        self.panel.open_ready_net(self.zoo_id)


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
        self.inspector = Inspector(self.edits, self)
        self.ghost = Ghost(self)
        self._lay_out()
        self._connect()
        self.setFocusProxy(self.canvas)
        bind(self, lab.project, "architecture", self._show_net)
        bind(self, lab.project.builder, "selected", self._show_selected)

    def _lay_out(self) -> None:
        centre = QVBoxLayout()
        centre.setSpacing(8)
        centre.addWidget(self.canvas, 1)
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
        self.header.arrange_asked.connect(self.arrange)
        self.header.fit_asked.connect(self.canvas.fit)
        self.header.train_asked.connect(self.train)
        self.palette_card.dragged.connect(self._begin_drag)
        self.palette_card.moved.connect(self._drag)
        self.palette_card.dropped.connect(self._drop)
        self.palette_card.given_up.connect(self._give_up)
        self.palette_card.chosen.connect(self._append)
        self.palette_card.looked_at.connect(self._explain_kind)
        self.canvas.asked_settings.connect(self.inspector.focus_first)
        self.inspector.picked.connect(self.canvas.select)
        self.problem.show_asked.connect(self._go_to_layer)
        self.problem.flatten_asked.connect(self._insert_flatten)

    # -- following the document --------------------------------------------------------------------------------------

    def _show_net(self, net: Architecture) -> None:
        errors = self.canvas.net_scene.report.errors
        self.header.show_name(net.name)
        self.header.show_problem(errors[0].what if errors else "")
        self.problem.show_errors(errors)
        self._show_selected(self.lab.project.builder.selected)

    def _show_selected(self, node_ids: tuple[int, ...]) -> None:
        scene, net = self.canvas.net_scene, self.lab.project.architecture
        if scene.net is not net and scene.net != net:
            return  # the selection has changed ahead of the net that it belongs to; `_show_net` follows
        selected = self.edits.selected()
        self.inspector.show_selection(scene.net, scene.report, selected)
        if self.isVisible():
            self.explain.emit(LESSONS[scene.net.by_id[selected[0]].layer.kind] if len(selected) == 1 else BUILDER)

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
        self.explain.emit(LESSONS[kind])

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

    def duplicate(self) -> None:
        self.edits.duplicate(self.edits.selected())

    def has_selection(self) -> bool:
        return bool(self.edits.selected())

    def _rename(self, title: str) -> None:
        try:
            self.edits.set_title(title)
        except CvlabError as error:
            self.lab.notices.error(error)
            self.header.show_name(self.lab.project.architecture.name)

    def _go_to_layer(self, name: str) -> None:
        node_id = self.lab.project.architecture.by_name[name].id
        self.canvas.select(node_id)
        self.canvas.reveal(self.canvas.net_scene.blocks[node_id].sceneBoundingRect())
        self.canvas.setFocus()

    def _insert_flatten(self, name: str) -> None:
        node_id = self.lab.project.architecture.by_name[name].id
        before = self.lab.project.architecture.into(node_id)
        self.edits.insert(Flatten(), before[0].source if before else None, node_id)

    def actions_offered(self) -> Sequence[Action]:
        nets = tuple(
            Action(f"builder.open_{zoo_id}", f"Open {ready.title}", _Opener(self, zoo_id), "", "lenet",
                   f"Puts this net on the canvas: {ready.words}.")
            for zoo_id, ready in zoo.ZOO.items()
        )  # fmt: skip
        return (
            Action("builder.train", "Train this net", self.train, "Ctrl+T", "play",
                   "Takes the net to the training panel.", "Run", self.can_train),
            Action("builder.fit", "Show the whole net", self.canvas.fit, "Ctrl+0", "zoom-fit",
                   "Zooms so that every block is in view.", "View"),
            Action("builder.zoom_in", "Zoom in", self.canvas.zoom_in, "Ctrl++", "zoom-in", "", "View"),
            Action("builder.zoom_out", "Zoom out", self.canvas.zoom_out, "Ctrl+-", "zoom-out", "", "View"),
            Action("builder.arrange", "Arrange the blocks", self.arrange, "", "lenet",
                   "Lays the blocks out anew, those moved by hand too.", "Edit"),
            Action("builder.duplicate", "Duplicate the selected layers", self.duplicate, "", "copy",
                   "Copies go after the last of them.", "Edit", self.has_selection),
            Action("builder.delete", "Delete the selected layers", self.delete, "", "delete",
                   "What stood around them is joined.", "Edit", self.has_selection),
            *nets,
        )  # fmt: skip

    # -- the panel's promises ----------------------------------------------------------------------------------------

    def shown(self) -> None:
        self.canvas.follow()
        self._show_selected(self.lab.project.builder.selected)

    def hidden(self) -> None:
        self._give_up()

    def tour(self) -> Iterator[Stop]:
        project = self.lab.project
        before = project.architecture, project.builder.selected
        self.edits.replace(zoo.lenet())
        self.canvas.select(project.architecture.by_name["conv1"].id)
        yield Stop("lenet", self._is_still, 5.0)
        self.edits.delete([project.architecture.by_name["flatten1"].id])
        self.canvas.select(project.architecture.by_name["fc1"].id)
        yield Stop("error", self._is_still, 5.0)
        self.lab.history.undo()
        self.lab.history.undo()
        project.architecture, project.builder.selected = before

    def _is_still(self) -> bool:
        return self.isVisible() and self.canvas.net_scene.is_settled
