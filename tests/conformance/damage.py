"""What can be wrong with a file: bytes changed at random, and values and structures of its format that are no good."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

EXTREMES = [0, 1, 2**15 - 1, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**63, 2**64 - 1]

TOKENS = [
    "NaN", "Infinity", "-Infinity", "1e400", "-1e400", "1e308", "-1e308", "1e-400", "1" + "0" * 30, "-" + "9" * 5000, "9" * 20,
    "-1", "0", "-0", "-0.0", "0.5", "1e2", str(2**31), str(2**53 + 1), str(2**63), str(-(2**63)), "null", "true", "false", '""',
    '"a"', '"' + "a" * 100_000 + '"', '"\\ud800"', '"\\udfff\\ud800"', '"NaN"', '"inf"', '"1"', '"\\u0000"', '"../../x"',
    '"/etc/passwd"', '"\u202e"', "[]", "{}", "[[]]", '[{"a": 1}]', '{"kind": "relu"}', '{"format": 99}', "[0]", "[null]",
    "[" * 200 + "]" * 200, "[" * 5000 + "]" * 5000, '{"a":' * 300 + "1" + "}" * 300, "[" * 5000, "[" + "0," * 20_000 + "0]",
    "[" + '"a",' * 2000 + '"b"]', "{" + ",".join(f'"k{i}": {i}' for i in range(2000)) + "}",
]  # fmt: skip
"""JSON, or nearly: what may stand in place of any value."""


def binary(content: bytes, rng: random.Random) -> bytes:
    """One to four changes that know nothing of the format, most often near its beginning."""
    data = bytearray(content)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        size = len(data)
        if not size:
            break
        near = min(size, rng.choice((64, 512, 4096, size, size)))
        at = rng.randrange(near)
        length = min(rng.choice((1, 2, 4, 16, 64, 1024, 65536)), size - at)
        match rng.randrange(10):
            case 0 | 1 | 2:
                for _ in range(rng.choice((1, 1, 2, 8))):
                    data[rng.randrange(near)] ^= 1 << rng.randrange(8)
            case 3:
                del data[rng.choice((at, rng.randrange(size))) :]
            case 4:
                data[at:at] = rng.randbytes(length)
            case 5:
                data[at:at] = data[at : at + length]
            case 6:
                data[at : at + length] = bytes(length)
            case 7:
                width, order = rng.choice((2, 4, 8)), rng.choice(("little", "big"))
                value = rng.choice(EXTREMES) % 2 ** (8 * width)
                data[at : at + width] = value.to_bytes(width, order)
            case 8:
                del data[at : at + length]
            case 9:
                data += rng.randbytes(length)
    return bytes(data)


def document(content: bytes, rng: random.Random) -> bytes:
    """One to three changes to a JSON document; one of four knows nothing of JSON."""
    if rng.randrange(4) == 0:
        return binary(content, rng)
    try:
        value = json.loads(content)
    except ValueError:
        return binary(content, rng)
    marks: dict[str, str] = {}
    for number in range(rng.choice((1, 1, 2, 3))):
        value = _changed(value, rng, f"\0mark {number}\0", marks)
    text = json.dumps(value)
    for mark, token in marks.items():
        text = text.replace(json.dumps(mark), token)
    return text.encode()


def _changed(value: Any, rng: random.Random, mark: str, marks: dict[str, str]) -> Any:
    places: list[tuple[Any, Any]] = []
    stack = [value]
    while stack:
        each = stack.pop()
        if isinstance(each, dict | list):
            keys = list(each) if isinstance(each, dict) else list(range(len(each)))
            places += [(each, key) for key in keys]
            stack += [each[key] for key in keys]
    # A document of a thousand numbers and ten settings: either half the time.
    places = [p for p in places if isinstance(p[0], dict)] if rng.randrange(2) else places
    marks[mark] = rng.choice(TOKENS)
    if not places:
        return mark
    holder, key = rng.choice(places)
    kind = rng.randrange(8)
    if kind < 5:
        holder[key] = mark
    elif kind == 5:
        del holder[key]
    elif kind == 6 and isinstance(holder, dict):
        # The same key twice, and one that nobody knows.
        other = json.dumps(holder[key])
        marks[mark] = f"{other}, {json.dumps(key)}: {rng.choice(TOKENS)}, {json.dumps('k' + str(key))}: 1"
        holder[key] = mark
    else:
        other, other_key = rng.choice(places)
        holder[key], other[other_key] = other[other_key], holder[key]
        if _is_circular(value):
            return mark
    return value


def _is_circular(value: Any) -> bool:
    try:
        json.dumps(value)
    except (ValueError, RecursionError):
        return True
    return False


def lines(tokens: list[str]) -> Callable[[bytes, random.Random], bytes]:
    """Changes to text: lines removed, repeated, swapped, and these tokens in place of words."""

    def change(content: bytes, rng: random.Random) -> bytes:
        if rng.randrange(4) == 0:
            return binary(content, rng)
        rows = content.decode("utf-8", "replace").split("\n")
        for _ in range(rng.choice((1, 1, 2, 3))):
            at = rng.randrange(len(rows))
            match rng.randrange(6):
                case 0:
                    del rows[at]
                case 1:
                    rows.insert(rng.randrange(len(rows)), rows[at])
                case 2:
                    other = rng.randrange(len(rows))
                    rows[at], rows[other] = rows[other], rows[at]
                case _:
                    row = rows[at]
                    ends = sorted(rng.randrange(len(row) + 1) for _ in range(2))
                    places = [i for i, letter in enumerate(row) if letter.isdigit()]
                    if places and rng.randrange(2):
                        ends = [rng.choice(places)] * 2
                        ends[1] += 1
                    rows[at] = row[: ends[0]] + rng.choice(tokens) + row[ends[1] :]
            if not rows:
                break
        return "\n".join(rows).encode("utf-8", "surrogatepass")

    return change
