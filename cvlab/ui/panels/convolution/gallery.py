"""The picture that all pages look at: chosen, opened, dropped or pasted, and fetched in a job."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QMimeData, QObject, QTimer, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from cvlab.core import paths
from cvlab.core.history import SetField
from cvlab.core.jobs import JobControl
from cvlab.core.lab import Lab
from cvlab.core.panels.convolution_documents import OWN, PHOTO, PictureChoice
from cvlab.engine.data import catalogue
from cvlab.engine.data.photo import MAX_SIDE, Photo, open_photo, read_photo
from cvlab.engine.data.picture_file import MAX_FILE_BYTES
from cvlab.engine.errors import CvlabError, DataMissing
from cvlab.engine.files import read_bounded
from cvlab.ui.bind import bind

SHIPPED, SHIPPED_TITLE = "palace.jpg", "A palace"
KINDS = "Pictures (*.png *.jpg *.jpeg *.bmp *.gif *.webp)"


@dataclass(frozen=True)
class FetchPicture:
    """The picture of a choice."""

    lab: Lab
    choice: PictureChoice

    def run(self, control: JobControl) -> Photo:
        choice = self.choice
        if choice.source == OWN and choice.own is not None:
            return choice.own
        if choice.source in (PHOTO, OWN):
            data = read_bounded(paths.resources() / "data" / SHIPPED, MAX_FILE_BYTES)
            return read_photo(data, SHIPPED_TITLE, formats=("JPEG",))
        dataset = self.lab.dataset(choice.source)
        control.check()
        index = choice.index % len(dataset.train)
        pixels = dataset.train.images[index].numpy()
        title = f"{dataset.classes[int(dataset.train.labels[index])]}  (image {index})"
        return Photo(title, pixels, pixels.shape[1:]).reduced(MAX_SIDE)


@dataclass(frozen=True)
class OpenPicture:
    """A picture file, or its bytes."""

    path: Path | None
    data: bytes = b""

    def run(self, control: JobControl) -> Photo:
        return open_photo(self.path) if self.path is not None else read_photo(self.data, "pasted")


class Gallery(QObject):
    """came(Photo): the picture in force. photo: it, None before the first came. slow(words): it takes longer than half a second;
    "" when that is over."""

    came = Signal(object)
    slow = Signal(str)

    def __init__(self, lab: Lab, parent: QObject) -> None:
        super().__init__(parent)
        self._lab, self._state = lab, lab.project.convolution
        self.photo: Photo | None = None
        self._shown: PictureChoice | None = None
        self._awake = False
        self._late = QTimer(self)
        self._late.setSingleShot(True)
        self._late.setInterval(500)
        self._late.timeout.connect(self._say_slow)
        bind(self, self._state, "picture", self._fetch)

    def choices(self) -> list[tuple[str, str]]:
        """(id, title) of the sources that are on this machine."""
        found = [(PHOTO, SHIPPED_TITLE)]
        if self._state.picture.own is not None:
            found.append((OWN, self._state.picture.own.title))
        root, bundled = paths.data(), paths.resources() / "data"
        for entry in catalogue.entries(root).values():
            if catalogue.is_available(entry.id, root=root, bundled=bundled):
                found.append((entry.id, entry.title))
        return found

    def wake(self) -> None:
        self._awake = True
        self._fetch(self._state.picture)

    def rest(self) -> None:
        self._awake = False
        self._end_wait()

    def _say_slow(self) -> None:
        self.slow.emit("Reading the data set…" if self._asked.source not in (PHOTO, OWN) else "Reading the picture…")

    def _end_wait(self) -> None:
        self._late.stop()
        self.slow.emit("")

    @property
    def is_settled(self) -> bool:
        """Whether the picture in force is the one that was chosen."""
        return self._shown is self._state.picture

    def _fetch(self, choice: PictureChoice) -> None:
        if self._awake and choice is not self._shown:
            self._asked = choice
            self._late.start()
            self._lab.jobs.submit(
                "convolution.picture", FetchPicture(self._lab, choice), done=self._take, failed=self._fail
            )

    def _take(self, photo: Photo) -> None:
        self.photo, self._shown = photo, self._asked
        self._end_wait()
        self.came.emit(photo)

    def _fail(self, error: BaseException) -> None:
        self._end_wait()
        self._tell(error)
        # The set went away, or its file is damaged: the one that ships is there.
        if self._state.picture.source != PHOTO:
            self._state.picture = replace(self._state.picture, source=PHOTO)

    def _tell(self, error: BaseException) -> None:
        if not isinstance(error, CvlabError):
            error = CvlabError("The picture could not be fetched.", received=str(error)[:120])
        self._lab.notices.error(error)

    # -- what a person does ------------------------------------------------------------------------------------------

    def choose(self, choice: PictureChoice) -> None:
        if choice != self._state.picture:
            self._lab.history.push(SetField(self._state, "picture", choice, "Choose a picture"))
            self._lab.history.end_gesture()

    def choose_source(self, source: str) -> None:
        self.choose(replace(self._state.picture, source=source))

    def step(self, by: int) -> None:
        """Another image of the set."""
        choice = self._state.picture
        self.choose(replace(choice, index=max(choice.index + by, 0)))

    def open(self, path: Path) -> None:
        self._lab.jobs.submit("convolution.open", OpenPicture(path), done=self._opened, failed=self._tell)

    def _opened(self, photo: Photo) -> None:
        self.choose(PictureChoice(OWN, self._state.picture.index, photo))

    def takes(self, mime: QMimeData) -> bool:
        return mime.hasImage() or any(url.isLocalFile() for url in mime.urls())

    def take(self, mime: QMimeData) -> None:
        """A picture that was dropped or pasted."""
        local = [url.toLocalFile() for url in mime.urls() if url.isLocalFile()]
        if local:
            self.open(Path(local[0]))
        elif mime.hasImage():
            buffer = QBuffer()
            buffer.open(QIODevice.OpenModeFlag.WriteOnly)
            QImage(mime.imageData()).save(buffer, "PNG")
            request = OpenPicture(None, bytes(buffer.data().data()))
            self._lab.jobs.submit("convolution.open", request, done=self._opened, failed=self._tell)

    def paste(self) -> None:
        """The picture on the clipboard."""
        mime = QApplication.clipboard().mimeData()
        if mime is not None and self.takes(mime):
            self.take(mime)
        else:
            self._tell(DataMissing("There is no picture on the clipboard.", remedy="Copy one, and paste again."))
