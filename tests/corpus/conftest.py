"""The corpus' own programs bring tests that run in a sandbox, not here."""

collect_ignore_glob = ["*/good/*"]
