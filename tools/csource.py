# SPDX-License-Identifier: MIT
"""What the checks need to know about a C file: its text without comments and strings, its comments, its functions.

This is no parser. It relies on the layout that clang-format gives this project: the brace that opens a function's
body, and the one that closes it, stand alone at the beginning of a line.
"""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

TOKEN = re.compile(
    r"""//[^\n]* | /\*.*?\*/ | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*'""",
    re.VERBOSE | re.DOTALL)


def blank(match):
    """The text as spaces, with its newlines kept, so that places stay the same."""
    return re.sub(r"[^\n]", " ", match.group())


class Function:
    def __init__(self, name, start, end):
        self.name = name
        self.start = start  # line of the signature, from 1
        self.end = end      # line of the closing brace
        self.body_start = start

    def lines(self):
        return self.end - self.body_start - 1


class Comment:
    def __init__(self, text, start, end):
        self.text = text    # without delimiters and leading stars, on one line
        self.start = start  # first line, from 1
        self.end = end


class CFile:
    def __init__(self, path):
        self.path = Path(path)
        self.name = str(self.path.relative_to(ROOT)) if self.path.is_absolute() else str(path)
        self.text = self.path.read_text(encoding="utf-8")
        self.lines = self.text.split("\n")
        self.code = TOKEN.sub(blank, self.text)  # neither comments nor strings
        self.code_lines = self.code.split("\n")
        self._comments = None
        self._functions = None

    @property
    def comments(self):
        if self._comments is None:
            self._comments = []
            for match in TOKEN.finditer(self.text):
                raw = match.group()
                if raw[0] != "/":
                    continue
                start = self.text.count("\n", 0, match.start()) + 1
                body = raw[2:-2] if raw[1] == "*" else raw[2:]
                words = " ".join(re.sub(r"^\s*\*(?!/)", "", line).strip()
                                 for line in body.split("\n"))
                self._comments.append(Comment(words.strip(), start, start + raw.count("\n")))
        return self._comments

    @property
    def functions(self):
        if self._functions is None:
            self._functions = []
            opened = None
            for number, line in enumerate(self.code_lines, 1):
                if line.rstrip() == "{":
                    opened = number
                elif line.startswith("}") and opened:
                    function = self._function_at(opened, number)
                    if function:
                        self._functions.append(function)
                    opened = None
        return self._functions

    def _function_at(self, opened, closed):
        """The function whose body opens at a line; its signature ends on the line above."""
        start = opened - 1
        signature = self.code_lines[start - 1]
        while start > 1 and (signature[:1].isspace() or not re.match(r"\w", signature)):
            start -= 1
            signature = self.code_lines[start - 1] + " " + signature
        signature = re.sub(r"__attribute__\s*\(\(.*?\)\)", "", signature)
        match = re.search(r"(\w+)\s*\(", signature)
        if not match:
            return None
        function = Function(match.group(1), start, closed)
        function.body_start = opened
        return function

    def function_around(self, line):
        for function in self.functions:
            if function.start <= line <= function.end:
                return function
        return None

    def includes(self):
        """Pairs of line number and header, with the quotes or angle brackets."""
        for number, line in enumerate(self.lines, 1):
            match = re.match(r'\s*#\s*include\s+(["<][^">]+[">])', line)
            if match:
                yield number, match.group(1)


def c_files(*directories, suffixes=(".c", ".h")):
    """The C files below directories of the project, in order of path."""
    found = []
    for directory in directories:
        for path in sorted((ROOT / directory).rglob("*")):
            if path.suffix in suffixes and path.is_file():
                found.append(CFile(path))
    return found


def report(tool, problems, subject):
    """Prints the problems and returns the exit status."""
    for problem in problems:
        print(problem)
    if problems:
        print(f"{tool}: {len(problems)} problem{'s' if len(problems) != 1 else ''}")
        return 1
    print(f"{tool}: {subject}: fine")
    return 0
