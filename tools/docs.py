#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the documents name exists. Checks back-quoted paths and mg_ symbols, and links, in *.md.

A back-quoted word counts as a path when it begins with a directory of the project (`src/base/map.h`); a trailing
`:line`, a `*` and words for any name (`test/KIND/NAME.c`) are understood. A back-quoted `mg_noun_verb` or `MG_NOUN`
must occur in the sources. Links to other files of the project must lead somewhere.
"""

import re
import sys

from csource import ROOT, c_files, report

DIRECTORIES = "src|lib|test|tools|docs|examples|bench|\\.ci"
CODE = re.compile(r"`([^`\n]+)`")
PATH = re.compile(rf"(?:\./)?((?:{DIRECTORIES})/[\w./*{{}},-]*)(?::\d+)?")
SYMBOL = re.compile(r"\b(mg_[a-z0-9]+_[a-z0-9_]+|MG_[A-Z0-9_]+)\b")
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
PLACEHOLDER = re.compile(r"(?<![A-Za-z])(LAYER|FILE|NAME|KIND|TARGET|PROFILE)(?![A-Za-z])")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def path_exists(name):
    """`a/{b,c}.h` names two files; a star matches."""
    braces = re.match(r"(.*)\{([^}]*)\}(.*)", name)
    if braces:
        return all(path_exists(braces[1] + part + braces[3]) for part in braces[2].split(","))
    if "*" in name:
        return any(ROOT.glob(name.rstrip("/")))
    return (ROOT / name.rstrip("/")).exists()


def documents():
    for path in sorted(ROOT.rglob("*.md")):
        if "build" not in path.relative_to(ROOT).parts[:1]:
            yield path


def main():
    words = set()
    for file in c_files("src", "test", suffixes=(".c", ".h", ".def")):
        words.update(re.findall(r"\w+", file.text))
    for build_file in ["meson.build", *map(str, ROOT.glob("src/*/meson.build"))]:
        words.update(re.findall(r"\w+", (ROOT / build_file).read_text(encoding="utf-8")))

    problems = []
    count = 0
    for path in documents():
        count += 1
        text = path.read_text(encoding="utf-8")
        prose = FENCE.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)
        name = path.relative_to(ROOT)
        for number, line in enumerate(prose.split("\n"), 1):
            for code in CODE.findall(line):
                match = PATH.fullmatch(code)
                if match and not PLACEHOLDER.search(code) and not path_exists(match.group(1)):
                    problems.append(f"{name}:{number}: `{code}` does not exist")
                for symbol in SYMBOL.findall(code):
                    if symbol not in words and not symbol.endswith("_"):
                        problems.append(f"{name}:{number}: `{symbol}` is in no source")
            for link in LINK.findall(line):
                if "://" not in link and not link.startswith("mailto:") and not (path.parent / link).exists():
                    problems.append(f"{name}:{number}: the link to {link} leads nowhere")
    return report("docs", problems, f"{count} documents")


if __name__ == "__main__":
    sys.exit(main())
