#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every primitive has two ends. Checks that the methods marked <primitive> in lib/*.mag and the tables in C agree.

    method: at: index [ <primitive> ]        in lib/Array.mag
    {"Array>>at:", prim_array_at},           in a table mg_prims_... of a C file

A method without a function stops the start of a node, and a function without a method is dead code; so is a table that
primtab.c (or the layer above that registers its own) does not name.
"""

import re
import sys
from pathlib import Path

from csource import ROOT, report

# What is no code in Maggie: docstrings, comments, strings, characters. Order matters.
MAG_TOKEN = re.compile(r'""".*?""" | "[^"]*" | (?<!\S)\#(?:\s[^\n]*|$) | \$. | \'(?:[^\']|\'\')*\'',
                       re.VERBOSE | re.DOTALL | re.MULTILINE)
CLASS = re.compile(r"^([A-Z][\w:]*)\s+(subclass:|trait\b|class\b)", re.MULTILINE)
METHOD = re.compile(r"^[ \t]*(method|classMethod):[ \t]*([^\[\n]*)\[\s*<primitive>", re.MULTILINE)
ANNOTATION = re.compile(r"[\^!]?\s*<[A-Za-z][^<>]*>")

TABLE = re.compile(r"^const struct mg_prim_entry (mg_prims_\w+)\[\] = \{(.*?)^\};", re.MULTILINE | re.DOTALL)
ENTRY = re.compile(r'\{\s*"((?:[^"\\]|\\.)*)",\s*(\w+)\s*\}')


def blank(match):
    return re.sub(r"[^\n]", " ", match.group())


def selector(pattern):
    """The selector of a method's pattern: `at: i <Integer> put: x` is at:put:."""
    words = ANNOTATION.sub(" ", pattern).split()
    if not words:
        return ""
    if len(words) == 1:
        return words[0]
    keywords = [word for word in words if word.endswith(":")]
    return "".join(keywords) if keywords else words[0]


def declared(path, problems):
    """The primitives that a library file declares: name -> place."""
    text = MAG_TOKEN.sub(blank, path.read_text(encoding="utf-8"))
    classes = [(m.start(), m[1], m[2]) for m in CLASS.finditer(text)]
    found = {}
    for m in METHOD.finditer(text):
        place = f"{path.relative_to(ROOT)}:{text.count(chr(10), 0, m.start()) + 1}"
        above = [c for c in classes if c[0] < m.start()]
        if not above or above[-1][2] == "trait":
            problems.append(f"{place}: a primitive belongs to a class")
            continue
        owner = above[-1][1] + (" class" if m[1] == "classMethod" else "")
        name = f"{owner}>>{selector(m[2])}"
        if name in found:
            problems.append(f"{place}: {name} is declared before, at {found[name]}")
        found[name] = place
    if text.count("<primitive>") != len(METHOD.findall(text)):
        problems.append(f"{path.relative_to(ROOT)}: a <primitive> that does not begin a method's body")
    return found


def tables(path, problems):
    """The tables of a C file: table -> {name: place}."""
    text = path.read_text(encoding="utf-8")
    found = {}
    for m in TABLE.finditer(text):
        entries = found.setdefault(m[1], {})
        if not re.search(r"\{NULL, NULL\},\s*$", m[2]):
            problems.append(f"{path.relative_to(ROOT)}: {m[1]} does not end in {{NULL, NULL}}")
        for e in ENTRY.finditer(m[2]):
            name = e[1].replace("\\\\", "\\")
            entries[name] = f"{path.relative_to(ROOT)}:{text.count(chr(10), 0, m.start(2) + e.start()) + 1}"
    return found


def main():
    problems, methods, functions, uses = [], {}, {}, ""
    for path in sorted((ROOT / "lib").glob("**/*.mag")):
        for name, place in declared(path, problems).items():
            if name in methods:
                problems.append(f"{place}: {name} is declared before, at {methods[name]}")
            methods[name] = place

    all_tables = {}
    for path in sorted((ROOT / "src").glob("**/*.c")):
        if path.name.startswith("prim"):
            all_tables.update(tables(path, problems))
        uses += TABLE.sub("", path.read_text(encoding="utf-8"))
    for table, entries in all_tables.items():
        if not re.search(rf"\b{table}\b", uses):
            problems.append(f"{table}: no list of tables names it")
        for name, place in entries.items():
            if name in functions:
                problems.append(f"{place}: {name} has a function already, at {functions[name]}")
            functions[name] = place

    problems += [f"{place}: no table has a function for {name}"
                 for name, place in methods.items() if name not in functions]
    problems += [f"{place}: no library method {name} is marked <primitive>"
                 for name, place in functions.items() if name not in methods]
    if not methods or not functions:
        problems.append("no primitives found: has the layout changed?")
    return report("prims", problems, f"{len(methods)} primitives")


if __name__ == "__main__":
    sys.exit(main())
