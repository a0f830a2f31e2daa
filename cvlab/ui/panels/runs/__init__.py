"""The runs panel: every run kept, compared, annotated and taken up again."""
