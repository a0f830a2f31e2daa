"""Where digits come from that nobody draws: the test set, a file, the clipboard. Each is read in the background."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import QBuffer, QIODevice, QObject, Signal
from PySide6.QtGui import QGuiApplication, QImage

from cvlab.core.lab import Lab
from cvlab.engine.data.picture import Picture
from cvlab.ui.panels.digits.reading import LoadDigits, OpenPicture
from cvlab.ui.widgets.ink import Page

FORMATS = "Pictures (*.png *.jpg *.jpeg *.bmp *.gif *.webp *.tif *.tiff)"


class Pictures(QObject):
    """came: a `Page` with a picture, and what bringing it was, in words for the history. Failures go to the notices."""

    came = Signal(object, str)

    def __init__(self, lab: Lab, parent: QObject) -> None:
        super().__init__(parent)
        self._lab = lab
        self._digits: tuple[np.ndarray, np.ndarray] | None = None
        self._wanted: int | None = None
        self._random = np.random.default_rng()

    def test_digit(self, index: int | None = None) -> None:
        """One digit of the shipped test set, 0..1999; None takes a random one. The first time reads the data."""
        self._wanted = index
        if self._digits is None:
            failed = self._lab.notices.error
            self._lab.jobs.submit("digits.sample", LoadDigits(self._lab), done=self._have_digits, failed=failed)
        else:
            self._have_digits(self._digits)

    def _have_digits(self, digits: tuple[np.ndarray, np.ndarray]) -> None:
        self._digits = images, labels = digits
        index = int(self._random.integers(len(images))) if self._wanted is None else self._wanted
        caption = f"Test digit {index:,}, labelled {labels[index]}"
        self.came.emit(Page.of_picture(images[index], caption), "Load a test digit")

    def paste(self) -> None:
        """The picture on the clipboard; says so if there is none."""
        image = QGuiApplication.clipboard().image()
        if image.isNull():
            self._lab.notices.info("No picture to paste", "Copy a picture of a digit first, then paste it here.")
        else:
            self.open(image)

    def open(self, source: Path | QImage) -> None:
        """A file, or a picture that was dropped or pasted."""
        request = OpenPicture(source) if isinstance(source, Path) else OpenPicture(data=_png(source))
        failed = self._lab.notices.error
        self._lab.jobs.submit("digits.picture", request, done=self._have_picture, failed=failed)

    def _have_picture(self, picture: Picture) -> None:
        self.came.emit(Page.of_picture(picture.image, " ".join(picture.sentences)), "Open a picture")


def _png(image: QImage) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    return bytes(buffer.data())
