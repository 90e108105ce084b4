"""What runs in the sandbox: packed into one archive (archive.py), standard library and tree-sitter only."""
