#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-3.0-or-later
# Proves that ../summary.py counts what it should: a failure that it overlooked would make every other test worthless.
"""Usage: summary-test.py SUMMARY. Prints TAP."""

import json
import os
import subprocess
import sys
import tempfile

FLAT = "# random seed: R02\n1..3\nok 1 /a/b\nnot ok 2 /a/c\nok 3 /a/d # SKIP no such processor\n"
NESTED = (
    "TAP version 14\n# Subtest: a\n    ok 1 /a/b\n    # Subtest: c\n        ok 1 /a/c/d\n        1..1\n    ok 2 c\n    1..2\n"
    "ok 1 a\nok 2 /e\n1..2\n"
)
GOOD = "1..1\nok 1 /a\n"

# (name, tests as (result, stdout) or None for no log, last line, status)
CASES = [
    ("flat", [("FAIL", FLAT)], "1 passed, 1 failed, 1 skipped", 1),
    ("subtests count, their sums do not", [("OK", NESTED)], "3 passed, 0 failed, 0 skipped", 0),
    ("a crash after good points", [("OK", GOOD), ("ERROR", GOOD)], "2 passed, 1 failed, 0 skipped", 1),
    ("a time-out", [("TIMEOUT", "")], "0 passed, 1 failed, 0 skipped", 1),
    ("no TAP, good", [("OK", "hello\n")], "1 passed, 0 failed, 0 skipped", 0),
    ("no TAP, skipped, and nothing else", [("SKIP", "")], "0 passed, 0 failed, 1 skipped", 1),
    ("no log", None, "0 passed, 1 failed, 0 skipped", 1),
    ("an empty log", [], "0 passed, 1 failed, 0 skipped", 1),
]


def main():
    print(f"1..{len(CASES)}")
    good = True
    for number, (name, tests, expected, status) in enumerate(CASES, 1):
        with tempfile.TemporaryDirectory() as folder:
            log = os.path.join(folder, "testlog.json")
            if tests is not None:
                with open(log, "w", encoding="utf-8") as file:
                    for result, stdout in tests:
                        file.write(json.dumps({"name": "a", "result": result, "stdout": stdout, "returncode": 0}) + "\n")
            done = subprocess.run([sys.executable, "-B", sys.argv[1], "run=" + log], capture_output=True, text=True)
        found = done.stdout.splitlines()[-1:]
        right = found == [expected] and done.returncode == status
        if not right:
            print(f"# found {found}, status {done.returncode}; {done.stderr}")
        print(f"{'' if right else 'not '}ok {number} - {name}")
        good = good and right
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
