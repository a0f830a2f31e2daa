"""The course, as code: numpy and torch. Knows no Qt and nothing of `core` or `ui`."""
