"""Programs that attack the sandbox, each with the verdict that is expected on every backend.

`programs/` says what they are, `verdict.py` what may become of them, `census.py` what must be left (nothing).
`python -m tests.hostile.document` writes docs/sandbox-hostile.md from this data.
"""
