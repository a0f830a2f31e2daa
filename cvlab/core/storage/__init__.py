"""Files: atomic writes, the project file, run folders."""
