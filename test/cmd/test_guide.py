#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The guide's chapter on testing: its files, written as they stand there, and its commands, with what they print."""

import re
import shlex
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "test/support"))
from command import Command

c = Command()
chapter = (ROOT / "docs/guide/testing.md").read_text()
for name, text in re.findall(r"^```maggie-test (\S+)\n(.*?)^```", chapter, re.MULTILINE | re.DOTALL):
    c.write(name, text)
commands = re.findall(r"^```console\n\$ maggie (.*?)\n(.*?)^```", chapter, re.MULTILINE | re.DOTALL)
for command, printed in commands:
    status = 1 if "FAIL" in printed else 0
    c.expect(command, shlex.split(command), status, printed, "")
c.check("commands", len(commands) >= 6, commands)
programs = re.findall(r"^```maggie\n(.*?)^```", chapter, re.MULTILINE | re.DOTALL)
for program in programs:
    c.write("program.mag", program)
    wanted = "".join(line + "\n" for line in re.findall(r'"=> ?([^"]*)"', program))
    c.expect("a program", ["run", "program.mag"], 0, wanted, "")
c.check("programs", len(programs) >= 1, programs)
c.finish()
