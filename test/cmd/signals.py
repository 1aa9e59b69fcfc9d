#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""SIGINT and SIGTERM: supervised trees stop in order and clean up; a second SIGINT ends the program at once; programs
that compute or wait for ever end too."""

import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from command import TIMEOUT_S, Command

TREE = """
main := Process current.
noisy := [:id | ChildSpec id: id start: [
  [main send: #up. Process sleepForever] ensure: [Process sleep: 20. ('stopped ' , id displayString) println]]].
(Supervisor new: #oneForOne children: {noisy value: #a. noisy value: #b}) start.
(Supervisor new: #oneForOne children: {
  noisy value: #c.
  ChildSpec supervisor: #inner start: [Supervisor new: #oneForOne children: {noisy value: #d. noisy value: #e}]}) start.
5 timesRepeat: [Process receive].
'ready' println.
[Process sleepForever] ensure: ['main' println]
"""
TREE_STOPPED = ["stopped e", "stopped d", "stopped c", "stopped b", "stopped a"]

SLOW = """
main := Process current.
(Supervisor new: #oneForOne children: {ChildSpec id: #slow start: [
  [main send: #up. Process sleepForever] ensure: ['cleaning' println. Process sleep: 60000. 'cleaned' println]]
    restart: #permanent shutdown: 60000}) start.
Process receive.
'ready' println.
Process sleepForever
"""

c = Command()


def start_ready(arguments):
    """Starts it and waits for its line `ready`."""
    process = c.start(arguments)
    line = process.stdout.readline()
    c.check("ready", line == b"ready\n", f"printed {line!r}: {arguments}")
    return process


def finish_within(process, seconds, what):
    """Waits for the end. What it printed since, and how long it took."""
    begun = time.monotonic()
    try:
        out, err = process.communicate(timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
    took = time.monotonic() - begun
    c.check(what, took < seconds, f"took {took:.1f} s")
    c.check(what, b"panic" not in err and b"Sanitizer" not in err, err.decode("utf-8", "replace"))
    return out.decode().split("\n")[:-1], err.decode()


c.write("tree.mag", TREE)
c.write("slow.mag", SLOW)
c.write("busy.mag", "'ready' println. [true] whileTrue: [3 + 4]")
c.write("wait.mag", "'ready' println. Process sleepForever")
c.write("many.mag", "1 to: 50 do: [:i | [[true] whileTrue: [i + 1]] fork]. 'ready' println. Process sleepForever")
c.write("trap.mag", "Process current trapExit: true. 'ready' println. [Process receive: 100000] repeat")

for name in [signal.SIGINT, signal.SIGTERM]:
    for schedulers in ["1", "2"]:
        what = f"a tree, {name.name}, {schedulers} schedulers"
        process = start_ready(["run", "--schedulers", schedulers, "tree.mag"])
        process.send_signal(name)
        lines, err = finish_within(process, 20, what)
        c.check(what, lines[:5] == TREE_STOPPED, f"{lines} {err}")
        c.check(what, lines[5:] == ["main"], f"the main process cleans up after the trees: {lines}")
        c.check(what, process.returncode == 0, f"status {process.returncode}")

for script in ["busy.mag", "wait.mag", "many.mag", "trap.mag"]:
    process = start_ready(["run", script])
    process.send_signal(signal.SIGINT)
    finish_within(process, 20, script)
    c.check(script, process.returncode == 0, f"status {process.returncode}")

for count in [1, 5]:
    process = start_ready(["run", "slow.mag"])
    process.send_signal(signal.SIGINT)
    line = process.stdout.readline()
    c.check("slow", line == b"cleaning\n", repr(line))
    for _ in range(count):
        process.send_signal(signal.SIGINT)
    lines, _ = finish_within(process, 8, "a second SIGINT")
    c.check("a second SIGINT", lines == [], f"printed {lines}")
    c.check("a second SIGINT", process.returncode == 0, f"status {process.returncode}")

# A signal at any moment of a start.
for delay in [0, 1, 2, 4, 6, 8, 12, 20, 40]:
    process = c.start(["run", "tree.mag"])
    time.sleep(delay / 1000)
    process.send_signal(signal.SIGINT)
    _, err = finish_within(process, 20, f"after {delay} ms")
    c.check(f"after {delay} ms", process.returncode in (0, -signal.SIGINT), f"status {process.returncode}: {err}")

c.finish()
