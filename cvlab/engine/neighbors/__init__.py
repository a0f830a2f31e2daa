"""Decisions by looking things up: distances, exact search, votes, cross-validation, and pictures of what they decide."""
