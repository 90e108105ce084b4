"""Parts of `python -m benchmarks.sandbox`: an engine of its own, the contenders, the load, the peers."""
