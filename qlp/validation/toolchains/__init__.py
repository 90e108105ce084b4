"""The built-in toolchains, one file each; pyproject.toml registers them in the group `qlp.validators`."""
