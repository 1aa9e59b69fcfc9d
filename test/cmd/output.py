#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Standard output and error: closed, slow, full. All that is printed arrives, in order, or the program goes on
without it."""

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from command import TIMEOUT_S, Command

c = Command()
LINES = 40000  # some 800 KiB: above every buffer between
c.write("many.mag", f"1 to: {LINES} do: [:i | ('line ' , i printString , ' of many') println]. 5")
EXPECTED = "".join(f"line {i} of many\n" for i in range(1, LINES + 1)).encode()


def wait(process, what):
    try:
        return process.wait(TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        c.check(what, False, "it does not end")
        return None


def check_bytes(what, got, expected):
    c.check(what, got == expected, f"{len(got)} bytes instead of {len(expected)}, "
            f"{hashlib.md5(got).hexdigest()}, ends in {got[-40:]!r}")


# A reader that sleeps first, and then takes small pieces.
for schedulers in ["1", "2"]:
    process = c.start(["run", "--schedulers", schedulers, "many.mag"])
    time.sleep(0.3)
    pieces = []
    while piece := os.read(process.stdout.fileno(), 5000):
        pieces.append(piece)
        if len(pieces) < 40:
            time.sleep(0.005)
    status = wait(process, "slow pipe")
    check_bytes("slow pipe", b"".join(pieces), EXPECTED)
    c.check("slow pipe", status == 5, f"status {status}")

# A string above every bound, at once; from several processes, whose pieces stay whole.
c.write("large.mag", "s := String new: 3000000 withAll: $x. s println. 0")
process = c.start(["run", "large.mag"])
out, err = process.communicate(timeout=TIMEOUT_S)
check_bytes("one large string", out, b"x" * 3000000 + b"\n")
c.write("both.mag", """
all := (1 to: 4) asArray collect: [:i |
  [1 to: 200 do: [:k | (String new: 3000 withAll: (i printString at: 1)) println]] fork].
all do: [:each | each wait].
0
""")
process = c.start(["run", "both.mag"])
time.sleep(0.2)
out, err = process.communicate(timeout=TIMEOUT_S)
lines = out.decode().split("\n")[:-1]
c.check("pieces", len(lines) == 800 and all(len(line) == 3000 and len(set(line)) == 1 for line in lines),
        f"{len(lines)} lines, {[len(line) for line in lines if len(line) != 3000][:5]}; {err[-300:]}")

# Nobody reads: the program goes on.
process = c.start(["run", "many.mag"])
process.stdout.close()
c.check("closed pipe", wait(process, "closed pipe") == 5, f"status {process.returncode}")
check_bytes("closed pipe", process.stderr.read(), b"")
process = c.start(["run", "many.mag"])
os.read(process.stdout.fileno(), 100)
process.stdout.close()
c.check("pipe closed later", wait(process, "pipe closed later") == 5, f"status {process.returncode}")

# No such descriptor, and a disk that is full.
process = subprocess.Popen(["sh", "-c", f"exec '{c.maggie}' run many.mag >&-"], stderr=subprocess.PIPE)
c.check("no stdout", wait(process, "no stdout") == 5, f"status {process.returncode}")
process = subprocess.Popen(["sh", "-c", f"exec '{c.maggie}' run many.mag >&- 2>&- <&-"])
c.check("no descriptors", wait(process, "no descriptors") == 5, f"status {process.returncode}")
if os.path.exists("/dev/full"):
    with open("/dev/full", "wb") as full:
        process = c.start(["run", "many.mag"], stdout=full)
        c.check("full disk", wait(process, "full disk") == 5, f"status {process.returncode}")

# Output before a crash, a kill of all, System exit: and a deadlock is not lost.
COUNT = 2000 if "stress" in str(c.maggie) else 20000  # a collection at every reserve takes its time
for ending, status in [("1 / 0", 1), ("System exit: 4", 4), ("Process receive", 3), ("Process current kill", 1)]:
    c.write("ends.mag", f"1 to: {COUNT} do: [:i | i println]. {ending}")
    process = c.start(["run", "ends.mag"])
    out, err = process.communicate(timeout=TIMEOUT_S)
    check_bytes(ending, out, "".join(f"{i}\n" for i in range(1, COUNT + 1)).encode())
    c.check(ending, process.returncode == status, f"status {process.returncode}: {err!r}")

# A thousand crash reports, whole ones, each once.
c.write("crashes.mag", "all := (1 to: 1000) asArray collect: [:i | [i foo] fork]. all do: [:each | each wait]. 0")
process = c.start(["run", "crashes.mag"])
time.sleep(0.3)
out, err = process.communicate(timeout=TIMEOUT_S)
c.check("crash reports", err.count(b"MessageNotUnderstood") == 1000 and err.count(b"Error: process ") == 1000,
        f"{err.count(b'Error: process ')} reports")
c.check("crash reports", process.returncode == 0, f"status {process.returncode}")

c.finish()
