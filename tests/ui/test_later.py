"""While a window starts, panels with plots are painted before pyqtgraph is loaded; then the plots come, as they should be."""

import json
import subprocess
import sys

import pytest

CHECK = """
import json, sys
from PySide6.QtWidgets import QApplication
application = QApplication([])
from cvlab.core.lab import Lab
from cvlab.engine.training.recipe import Recipe
from cvlab.ui.app import dress
from cvlab.ui.panels import PANELS
from cvlab.ui.window import MainWindow

dress(application, "light")
lab = Lab()
lab.jobs.hold()
window = MainWindow(lab, panels=[spec for spec in PANELS if spec.id == sys.argv[1]])
painted = []
window.first_painted.connect(lambda: painted.append("pyqtgraph" in sys.modules))
window.show()
while not painted:
    application.processEvents()
panel = window.panel(sys.argv[1])
found = {"painted with": painted[0], "there": panel._place.is_there}
lab.jobs.release()
while not panel._place.is_there:
    lab.pump()
    application.processEvents()
plot = panel.curves.loss if sys.argv[1] == "training" else panel.overlay.plot
found["words"] = plot.message.text()
found["tip"] = plot.canvas.toolTip()
print(json.dumps(found))
window.leave()
"""


@pytest.mark.parametrize(("panel", "words"), [("training", "Press Start"), ("runs", "Choose runs")])
def test_the_first_painting_does_not_wait_for_pyqtgraph(panel, words):
    done = subprocess.run([sys.executable, "-c", CHECK, panel], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["painted with"] is False and found["there"] is False
    assert words in found["words"] and "\n" in found["tip"], "finished like all others"
