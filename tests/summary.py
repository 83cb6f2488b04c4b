#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-3.0-or-later
# Counts what meson's test logs hold: every TAP subtest for itself, which meson's own summary does not do.
"""Usage: summary.py RUN=LOG... where LOG is a testlog.json, which may be missing if the run never got that far.

Prints what failed, and as the last line "N passed, N failed, N skipped". Exits 1 unless all runs ran and nothing failed.
"""

import json
import re
import sys

POINT = re.compile(r"^(?P<indent> *)(?P<not>not )?ok\b[ \d]*(?:- )?(?P<name>[^#]*)(?:# *(?P<directive>\w+))?", re.IGNORECASE)


def points(tap):
    """Yields (name, outcome) of every leaf of a TAP stream.

    From version 14 on a subtest is an indented stream followed by one point that sums it up; that point counts only where
    nothing was indented before it.
    """
    deeper = -1
    for line in tap.splitlines():
        match = POINT.match(line)
        if not match:
            continue
        depth = len(match["indent"])
        is_sum = deeper > depth
        deeper = depth
        if is_sum:
            continue
        directive = (match["directive"] or "").upper()
        if directive.startswith("SKIP"):
            outcome = "skipped"
        else:
            outcome = "failed" if match["not"] else "passed"
        yield match["name"].strip(), outcome


def outcomes(test):
    """All (name, outcome) of one line of a testlog.json, so that a test that died is never counted as good."""
    result = test["result"]
    found = list(points(test.get("stdout") or ""))
    if not found:
        one = {"OK": "passed", "EXPECTEDFAIL": "passed", "SKIP": "skipped"}.get(result, "failed")
        found = [(result, one)]
    elif result not in ("OK", "SKIP", "EXPECTEDFAIL") and not any(outcome == "failed" for _, outcome in found):
        found.append((f"ended with {result}, status {test.get('returncode')}", "failed"))
    return found


def main():
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for argument in sys.argv[1:]:
        run, _, path = argument.partition("=")
        try:
            with open(path, encoding="utf-8", errors="replace") as log:
                tests = [json.loads(line) for line in log if line.strip()]
        except OSError:
            tests = []
        if not tests:
            print(f"failed: {run}: did not build, or no test ran")
            counts["failed"] += 1
        for test in tests:
            for name, outcome in outcomes(test):
                counts[outcome] += 1
                if outcome != "passed":
                    print(f"{outcome}: {run}: {test['name']}: {name}")
    print(", ".join(f"{counts[outcome]} {outcome}" for outcome in ("passed", "failed", "skipped")))
    return 1 if counts["failed"] or not counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
