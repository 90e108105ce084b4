"""Readers of tools' outputs, one file a tool: each gives findings, or says that the tool itself broke."""
