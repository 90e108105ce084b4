"""Prompt templates: package data with a version in their header, hashed into every capsule's manifest."""
