"""Parts of benchmarks/validation.py."""
