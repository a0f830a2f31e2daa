"""The window's headless twin: everything the window can do that needs no eyes. Runs where no Qt is installed."""

from cvlab.cli.main import main

__all__ = ["main"]
