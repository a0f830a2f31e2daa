"""Architectures as data: layer specs, graphs, shape inference, and the ways to PyTorch."""
