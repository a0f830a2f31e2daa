"""The convolution panel: a window that slides, a kernel that is painted, a pool, and what sharing saves."""
