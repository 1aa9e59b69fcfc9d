#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Rewrap block comments that are too wide: tools/reflow.py [--check] FILE...

clang-format would rewrap diagrams and tables too, so it leaves comments alone, and this does the rest. Only
paragraphs with a line of over 100 columns are touched, and none that looks like a table (three spaces in a row).
A paragraph ends at an empty line, another indentation, a list item or an invariant's label (`Q1  text`).
"""

import re
import sys
import textwrap
from pathlib import Path

WIDTH = 100
LINE = re.compile(r"^(?P<indent>\s*)(?P<mark>/\*| \*)(?P<gap> +)(?P<text>\S.*)$")
LABEL = re.compile(r"[A-Z]{1,2}\d+[a-z]?  +")
ITEM = re.compile(r"(?:[-*] |\d+[.)] |[A-Z]{1,2}\d+[a-z]?  )")


class Paragraph:
    """Lines of a comment that are wrapped together."""

    def __init__(self, match):
        self.lines = [match.string]
        self.first = match["indent"] + match["mark"] + match["gap"]
        label = LABEL.match(match["text"])
        self.label = label.group() if label else ""
        self.rest = match["indent"] + " *" + match["gap"] + " " * len(self.label)
        self.texts = [match["text"][len(self.label):]]

    def takes(self, line):
        """Whether a line goes on with this paragraph."""
        if "*/" in self.lines[-1] or not line.startswith(self.rest):
            return False
        text = line[len(self.rest):]
        return bool(text) and not text[0].isspace() and not ITEM.match(text) and text != "/"

    def add(self, line):
        self.lines.append(line)
        self.texts.append(line[len(self.rest):])

    def wrapped(self):
        if all(len(line) <= WIDTH for line in self.lines) or any("   " in text for text in self.texts):
            return self.lines
        text = re.sub(r" \*/$", "\0*/", " ".join(self.texts))  # the end stays with the last word
        wrapped = textwrap.wrap(text, WIDTH, initial_indent=self.first + self.label,
                                subsequent_indent=self.rest, break_long_words=False, break_on_hyphens=False)
        return [line.replace("\0", " ") for line in wrapped]


def reflow(text):
    lines, out, inside, at = text.split("\n"), [], False, 0
    while at < len(lines):
        line = lines[at]
        opens = not inside and re.match(r"\s*/\*", line)
        match = LINE.match(line) if inside or opens else None
        if not match or (opens and "*/" in line and not line.rstrip().endswith("*/")):
            inside = (inside or bool(opens)) and "*/" not in line
            out.append(line)
            at += 1
            continue
        paragraph = Paragraph(match)
        at += 1
        while at < len(lines) and paragraph.takes(lines[at]):
            paragraph.add(lines[at])
            at += 1
        out += paragraph.wrapped()
        inside = "*/" not in paragraph.lines[-1]
    return "\n".join(out)


def main():
    check = "--check" in sys.argv[1:]
    changed = 0
    for name in sys.argv[1:]:
        if name == "--check":
            continue
        path = Path(name)
        before = path.read_text(encoding="utf-8")
        after = reflow(before)
        if after != before:
            changed += 1
            if check:
                print(f"{name}: ./dev fmt would change its comments")
            else:
                path.write_text(after, encoding="utf-8")
    return 1 if check and changed else 0


if __name__ == "__main__":
    sys.exit(main())
