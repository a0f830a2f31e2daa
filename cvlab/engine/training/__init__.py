"""Training: the recipe, the loop as a generator of events, checkpoints."""
