"""Panel states that are documents of their own, one module each. They know no widget."""
