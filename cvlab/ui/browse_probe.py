"""What `cvlab bench browse` measures: 60,000 images scrolled from end to end, in the panel's grid and in a QListView."""

from __future__ import annotations

import argparse
import json
import sys
from time import perf_counter

import numpy as np
from PySide6.QtCore import QAbstractListModel, QModelIndex, QSize, Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QListView

from cvlab.ui.app import dress
from cvlab.ui.widgets.thumbnails import Thumbnails, strip_of

SIDE, WIDTH, HEIGHT = 40, 640, 760


class ImageModel(QAbstractListModel):
    """The usual way: a model that makes a pixmap an image, on demand."""

    def __init__(self, images: np.ndarray) -> None:
        super().__init__()
        self._images = images

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:
        return len(self._images)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> QPixmap | None:
        if role == Qt.ItemDataRole.DecorationRole:
            return strip_of(self._images[index.row() : index.row() + 1], SIDE)
        return None


def list_view(images: np.ndarray) -> QListView:
    view = QListView()
    view.setViewMode(QListView.ViewMode.IconMode)
    view.setUniformItemSizes(True)
    view.setResizeMode(QListView.ResizeMode.Adjust)
    view.setMovement(QListView.Movement.Static)
    view.setIconSize(QSize(SIDE, SIDE))
    view.setGridSize(QSize(SIDE + 4, SIDE + 4))
    view.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
    view.model_kept = ImageModel(images)
    view.setModel(view.model_kept)
    return view


def scroll(view: QAbstractScrollArea, frames: int) -> dict:
    """Milliseconds from setting the scroll bar to the painted frame, from the first image to the last."""
    bar, took = view.verticalScrollBar(), []
    for frame in range(frames + 1):
        began = perf_counter()
        bar.setValue(round(bar.maximum() * frame / frames))
        view.viewport().repaint()
        took.append(1000 * (perf_counter() - began))
        QApplication.processEvents()
    p50, p99 = np.percentile(took, [50, 99])
    return {"p50_ms": float(p50), "p99_ms": float(p99), "max_ms": max(took), "pixels_a_frame": bar.maximum() / frames}


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=int, default=60_000)
    parser.add_argument("--frames", type=int, default=600)
    options = parser.parse_args()
    application = QApplication(sys.argv[:1])
    dress(application)
    images = np.random.default_rng(0).integers(0, 256, (options.images, 3, 32, 32), np.uint8)
    result: dict = {"images": options.images, "frames": options.frames}
    for name in ("cvlab", "listview"):
        began = perf_counter()
        if name == "cvlab":
            view = Thumbnails()
            view.set_images(images)
        else:
            view = list_view(images)
        view.resize(WIDTH, HEIGHT)
        view.show()
        application.processEvents()
        view.viewport().repaint()
        result[name] = {"first_ms": 1000 * (perf_counter() - began)} | scroll(view, options.frames)
        view.close()
        view.deleteLater()
    sys.stdout.write(json.dumps(result) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
