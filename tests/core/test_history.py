"""Undo and redo: exact, merging while a gesture lasts, with a clean mark that survives undo."""

from hypothesis import given
from hypothesis import strategies as st

from cvlab.core import history as history_module
from cvlab.core.history import History, SetField
from cvlab.core.state import batch, observable


@observable
class Thing:
    size: int = 0
    name: str = ""


def set_size(history, thing, value, key=""):
    history.push(SetField(thing, "size", value, f"size {value}", key))


@given(st.lists(st.integers(0, 9), max_size=30), st.data())
def test_undo_to_the_start_ends_where_it_began_and_redo_comes_back(values, data):
    thing, history = Thing(), History()
    seen = [0]
    for value in values:
        set_size(history, thing, value)
        seen.append(value)
    for expected in reversed(seen[:-1]):
        history.undo()
        assert thing.size == expected
    assert not history.can_undo
    history.undo()
    for expected in seen[1:]:
        history.redo()
        assert thing.size == expected
    assert not history.can_redo


def test_one_gesture_is_one_step():
    thing, history = Thing(), History()
    for value in (1, 2, 3):
        set_size(history, thing, value, "drag")
    history.end_gesture()
    set_size(history, thing, 4, "drag")
    history.undo()
    assert thing.size == 3
    history.undo()
    assert thing.size == 0


def test_other_keys_other_fields_and_no_key_do_not_merge():
    thing, history = Thing(), History()
    set_size(history, thing, 1, "a")
    set_size(history, thing, 2, "b")
    set_size(history, thing, 3)
    set_size(history, thing, 4)
    history.push(SetField(thing, "name", "x", "name", "b"))
    steps = 0
    while history.can_undo:
        history.undo()
        steps += 1
    assert steps == 5


def test_the_clean_mark():
    thing, history = Thing(), History()
    assert history.is_clean
    set_size(history, thing, 1, "drag")
    assert not history.is_clean
    history.mark_clean()
    set_size(history, thing, 2, "drag")
    assert not history.is_clean, "an edit after saving never hides in the saved step"
    history.undo()
    assert history.is_clean and thing.size == 1
    history.undo()
    assert not history.is_clean
    history.redo()
    assert history.is_clean


def test_a_new_edit_forgets_what_was_undone():
    thing, history = Thing(), History()
    set_size(history, thing, 1)
    history.undo()
    set_size(history, thing, 2)
    assert not history.can_redo and history.undo_label == "size 2"


def test_it_is_bounded(monkeypatch):
    monkeypatch.setattr(history_module, "LIMIT", 10)
    thing, history = Thing(), History()
    for value in range(1, 31):
        set_size(history, thing, value)
    for _ in range(30):
        history.undo()
    assert thing.size == 20


def test_changes_in_a_batch_are_announced_once_with_the_first_old_value():
    thing = Thing()
    told = []
    thing.events.size.connect(lambda new, old: told.append((new, old)))
    with batch(thing):
        thing.size = 1
        thing.size = 2
        assert told == []
    assert told == [(2, 0)]
    thing.size = 2
    assert told == [(2, 0)], "the same value is no change"
