"""The digits panel."""
