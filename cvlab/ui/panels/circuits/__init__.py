"""The circuits panel: an expression as a circuit, and the chain rule one gate at a time."""
