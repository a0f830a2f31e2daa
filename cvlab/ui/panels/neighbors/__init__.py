"""Nearest neighbours: the worksheet, the plane, neighbours of images, accuracy over a whole set, and tuning."""
