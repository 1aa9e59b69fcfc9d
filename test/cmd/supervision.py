#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Supervision under many schedules: the table of all strategies, restart kinds and places of a crash gives what
Erlang's rules say whatever the schedule; and a child that crashes at once is a small matter: few restarts, few lines."""

import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from command import TIMEOUT_S, Command

TABLE = Path(__file__).resolve().parent.parent / "lang" / "supervision" / "support" / "crash_table.mag"
CELLS_MIN = 200
LINES_MAX = 12
RESTARTS_MAX = 10

MINUTE = """
main := Process current.
(Supervisor new: #oneForOne children: {ChildSpec id: #a start: [main send: #up. nil frobnicate]}
  maxRestarts: 1000 maxSeconds: 60) start.
Process sleep: 60000.
starts := 0.
[Process tryReceive isNil] whileFalse: [starts := starts + 1].
starts println.
0
"""

c = Command()
slow = Path(c.maggie).parent.name in ("asan", "tsan", "stress")
SEEDS = 5 if slow else 60


def run(arguments):
    process = c.start(arguments)
    out, err = process.communicate(timeout=TIMEOUT_S)
    return process.returncode, out.decode(), err.decode()


c.write("minute.mag", MINUTE)
for seed in range(1, SEEDS + 1):
    status, out, err = run(["run", "--seed", str(seed), str(TABLE)])
    words = out.split("\n")[-2].split() if out else []
    good = status == 0 and words[1:] == ["cells,", "0", "wrong"] and int(words[0]) >= CELLS_MIN
    c.check(f"the table, seed {seed}", good, f"status {status}: {out[-1000:]} {err[-300:]}")
for schedulers in ("1", "2", "4"):
    status, out, err = run(["run", "--schedulers", schedulers, str(TABLE)])
    c.check(f"the table, {schedulers} schedulers", status == 0 and out.endswith(" 0 wrong\n"), out[-2000:])

for seed in range(1, 4):
    status, out, err = run(["run", "--seed", str(seed), "minute.mag"])
    lines = err.strip().split("\n")
    c.check("a minute", status == 0 and 3 <= int(out) - 1 <= RESTARTS_MAX, f"{out} {err}")
    c.check("a minute", len(lines) <= LINES_MAX, f"{len(lines)} lines: {err}")
    for number in range(1, int(out)):
        told = [line for line in lines if "child #a ended with #error" in line and f"; restart {number} " in line
                and "MessageNotUnderstood: Message not understood: frobnicate" in line]
        c.check("a minute", len(told) == 1, f"which, why and how often, restart {number}: {err}")
    c.check("a minute", "minute.mag:3" in err, f"where: {err}")

c.finish()
