#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Source files that are missing, unreadable, no text, empty or wrong: a clear message, the right status, no crash."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from command import Command

NO_INPUT, SOURCE, CRASH = 66, 65, 1

c = Command()
os.mkdir("directory")
c.write("binary.mag", b"ELF\0\1\2\3")
c.write("latin.mag", b"'caf\xe9' println.\n")
c.write("overlong.mag", b"'\xc0\xaf' println.\n")
c.write("empty.mag", b"")
c.write("blank.mag", b"\n\n   \n")
c.write("comment.mag", b"# nothing but a comment\n")
c.write("bom.mag", b"\xef\xbb\xbf'bom' println.\n")
c.write("crlf.mag", b"'a' println.\r\n'b' println.\r\n")
c.write("noend.mag", b"'no newline' println")

for verb in ["run", "disasm"]:
    c.expect("missing", [verb, "nosuch.mag"], NO_INPUT, "", ["nosuch.mag", "No such file"])
    c.expect("directory", [verb, "directory"], NO_INPUT, "",
             "directory/maggie.toml: No such file" if verb == "run" else "directory: it is a directory")
    c.expect("binary", [verb, "binary.mag"], NO_INPUT, "", ["binary.mag", "binary"])
    c.expect("not UTF-8", [verb, "latin.mag"], NO_INPUT, "", ["latin.mag", "UTF-8"])
    c.expect("overlong UTF-8", [verb, "overlong.mag"], NO_INPUT, "", "UTF-8")
c.expect("a device", ["run", "/dev/null"], 0, "", "")
c.expect("empty", ["run", "empty.mag"], 0, "", "")
c.expect("blank", ["run", "blank.mag"], 0, "", "")
c.expect("comment", ["run", "comment.mag"], 0, "", "")
c.expect("CR LF", ["run", "crlf.mag"], 0, "a\nb\n", "")
c.expect("no newline at the end", ["run", "noend.mag"], 0, "no newline\n", "")

if os.geteuid() != 0:  # root may read everything
    c.write("secret.mag", "1")
    os.chmod("secret.mag", 0)
    c.expect("unreadable", ["run", "secret.mag"], NO_INPUT, "", ["secret.mag", "ermission"])

# Errors in the source: all of them, each with file:line:column, the line and a caret; nothing runs.
c.write("errors.mag", "'ran' println.\n1 + .\n(2 * 3.\n'open\n")
c.expect("errors", ["run", "errors.mag"], SOURCE, "", ["errors.mag:2:5: error:", "1 + .", "    ^", "errors.mag:3:"])
c.write("twice.mag", "A subclass: Object\n  method: m [ ^( ]\n  method: n [ ^1 + ]\n")
c.expect("two methods", ["run", "twice.mag"], SOURCE, "", ["twice.mag:2:", "twice.mag:3:"])
c.write("super.mag", "A subclass: NoSuchClass\n  method: m [ ^1 ]\n'ran' println\n")
c.expect("unknown superclass", ["run", "super.mag"], SOURCE, "", ["super.mag:1:", "NoSuchClass"])
c.write("unknown.mag", "'before' println.\nNoSuchClass new\n")
c.expect("unknown class", ["run", "unknown.mag"], CRASH, "before\n",
         ["warning: 'NoSuchClass' is not declared", "UndeclaredVariable", "unknown.mag:2:1"])

# Deep nesting is refused by name and place, at any size, for each kind of nesting.
for name, opening, inner, closing in [("parentheses", "(", "1", ")"), ("blocks", "[", "1", "]"),
                                      ("arrays", "#(", "1", ")"), ("braces", "{", "1", "}"),
                                      ("dictionaries", "#{1 -> ", "1", "}"), ("operands", "1 - (", "1", ")")]:
    for depth in [2000, 200000]:
        c.write("deep.mag", opening * depth + inner + closing * depth)
        c.expect(f"deep {name}", ["run", "deep.mag"], SOURCE, "", ["deep.mag:1:", "error:"])
    c.write("deep.mag", opening * 100000)
    c.expect(f"open {name}", ["run", "deep.mag"], SOURCE, "", "error:")
    c.write("deep.mag", closing * 1000)
    c.expect(f"closing {name}", ["run", "deep.mag"], SOURCE, "", "error:")

# Chains of messages nest too. What fits runs; what does not is refused.
c.write("chain.mag", "('x'" + " yourself" * 900 + ") println")
c.expect("a chain of messages", ["run", "chain.mag"], 0, "x\n", "")
c.write("sum.mag", "(0" + " + 1" * 900 + ") println. 0")
c.expect("a sum", ["run", "sum.mag"], 0, "900\n", "")
for name, link in [("messages", " yourself"), ("operators", " + 1"), ("keywords", " foo: 1"), ("assignments", " := x")]:
    c.write("chain.mag", "x" + link * 100000)
    c.expect(f"a chain of {name}", ["run", "chain.mag"], SOURCE, "", ["chain.mag:1:", "error:"])

c.finish()
