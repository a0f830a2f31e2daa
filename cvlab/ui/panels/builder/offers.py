"""What the builder offers in menus, by shortcut and in the palette of commands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cvlab.engine.nets import zoo
from cvlab.ui.actions import Action

if TYPE_CHECKING:
    from cvlab.ui.panels.builder.builder import BuilderPanel


@dataclass(frozen=True)
class Opener:
    """What an action of the command palette does: one net of the zoo is put on the canvas."""

    panel: BuilderPanel
    zoo_id: str

    def __call__(self) -> None:
        self.panel.open_ready_net(self.zoo_id)


def offered(panel: BuilderPanel) -> tuple[Action, ...]:
    """The panel's actions, and one for each ready net."""
    nets = tuple(
        Action(f"builder.open_{zoo_id}", f"Open {ready.title}", Opener(panel, zoo_id), "", "lenet",
               f"Puts this net on the canvas: {ready.words}.")
        for zoo_id, ready in zoo.ZOO.items()
    )  # fmt: skip
    return (
        Action("builder.train", "Train this net", panel.train, "Ctrl+T", "play",
               "Takes the net to the training panel.", "Run", panel.can_train),
        Action("builder.fit", "Show the whole net", panel.canvas.fit, "Ctrl+0", "zoom-fit",
               "Zooms so that every block is in view.", "View"),
        Action("builder.zoom_in", "Zoom in", panel.canvas.zoom_in, "Ctrl++", "zoom-in", "", "View"),
        Action("builder.zoom_out", "Zoom out", panel.canvas.zoom_out, "Ctrl+-", "zoom-out", "", "View"),
        Action("builder.arrange", "Arrange the blocks", panel.arrange, "", "lenet",
               "Lays the blocks out anew, those moved by hand too.", "Edit"),
        Action("builder.volumes", "Show the volumes", panel.toggle_volumes, "Ctrl+B", "volumes",
               "The net in the style of the course's figures, or as blocks.", "View"),
        Action("builder.pattern", "Build from a pattern", panel.open_pattern, "", "pattern",
               "N, M, K and widths as a form, and as text.", "Edit"),
        Action("builder.cut", "Cut the selected layers", panel.canvas.cut, "", "cut",
               "To the clipboard; what stood around them is joined.", "", panel.has_selection),
        Action("builder.copy", "Copy the selected layers", panel.canvas.copy, "", "copy",
               "To the clipboard, as text.", "", panel.has_selection),
        Action("builder.paste", "Paste layers", panel.canvas.paste, "", "paste", "From the clipboard, loose.", ""),
        Action("builder.duplicate", "Duplicate the selected layers", panel.canvas.duplicate, "", "copy",
               "Copies go after the last of them.", "Edit", panel.has_selection),
        Action("builder.group", "Group the selected layers", panel.canvas.group_chosen, "Ctrl+G", "group",
               "A named block that can repeat and be folded into one.", "Edit", panel.has_selection),
        Action("builder.ungroup", "Ungroup", panel.canvas.ungroup_chosen, "Ctrl+Shift+G", "ungroup",
               "The layers stay, once.", "Edit", panel.has_group),
        Action("builder.wire", "Draw a wire from the selected layer", panel.canvas.begin_key_wire, "", "wire",
               "Arrows choose the input, Enter wires it.", "", panel.has_selection),
        Action("builder.mend", "Take the advice on the selected layer", panel.adviser.mend, "Ctrl+M", "mend",
               "Makes the first change that is advised on it, or on the net.", "Edit", panel.adviser.mends),
        Action("builder.delete", "Delete the selected layers", panel.delete, "", "delete",
               "What stood around them is joined.", "Edit", panel.has_selection),
        *nets,
    )  # fmt: skip
