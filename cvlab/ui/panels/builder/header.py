"""The builder's top bar: the net's name, where nets come from and go to, how it is shown, and the way to training."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QMenu, QPushButton, QToolButton, QWidget

from cvlab.engine.nets.zoo import ZOO
from cvlab.ui.theme.icons import icon
from cvlab.ui.theme.style import set_role


class Header(QWidget):
    """Signals only; it shows what it is given."""

    named = Signal(str)
    zoo_chosen = Signal(str)
    pattern_asked = Signal()
    volumes_asked = Signal(bool)
    arrange_asked = Signal()
    fit_asked = Signal()
    train_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        title = QLabel("Builder", self)
        title.setProperty("role", "heading")
        self.name = QLineEdit(self)
        self.name.setObjectName("builder.name")
        self.name.setAccessibleName("Name of the net")
        self.name.setToolTip(
            "The net's own name. Runs are listed under it: two nets of one name are hard to tell apart."
        )
        self.name.setMaxLength(80)
        self.name.setFixedWidth(168)
        self.name.editingFinished.connect(self._renamed)
        self._shown = ""
        self.zoo = QPushButton("Ready nets", self)
        self.zoo.setObjectName("builder.zoo")
        self.zoo.setAccessibleName("Ready nets")
        self.zoo.setToolTip("Puts one of the course's nets on the canvas. Undo brings yours back.")
        self.zoo.setMenu(self._make_menu())
        self.pattern = self._tool(
            "pattern_form",
            "pattern",
            "Pattern",
            "The course's pattern as a form and as text: [CONV -> RELU]*N -> POOL ...",
        )
        self.pattern.clicked.connect(self.pattern_asked)
        self.import_ = self._tool(
            "import", "import", "Bring a net in", "From PyTorch source, ONNX, a file, or torchvision."
        )
        self.export = self._tool(
            "export", "export", "Take the net out", "As PyTorch source, a training script, ONNX, a picture or a file."
        )
        for button in (self.import_, self.export):
            button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.volumes = self._tool(
            "volumes", "volumes", "Show the volumes", "The net as its volumes, in the style of the course's figures."
        )
        self.volumes.setCheckable(True)
        self.volumes.toggled.connect(self.volumes_asked)
        self.arrange = self._tool("arrange", "arrange", "Arrange", "Lays the blocks out anew, those moved by hand too.")
        self.fit = self._tool(
            "fit", "zoom-fit", "Show all", "Zooms so that the whole net is in view (Ctrl+0, or Home)."
        )
        self.arrange.clicked.connect(self.arrange_asked)
        self.fit.clicked.connect(self.fit_asked)
        self.train = QPushButton(" Train this", self)
        self.train.setObjectName("builder.train")
        self.train.setAccessibleName("Train this net")
        self.train.setProperty("role", "primary")
        self.train.setIcon(icon("play", "accent_ink"))
        self.train.clicked.connect(self.train_asked)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(title)
        row.addSpacing(8)
        row.addWidget(self.name)
        row.addWidget(self.zoo)
        row.addWidget(self.pattern)
        row.addWidget(self.import_)
        row.addWidget(self.export)
        row.addStretch()
        row.addWidget(self.volumes)
        row.addWidget(self.arrange)
        row.addWidget(self.fit)
        row.addSpacing(8)
        row.addWidget(self.train)

    def _tool(self, name: str, picture: str, spoken: str, tip: str) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName(f"builder.{name}")
        button.setAccessibleName(spoken)
        button.setToolTip(tip)
        button.setIcon(icon(picture))
        return button

    def _make_menu(self) -> QMenu:
        menu = QMenu(self)
        for zoo_id, ready in ZOO.items():
            menu.addAction(f"{ready.title}: {ready.words}").setData(zoo_id)
        menu.triggered.connect(self._choose)
        return menu

    def _choose(self, action: QAction) -> None:
        self.zoo_chosen.emit(action.data())

    def _renamed(self) -> None:
        if self.name.text() != self._shown:
            self.named.emit(self.name.text())

    def show_name(self, name: str) -> None:
        self._shown = name
        set_role(self.name, "")
        if self.name.text() != name:
            self.name.setText(name)

    def show_problem(self, sentence: str) -> None:
        """Why the net cannot be trained; "" when it can."""
        self.train.setEnabled(not sentence)
        self.train.setToolTip(
            f"Mend the net first: {sentence}" if sentence else "Takes this net to the training panel (Ctrl+T)."
        )
