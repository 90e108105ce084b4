"""How a confidence model is made: feature rows, leak-free folds, candidates, calibration maps. Needs the extra `train`."""
