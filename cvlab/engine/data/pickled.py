"""Numbers out of a pickle without unpickling freely: numpy's own reconstruction of arrays is admitted, and not one name more.

Data sets of Python 2's days come as pickles. What a pickle may call is decided here by name, so a hostile one can at worst
take time and raise something; callers bound what they read and turn anything raised into CorruptData.
"""

from __future__ import annotations

import io
import pickle

import numpy as np

from cvlab.engine.errors import CorruptData

_ARRAYS = {
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
}


def loads(content: bytes) -> object:
    """Plain Python values and numpy arrays of numbers. Raises CorruptData for anything else, or whatever numpy raises."""
    return _OnlyArrays(io.BytesIO(content)).load()


class _OnlyArrays(pickle.Unpickler):
    def __init__(self, file: io.BytesIO) -> None:
        # Python 2 wrote such files: its byte strings become str letter by letter.
        super().__init__(file, encoding="latin1")

    def find_class(self, module: str, name: str) -> object:
        if (module, name) == ("_codecs", "encode"):
            return _encode
        if (module, name) not in _ARRAYS:
            raise CorruptData("The data file asks for code to be run. It was not.", received=f"{module}.{name}"[:100])
        if name == "_reconstruct":
            return np.empty(0).__reduce__()[0]
        return getattr(np, name)


def _encode(text: str, encoding: str) -> bytes:
    """How pickle protocols 0 to 2 spell bytes: latin1 and no other codec."""
    if encoding != "latin1":
        raise CorruptData("The data file asks for code to be run. It was not.", received=f"codec {encoding[:20]}")
    return text.encode("latin1")
