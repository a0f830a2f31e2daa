"""Words that change often have a room: nothing around is laid out for them, and none of them is cut."""

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QWidget

from cvlab.ui.widgets.legend import Key
from cvlab.ui.widgets.room import roomed


class Counter(QObject):
    """How often a widget was asked to lay itself out anew."""

    def __init__(self, watched):
        super().__init__(watched)
        self.count = 0
        watched.installEventFilter(self)

    def eventFilter(self, watched, event):
        self.count += event.type() == QEvent.Type.LayoutRequest
        return False


def shown(qtbot, *parts):
    box = QWidget()
    row = QHBoxLayout(box)
    for part in parts:
        row.addWidget(part)
    qtbot.addWidget(box)
    box.show()
    QApplication.processEvents()
    return box


def test_words_in_a_room_do_not_lay_out_what_stands_around(qtbot):
    bare, words = QLabel("1"), QLabel("1")
    room = roomed(words, widest="8,888")
    box = shown(qtbot, bare, room)
    counter = Counter(box)
    words.setText("1,234")
    QApplication.processEvents()
    assert counter.count == 0 and words.width() == room.width() >= words.sizeHint().width()
    bare.setText("1,234")
    QApplication.processEvents()
    assert counter.count > 0, "a label without a room does"


def test_a_room_widens_for_longer_words_and_stays_wide(qtbot):
    words = QLabel("1")
    room = roomed(words, widest="88")
    box = shown(qtbot, room)
    words.setText("3 h 05 min")
    room.widen()
    QApplication.processEvents()
    wide = room.width()
    assert wide >= words.sizeHint().width()
    words.setText("1")
    room.widen()
    QApplication.processEvents()
    assert room.width() == wide and box.isVisible()


def test_a_key_shows_a_value_longer_than_was_thought_of(qtbot):
    key = Key("batch", "train", "raw", "0.000")
    box = shown(qtbot, key)
    key.show_value("2.69e+32")
    QApplication.processEvents()
    assert key.value.width() >= key.value.sizeHint().width() and box.isVisible()
