"""Shipped confidence models: NAME.json, its report NAME.report.json and its card NAME.md."""
