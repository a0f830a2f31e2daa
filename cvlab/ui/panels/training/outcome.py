"""How a run ended, in words, with what to do next: a card for failures, a strip for what was learned."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from cvlab.core.runs import Run
from cvlab.engine.errors import CvlabError, DataMissing, NetError, TrainingError
from cvlab.engine.training.events import RunFailed
from cvlab.engine.training.recipe import Recipe
from cvlab.ui.panels.training.ending import reads_digits, result_words
from cvlab.ui.theme import theme
from cvlab.ui.theme.icons import icon
from cvlab.ui.widgets.figures import words_of
from cvlab.ui.widgets.form import FieldFacts
from cvlab.ui.widgets.number import number_text


class FailureCard(QFrame):
    """Lies over the middle of its parent, until it is closed or another run starts.

    told: it is shown. try_asked: with the setting and the value suggested. go_on_asked, change_net_asked, get_data_asked: the
    remedies of other failures.
    """

    told = Signal()
    try_asked = Signal(str, float)
    go_on_asked = Signal()
    change_net_asked = Signal()
    get_data_asked = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "notice notice-error")
        self._suggestion: tuple[str, float] = ("", 0.0)
        self._told: RunFailed | None = None  # what the card is about
        self._put_away: RunFailed | None = None
        self._make_words()
        self.try_lower = self._button("try", "Try a lower value", "primary")
        self.try_lower.setToolTip("Sets this value in the recipe (it can be undone) and starts again.")
        self.go_on = self._button("go_on_after", "Go on", "primary")
        self.go_on.setToolTip("Trains on from where this run was last saved, when the cause is mended.")
        self.change_net = self._button("fix_net", "Open the Builder", "primary")
        self.change_net.setToolTip("Shows the net where it can be mended.")
        self.get_data = self._button("fix_data", "Get the data", "primary")
        self.get_data.setToolTip("Brings the data onto this machine; then press Start again.")
        self.show_details = self._button("details", "Details", "quiet")
        self.show_details.setToolTip("What exactly happened.")
        self.show_details.setCheckable(True)
        self.dismiss = self._button("dismiss", "Close", "quiet")
        self.dismiss.setToolTip("Takes this card away; the curves stay.")
        self.try_lower.clicked.connect(self._try)
        self.go_on.clicked.connect(self.go_on_asked)
        self.change_net.clicked.connect(self.change_net_asked)
        self.get_data.clicked.connect(self.get_data_asked)
        self.show_details.toggled.connect(self._unfold)
        self.dismiss.clicked.connect(self.put_away)
        self._lay_out()
        self.hide()
        parent.installEventFilter(self)

    def _make_words(self) -> None:
        self.title = QLabel(self)
        self.title.setProperty("role", "subheading")
        self.words = QLabel(self)
        self.details = QLabel(self)
        self.details.setProperty("role", "small muted")
        self.details.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        for label in (self.title, self.words, self.details):
            label.setWordWrap(True)

    def _button(self, name: str, text: str, role: str) -> QPushButton:
        button = QPushButton(text, self)
        button.setObjectName(f"training.{name}")
        button.setAccessibleName(text)
        button.setProperty("role", role)
        return button

    def _lay_out(self) -> None:
        self._sign = QLabel(self)
        self._show_sign()
        theme().changed.connect(self._show_sign)
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self.title, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for button in (self.try_lower, self.go_on, self.change_net, self.get_data, self.show_details):
            buttons.addWidget(button)
        buttons.addStretch(1)
        buttons.addWidget(self.dismiss)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 16, 12)
        column.setSpacing(10)
        column.addLayout(head)
        column.addWidget(self.words)
        column.addWidget(self.details)
        column.addLayout(buttons)

    def _show_sign(self) -> None:
        self._sign.setPixmap(icon("error", "negative").pixmap(20, 20))

    def show_failure(
        self,
        title: str,
        what: str,
        received: str = "",
        remedy: str = "",
        *,
        suggestion: tuple[str, float] | None = None,
        remedies: tuple[str, ...] = (),
        details: str = "",
    ) -> None:
        """suggestion: a setting of the recipe, and a value to try. remedies: "net", "data", "go on" for their buttons."""
        self.title.setText(title)
        self.words.setText(f"{what} {remedy}".strip())
        self.details.setText("\n".join(line for line in (f"Received: {received}" if received else "", details) if line))
        self.try_lower.setVisible(suggestion is not None)
        if suggestion is not None:
            self._suggestion = suggestion
            title, value = FieldFacts.of(Recipe, suggestion[0]).inline, number_text(suggestion[1])
            self.try_lower.setText(
                f"Try {title} {value}" if suggestion[0] != "optimizer.learning_rate" else f"Try {value}"
            )
        self.go_on.setVisible("go on" in remedies)
        self.change_net.setVisible("net" in remedies)
        self.get_data.setVisible("data" in remedies)
        self.show_details.setVisible(bool(self.details.text()))
        self.show_details.setChecked(False)
        self.details.hide()
        self._told = None
        self.show()
        self.raise_()
        self._place()
        self.told.emit()

    def put_away(self) -> None:
        """The person has read it: it does not come back by itself."""
        self._put_away = self._told
        self.hide()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.put_away()
        else:
            super().keyPressEvent(event)

    def forget(self) -> None:
        """Another run, or the same once more, comes to the screen."""
        self._put_away = None
        self.hide()

    def show_error(self, error: CvlabError) -> None:
        """Why a run could not begin."""
        remedies = ("net",) * isinstance(error, NetError) + ("data",) * isinstance(error, DataMissing)
        title, *words = words_of(error)
        # A refusal has stopped nothing.
        title = "A run cannot begin now" if title == TrainingError.title else title
        self.show_failure(title, *words, remedies=remedies)

    def show_run(self, run: Run) -> None:
        """How a run has failed, with what would mend it; nothing for one that has not."""
        failure = run.state.failure
        if failure is None or run.state.status != "failed" or failure is self._put_away or self._is_told(failure):
            return
        suggestion = None if failure.suggestion is None else (failure.setting, failure.suggestion)
        can_go_on = suggestion is None and run.folder.can_resume
        never_began = not failure.step and failure.title == TrainingError.title
        self.show_failure(
            "The run could not begin" if never_began else failure.title,
            failure.what,
            failure.received,
            failure.remedy,
            suggestion=suggestion,
            remedies=("go on",) * can_go_on,
            details=f"Run {run.id}, step {failure.step:,}.",
        )
        self._told = failure

    def _is_told(self, failure: RunFailed) -> bool:
        """Whether the card says so already: its details may be open."""
        return failure is self._told and not self.isHidden()

    def _try(self) -> None:
        self.try_asked.emit(*self._suggestion)

    def _unfold(self, opened: bool) -> None:
        self.details.setVisible(opened)
        self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return False

    def _place(self) -> None:
        width = min(440, self.parentWidget().width() - 48)
        height = max(self.layout().heightForWidth(width), self.layout().minimumSize().height())
        left = (self.parentWidget().width() - width) // 2
        self.setGeometry(left, max(48, (self.parentWidget().height() - height) // 3), width, height)


class ResultStrip(QFrame):
    """One line above the curves: what the net can do now, and where to go with it."""

    draw_asked = Signal()
    resume_asked = Signal()
    evaluate_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "notice notice-success")
        self.words = QLabel(self)
        self.words.setWordWrap(True)
        self.go_on = QPushButton("Go on", self)
        self.go_on.setObjectName("training.go_on")
        self.go_on.setAccessibleName("Go on with this run")
        self.go_on.setToolTip("Trains on from where this run was stopped, with its own recipe.")
        self.go_on.clicked.connect(self.resume_asked)
        self.evaluate = QPushButton("Evaluate on test set", self)
        self.evaluate.setObjectName("training.evaluate_test")
        self.evaluate.setAccessibleName("Evaluate on test set")
        self.evaluate.setToolTip(
            "Measures this run on the test set, once its settings are final. Each reading is counted in Runs and Splits."
        )
        self.evaluate.clicked.connect(self.evaluate_asked)
        self.draw = QPushButton(icon("digits", "accent_ink"), "Draw a digit with this net", self)
        self.draw.setObjectName("training.draw")
        self.draw.setAccessibleName("Draw a digit with this net")
        self.draw.setToolTip("Opens the Digits panel with the net of this run.")
        self.draw.setProperty("role", "primary")
        self.draw.clicked.connect(self.draw_asked)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 8, 8, 8)
        row.setSpacing(8)
        row.addWidget(self.words, 1)
        row.addWidget(self.go_on)
        row.addWidget(self.evaluate)
        row.addWidget(self.draw)
        self.hide()

    def show_run(
        self, run: Run | None, *, can_go_on: bool, test_accuracy: float | None = None, can_evaluate: bool = False
    ) -> None:
        """The words for a run that has ended well; hides for any other. test_accuracy: as far as it may be shown. can_evaluate:
        whether it may be measured on the test set now."""
        state = run.state if run is not None else None
        self.setVisible(state is not None and state.status in ("finished", "stopped"))
        if run is None or state is None:
            return
        self.draw.setVisible(reads_digits(run))
        self.words.setText(result_words(run, test_accuracy))
        self.evaluate.setVisible(test_accuracy is None)
        self.evaluate.setEnabled(can_evaluate)
        self.go_on.setVisible(state.status == "stopped" and can_go_on)
