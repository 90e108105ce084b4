"""One router an area."""
