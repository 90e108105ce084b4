"""T0: parameterised projects and functions that the platform makes with no model at all."""
