"""The linear panel: scores, losses and their gradients, as sums, as lines in the plane, and as templates."""
