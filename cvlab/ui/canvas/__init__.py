"""The node-graph canvas; knows no panel."""
