"""Runs verify.py for each line of standard input, a JSON array of its arguments, in one process.

Answers each with two lines: what it printed, and its exit code.
"""

import json
import sys

import verify

for line in sys.stdin:
    sys.argv = ["verify.py", *json.loads(line)]
    print(verify.main(), flush=True)
