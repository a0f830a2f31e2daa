"""The page of augmentation: sixteen draws of one image, a dial each, and the way into the recipe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from cvlab.core.history import SetField
from cvlab.core.lab import Lab
from cvlab.engine.data.augmentation import Augmentation, change, draw
from cvlab.engine.errors import RecipeError
from cvlab.ui.actions import Action
from cvlab.ui.bind import bind
from cvlab.ui.panel import Stop
from cvlab.ui.panels.datasets.image_choice import ImageChoice
from cvlab.ui.panels.datasets.image_lessons import AUGMENT
from cvlab.ui.panels.datasets.page import Page
from cvlab.ui.panels.datasets.pieces import button, label
from cvlab.ui.widgets.card import Card
from cvlab.ui.widgets.figures import percent_text
from cvlab.ui.widgets.form import Form
from cvlab.ui.widgets.image_tiles import ImageTiles

DRAWS, COLUMNS = 16, 4


class AugmentPage(Page):
    lesson = AUGMENT

    def __init__(self, lab: Lab, parent: QWidget) -> None:
        super().__init__(lab, parent)
        self._awake = False
        self.choice = ImageChoice(lab, "augment", self)
        self._build()
        self.form.edited.connect(self._edit)
        self.again.clicked.connect(self.roll)
        self.none.clicked.connect(self.clear)
        self.use_button.clicked.connect(self.use)
        bind(self, self.state, "augment", self._show_view)
        bind(self, lab.project, "recipe", self._show_recipe)
        for field in ("image", "split"):
            bind(self, self.state, field, self._show_image)

    def _build(self) -> None:
        dials = Card("How far", self)
        self.form = Form(Augmentation, prefix="datasets.augment", parent=self)
        page = QWidget(self)
        page.setProperty("role", "page")
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 12, 0)
        column.addWidget(self.form)
        column.addStretch(1)
        scroll = QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setWidget(page)
        self.none = button(
            self, "augment_none", "All to zero", "Puts every dial to zero: images stay as they are.", role="chip"
        )
        self.use_button = button(
            self,
            "augment_use",
            "Use in the recipe",
            "The next training changes its images just this way, anew at every step. Can be undone.",
            role="primary",
        )
        self.in_use = label(self, "", "small muted", wraps=True)
        dials.header.addStretch(1)
        dials.header.addWidget(self.none)
        dials.body.addWidget(scroll, 1)
        dials.body.addWidget(self.use_button)
        dials.body.addWidget(self.in_use)
        dials.setFixedWidth(300)
        draws = Card("Sixteen draws", self)
        self.caption = label(self, "", "small muted")
        self.again = button(self, "augment_again", "Roll again", "Sixteen other draws: another seed.", role="chip")
        self.original = ImageTiles(1, gap=0, parent=self)
        self.original.set_caption_lines(0)
        self.original.setFixedSize(56, 56)
        draws.header.addStretch(1)
        draws.header.addWidget(self.caption)
        draws.header.addWidget(self.original)
        draws.header.addSpacing(8)
        for one in self.choice.buttons:
            draws.header.addWidget(one)
        draws.header.addWidget(self.again)
        self.tiles = ImageTiles(COLUMNS, most=180, spread=40, parent=self)
        draws.body.addWidget(self.tiles, 1)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(12)
        outer.addWidget(dials)
        outer.addWidget(draws, 1)

    # -- in front and behind -----------------------------------------------------------------------------------------

    def _show_dataset(self, dataset) -> None:
        self.choice.take(dataset)
        self._draw()

    def wake(self) -> None:
        self._awake = True
        self._draw()

    def rest(self) -> None:
        self._awake = False

    # -- what a person does ------------------------------------------------------------------------------------------

    @property
    def view(self):
        return self.state.augment

    @property
    def augmentation(self) -> Augmentation:
        return self.view.augmentation

    def _put(self, **values: Any) -> None:
        self.state.augment = self.view.changed(**values)

    def _edit(self, path: str, value: Any) -> None:
        try:
            changed = self.augmentation.changed(**{path: value})
        except RecipeError as error:
            self.form.show_problem(path, error.what)
            return
        self._put(augmentation=changed.model_dump())

    def roll(self) -> None:
        """Sixteen other draws."""
        self._put(seed=(self.view.seed + 1) % 1000)

    def clear(self) -> None:
        """Every dial to zero."""
        self._put(augmentation=Augmentation().model_dump())

    def use(self) -> None:
        """The recipe takes this augmentation; one step of the history."""
        recipe = self.lab.project.recipe.changed(augmentation=self.augmentation.model_dump())
        self.lab.history.push(SetField(self.lab.project, "recipe", recipe, "Use this augmentation"))
        self.lab.history.end_gesture()

    # -- showing -----------------------------------------------------------------------------------------------------

    def _show_view(self, view) -> None:
        self.form.show_values(view.augmentation)
        self._show_recipe(self.lab.project.recipe)
        self._draw()

    def _show_recipe(self, recipe) -> None:
        is_same = recipe.augmentation == self.augmentation
        self.use_button.setEnabled(not is_same)
        used = [field.title for name, field in Augmentation.model_fields.items() if getattr(recipe.augmentation, name)]
        self.in_use.setText(
            "The recipe does just this."
            if is_same
            else f"The recipe now has: {', '.join(used).lower()}."
            if used
            else "The recipe now changes no image."
        )

    def _show_image(self, value: object) -> None:
        self._draw()

    def _draw(self) -> None:
        """Sixteen images take some 5 ms: no job is needed."""
        if self.dataset is None or not self._awake:
            return
        import torch

        split, index, spec = self.choice.split, self.choice.index, self.augmentation
        generator = torch.Generator().manual_seed(self.view.seed)
        drawn = draw(spec, 2 * DRAWS, split.images.shape[-2:], generator)
        # What is blended in comes from elsewhere in the set: sixteen other images stand behind the sixteen draws.
        others = torch.randint(0, len(split), (DRAWS,), generator=generator)
        drawn = replace(drawn, partner=torch.arange(2 * DRAWS).roll(DRAWS))
        images = torch.cat([split.images[index].expand(DRAWS, -1, -1, -1), split.images[others]])
        changed = change(images, spec, drawn)[:DRAWS]
        names, own = self.dataset.classes, self.choice.label
        captions = ("",) * DRAWS
        if spec.mixup:
            captions = tuple(
                f"{names[own]}: {percent_text(share)} · {names[int(split.labels[other])]}: {percent_text(1 - share)}"
                for share, other in zip(drawn.share[:DRAWS].tolist(), others, strict=True)
            )
        self.tiles.set_caption_lines(1 if spec.mixup else 0)
        self.tiles.show_images(changed.numpy(), captions, tips=[_tip(spec, drawn, i) for i in range(DRAWS)])
        self.original.show_images(split.images[index][None].numpy())
        self.caption.setText(self.choice.caption)

    # -- the window --------------------------------------------------------------------------------------------------

    def actions_offered(self) -> Sequence[Action]:
        return (
            Action("datasets.augment_again", "Roll sixteen other draws", self.roll, "", "random"),
            Action("datasets.augment_use", "Use this augmentation in the recipe", self.use, "", "training"),
        )

    def tour(self) -> Iterator[Stop]:
        yield Stop("draws", self._is_drawn)
        self._put(augmentation=Augmentation(rotate=15, shift=2, colour=0.3, mixup=0.6).model_dump())
        yield Stop("mixed", self._is_drawn)
        self._put(augmentation=type(self.view)().augmentation.model_dump())

    def _is_drawn(self) -> bool:
        return self.tiles.count == DRAWS


def _tip(spec: Augmentation, drawn: Any, i: int) -> str:
    """What was drawn for this image, in words."""
    parts = []
    if spec.flip:
        parts.append("mirrored" if drawn.flip[i] else "not mirrored")
    if spec.rotate:
        parts.append(f"turned by {float(drawn.angle[i]):+.0f}°")
    if spec.crop:
        parts.append("cropped to {2} × {3} pixels".format(*drawn.box[i].tolist()))
    if spec.shift:
        parts.append("moved {:+d} down, {:+d} right".format(*drawn.shift[i].tolist()))
    if spec.colour:
        parts.append(f"brightness × {float(drawn.brightness[i]):.2f}, contrast × {float(drawn.contrast[i]):.2f}")
    if spec.hue:
        parts.append(f"hue {float(drawn.hue[i]):+.2f} of the circle")
    if spec.cutout:
        top, left, bottom, right = drawn.hole[i].tolist()
        parts.append(f"{bottom - top} × {right - left} pixels cut out")
    if spec.mixup:
        parts.append(f"{percent_text(1 - float(drawn.share[i]))} of another image")
    return "\n".join(parts) or "as it is"
