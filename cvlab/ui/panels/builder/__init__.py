"""The builder panel."""
