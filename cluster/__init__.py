"""Bring-up: a private cluster for one command, a local one that stays, and the files for larger ones."""
