#!/usr/bin/env python3
"""Every C++ file is laid out as the pinned clang-format does it:  format_test.py FOLDER CLANG_FORMAT [--fix]"""
import os
import subprocess
import sys

import lint

folder, formatter = sys.argv[1:3]
if not os.path.isfile(formatter):
    print(f"skipped: there is no {formatter}; tools/setup fetches it")
    sys.exit(77)
sources = [path for path in lint.files(folder) if path.endswith(lint.SOURCE)]
mode = ["-i"] if "--fix" in sys.argv else ["--dry-run", "-Werror", "--ferror-limit=1"]
result = subprocess.run([formatter, *mode, *sources], cwd=folder, capture_output=True, text=True, check=False)
if result.returncode != 0:
    print(result.stderr)
    print(f"python3 tests/lint/format_test.py . {formatter} --fix   mends it")
    sys.exit(1)
print(f"{len(sources)} files as {subprocess.run([formatter, '--version'], capture_output=True, text=True, check=True).stdout.strip()} lays them out")
