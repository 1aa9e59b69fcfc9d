#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The command line: help, version, wrong commands and options, eval, disasm, exit statuses."""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from command import Command

CRASH, USAGE, DEADLOCK, SOURCE = 1, 2, 3, 65

c = Command()
version = c.start(["--version"])
text = version.communicate()[0].decode()
c.check("--version", version.returncode == 0 and re.fullmatch(r"maggie \d+\.\d+\.\d+\n", text), repr(text))
for option in ["--help", "-h"]:
    helping = c.start([option])
    text = helping.communicate()[0].decode()
    c.check(option, helping.returncode == 0 and "maggie run" in text and "--schedulers" in text, repr(text))

hint = "maggie --help"
c.expect("nothing", [], USAGE, "", "maggie run")
c.expect("no such command", ["frobnicate"], USAGE, "", ["frobnicate", hint])
c.expect("no such option", ["run", "--bogus", "1", "a.mag"], USAGE, "", ["--bogus", hint])
for verb in ["run", "eval", "disasm"]:
    c.expect("no operand", [verb], USAGE, "", [verb, hint])
for option in ["--schedulers", "--max-heap", "--seed", "--event-log"]:
    c.expect("no value", ["run", option], USAGE, "", [option, hint])
for value in ["0", "-1", "256", "x", "1x", "", "99999999999999999999"]:
    c.expect("schedulers", ["eval", "--schedulers", value, "1"], USAGE, "", "--schedulers")
for value in ["0", "-1", "5X", "M", "", "1MM", "99999999999999999999", "99999999999G"]:
    c.expect("max-heap", ["eval", "--max-heap", value, "1"], USAGE, "", "--max-heap")
for value in ["x", "-1", "", "1.5", "99999999999999999999"]:
    c.expect("seed", ["eval", "--seed", value, "1"], USAGE, "", "--seed")
c.expect("event log", ["eval", "--seed", "1", "--event-log", "/nosuch/log", "1"], USAGE, "", "event log")

c.expect("eval", ["eval", "3 + 4"], 0, "7\n", "")
c.expect("eval of a string", ["eval", "'a' , 'b'"], 0, "'ab'\n", "")
c.expect("eval with options", ["eval", "--schedulers", "3", "--max-heap", "64M", "[6 * 7] fork wait"], 0, "42\n", "")
c.expect("eval, seeded", ["eval", "--seed", "5", "Process sleep: 3600000. 1"], 0, "1\n", "")
c.expect("eval of nothing", ["eval", ""], 0, "nil\n", "")
c.expect("eval, bad syntax", ["eval", "1 +"], SOURCE, "", "(eval):")
c.expect("eval, open string", ["eval", "'abc"], SOURCE, "", ["(eval):1:", "unterminated"])
c.expect("eval, crash", ["eval", "3 / 0"], CRASH, "", ["ZeroDivide", "(eval):1"])
c.expect("eval, unknown class", ["eval", "Foo new"], CRASH, "", ["Foo", "UndeclaredVariable"])
c.expect("eval, not understood", ["eval", "3 zork: 4"], CRASH, "", "zork:")
c.expect("eval, wrong arity", ["eval", "[:a | a] value"], CRASH, "", "WrongArgumentCount")

c.write("seven.mag", "7")
c.write("arguments.mag", "System args println. ^System args size")
c.write("wait.mag", "Process receive")
c.expect("the result is the status", ["run", "seven.mag"], 7, "", "")
c.expect("arguments", ["run", "arguments.mag", "a", "--seed", "b c"], 3, "#('a' '--seed' 'b c')\n", "")
c.expect("deadlock", ["run", "wait.mag"], DEADLOCK, "", "every process waits")
c.expect("deadlock, seeded", ["run", "--seed", "1", "wait.mag"], DEADLOCK, "", "every process waits")
c.expect("System exit:", ["eval", "System exit: 9"], 9, "", "")
c.expect("Process exit:", ["eval", "Process exit: #reason"], CRASH, "", "")
c.expect("a cap on memory", ["eval", "--max-heap", "8M", "| l | l := ArrayList new. [l add: (Array new: 1000)] repeat"],
         CRASH, "", "memory")

disassembled = c.start(["disasm", "seven.mag"])
text = disassembled.communicate()[0].decode()
c.check("disasm", disassembled.returncode == 0 and "RET" in text, repr(text))
c.write("bad.mag", "1 +")
c.expect("disasm of bad source", ["disasm", "bad.mag"], SOURCE, "", "bad.mag:1:")

# The same seed gives the same event log, another one another.
c.write("race.mag", "m := Process current. 1 to: 9 do: [:i | [i \\\\ 4 timesRepeat: [Process yield]. m send: i] fork]. "
        "9 timesRepeat: [Process receive]. 0")
logs = {}
for seed, name in [(3, "a"), (3, "b"), (4, "c")]:
    c.expect("event log", ["run", "--seed", str(seed), "--event-log", name, "race.mag"], 0, "", "")
    logs[name] = Path(name).read_bytes()
c.check("one seed", logs["a"] == logs["b"] and len(logs["a"]) > 200, "two logs differ, or are empty")
c.check("two seeds", logs["a"] != logs["c"], "the same log for two seeds")

c.finish()
