"""Runs in the sandbox: compiles every .py below the project and prints {files, errors} as JSON."""

import json
import os
import sys
import warnings

SKIP = {".git", ".qlp", ".home", ".venv", "node_modules", "__pycache__"}
warnings.simplefilter("ignore")
errors = []
count = 0
for folder, folders, names in os.walk("."):
    folders[:] = sorted(d for d in folders if d not in SKIP)
    for name in sorted(names):
        if not name.endswith(".py"):
            continue
        path = os.path.relpath(os.path.join(folder, name), ".")
        count += 1
        with open(path, "rb") as handle:
            source = handle.read()
        try:
            compile(source, path, "exec", dont_inherit=True)
        except SyntaxError as error:
            errors.append({"file": path, "line": error.lineno, "column": error.offset, "message": error.msg})
        except ValueError as error:
            errors.append({"file": path, "line": None, "column": None, "message": str(error)})
json.dump({"files": count, "errors": errors}, sys.stdout)
