"""How good probabilities are: measures, reports and curves. Needs the extra `train` (numpy)."""
