"""What the circuits panel offers in menus, by shortcut and in the palette of commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cvlab.ui.actions import Action

if TYPE_CHECKING:
    from cvlab.ui.panels.circuits.circuits import CircuitsPanel


def offered(panel: CircuitsPanel) -> tuple[Action, ...]:
    step, folding = panel.transport, panel.folding
    return (
        Action("circuits.play", "Play the circuit", step.toggle, "Ctrl+Space", "play", menu="Run"),
        Action("circuits.forward", "One gate forward", step.step_forward, "Alt+Right", "right", menu="Run"),
        Action("circuits.back", "One gate back", step.step_back, "Alt+Left", "left", menu="Run"),
        Action("circuits.fit", "Show the whole circuit", panel.view.fit, "Ctrl+0", "zoom-fit", menu="View"),
        Action("circuits.open-layer", "Open a layer of a net as a circuit…", panel.ask_for_layer),
        Action("circuits.group", "Collapse the chosen gates, or expand one", folding.fold_chosen, "Ctrl+G", "collapse",
               "One gate for several, with the local gradients that the chain rule gives inside.", "Edit"),
        Action("circuits.group-named", "Collapse every named value, or expand all", folding.fold_named, "Ctrl+Shift+G",
               "collapse", menu="Edit"),
        Action("circuits.fold", "Collapse or expand the sigmoids", panel.edits.fold_all),
        Action("circuits.code", "Copy the circuit as Python", panel.copy_code, "", "copy", menu="Edit"),
        Action("circuits.export", "Export the circuit's picture…", panel.export, "", "save", menu="File"),
    )  # fmt: skip
