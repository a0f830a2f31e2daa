"""cvlab: a visual learning lab for computer vision and deep learning. Importing it imports nothing heavy."""

__version__ = "0.1.0"
