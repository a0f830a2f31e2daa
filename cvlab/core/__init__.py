"""The lab's state: projects, runs, history, settings. Knows no Qt; may import `engine`."""
