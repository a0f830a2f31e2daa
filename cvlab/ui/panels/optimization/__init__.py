"""The panel of the way down: surfaces, the race of update rules, and learning-rate schedules."""
