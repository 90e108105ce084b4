"""How a confidence model is made: rows, leak-free folds, candidates, calibration maps. Needs the extra `train`."""
