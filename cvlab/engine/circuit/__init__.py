"""Expressions as circuits: gates, one forward pass, one backward pass, one gate at a time."""
