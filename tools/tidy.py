#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The house style as a test.

    tools/tidy.py                     the sources
    tools/tidy.py --objects BUILD     also the object files of a release build: no writable data

A rule is broken with a reason, where it is broken, or not at all:

    /* tidy: long function: the dispatch loop is one table */   above or inside the function
    /* tidy: long file: one table of primitives */               near the top of the file

An exemption that is no longer needed is a problem too.
"""

import argparse
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from csource import ROOT, c_files, report

FILE_LINES_MAX = 1000
LINE_WIDTH_MAX = 100
TABLE_WIDTH_MAX = 140  # .def files: a row is read across
FUNCTION_LINES_MAX = 70
SPDX = "SPDX-License-Identifier: MIT"

# Layers in which every source file has a unit test of its own.
TESTED_LAYERS = ["base", "object", "mailbox", "sched", "compiler"]

# Calls that src/ makes in base/ only, and what to call instead.
BANNED_OUTSIDE_BASE = {
    "malloc": "mg_alloc", "calloc": "mg_alloc_zero", "realloc": "mg_realloc", "free": "mg_free",
    "aligned_alloc": "mg_alloc_aligned", "posix_memalign": "mg_alloc_aligned",
    "strdup": "mg_alloc_copy", "strndup": "mg_alloc_copy",
    "time": "base/clock.h", "gettimeofday": "base/clock.h", "clock_gettime": "base/clock.h",
    "getrandom": "base/rng.h", "random": "base/rng.h", "srand": "base/rng.h",
}
# Calls that nobody makes.
BANNED = {
    "strcpy": "memcpy with a length", "strcat": "mg_buf_puts", "sprintf": "mg_buf_printf or snprintf",
    "vsprintf": "vsnprintf", "atoi": "strtol", "atol": "strtol", "rand": "base/rng.h", "gets": "fgets",
    "strtok": "a loop", "setjmp": "error codes", "longjmp": "error codes", "alloca": "mg_alloc",
}

# Writable data that may exist in a release build, and why. Everything else hangs off a node (I1).
WRITABLE_ALLOWED = {
    "current_scheduler": "the one thread-local: the scheduler this thread is",
}


def check_text(path, problems):
    """Rules for every text file of the project."""
    name = path.relative_to(ROOT)
    text = path.read_text(encoding="utf-8")
    if text and not text.endswith("\n"):
        problems.append(f"{name}: does not end in a newline")
    if text.endswith("\n\n"):
        problems.append(f"{name}: ends in empty lines")
    for number, line in enumerate(text.split("\n"), 1):
        if line != line.rstrip():
            problems.append(f"{name}:{number}: white space at the end")
        if re.search(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b", line):
            problems.append(f"{name}:{number}: unfinished business")


def check_header_comment(file, problems):
    if not re.match(rf"/\* {SPDX}( \*/)?$", file.lines[0]):
        problems.append(f"{file.name}:1: the first line is not the licence line")
    elif file.lines[0].endswith("*/") and not (file.lines[1:] and file.lines[1].startswith("/* ")):
        problems.append(f"{file.name}:2: no header comment after the licence line")


def exemptions(file, kind):
    return [c for c in file.comments if re.match(rf"tidy: {kind}: \S.*", c.text)]


def check_lengths(file, problems):
    lines = len(file.lines) - 1
    long_file = exemptions(file, "long file")
    if lines > FILE_LINES_MAX and not long_file and not file.name.endswith(".def"):
        problems.append(f"{file.name}: {lines} lines, more than {FILE_LINES_MAX}")
    if long_file and lines <= FILE_LINES_MAX:
        problems.append(f"{file.name}:{long_file[0].start}: the exemption is not needed")

    width_max = TABLE_WIDTH_MAX if file.name.endswith(".def") else LINE_WIDTH_MAX
    for number, line in enumerate(file.lines, 1):
        if len(line) > width_max:
            problems.append(f"{file.name}:{number}: {len(line)} columns, more than {width_max}")

    unused = exemptions(file, "long function")
    previous_end = 0
    for function in file.functions:
        mine = [c for c in unused if previous_end < c.start <= function.end]
        if function.lines() > FUNCTION_LINES_MAX:
            if mine:
                unused.remove(mine[0])
            else:
                problems.append(f"{file.name}:{function.start}: {function.name}() has {function.lines()} "
                                f"lines, more than {FUNCTION_LINES_MAX}")
        previous_end = function.end
    for comment in unused:
        problems.append(f"{file.name}:{comment.start}: the exemption is not needed")


def check_calls(file, problems):
    in_base = file.name.startswith("src/base/")
    in_src = file.name.startswith("src/")
    banned = dict(BANNED)
    if in_src and not in_base:
        banned.update(BANNED_OUTSIDE_BASE)
    pattern = re.compile(r"(?<![\w.>])(" + "|".join(banned) + r")\s*\(")
    for number, line in enumerate(file.code_lines, 1):
        for match in pattern.finditer(line):
            name = match.group(1)
            problems.append(f"{file.name}:{number}: {name}() is banned here; use {banned[name]}")
        if in_src and not in_base and re.search(r"(?<!\w)(atomic_\w+|__atomic_\w+|__sync_\w+)\s*\(", line):
            problems.append(f"{file.name}:{number}: a bare atomic call; use base/atomic.h")


def check_headers_alone(files, problems):
    """Each header compiles as the only thing in a file."""
    headers = [f.name for f in files if f.name.endswith(".h")]
    flags = ["-std=gnu11", "-D_GNU_SOURCE", "-DMG_DEBUG", "-Wall", "-Wextra", "-Wundef", "-Werror", "-Isrc", "-Itest"]

    def compile_one(name):
        text = f'#include "{name.split("/", 1)[1]}"\nextern int tidy_not_empty;\n'
        result = subprocess.run(["gcc", *flags, "-fsyntax-only", "-x", "c", "-"], input=text, text=True,
                                capture_output=True, cwd=ROOT, check=False)
        return name, result

    with ThreadPoolExecutor(2) as pool:
        for name, result in pool.map(compile_one, headers):
            if result.returncode != 0:
                problems.append(f"{name}:1: does not compile alone\n{result.stderr.strip()}")


def listed_in(meson_file):
    """Names between quotes in a list file."""
    path = ROOT / meson_file
    return set(re.findall(r"'([^'\n]+)'", path.read_text(encoding="utf-8"))) if path.is_file() else set()


def check_lists(problems):
    """Every source is built, every test is run, every library file is compiled."""
    for directory in sorted(p for p in (ROOT / "src").iterdir() if p.is_dir()):
        listed = listed_in(directory / "meson.build")
        for source in sorted(directory.glob("*.c")):
            if source.name not in listed and source.name != "maggie_boot.c":
                problems.append(f"{source.relative_to(ROOT)}: not listed in src/{directory.name}/meson.build")
    for kind in ["unit", "prop", "litmus", "sim", "fuzz"]:
        listed = listed_in(f"test/{kind}/meson.build")
        for source in sorted((ROOT / "test" / kind).glob("*.c")):
            if source.stem not in listed:
                problems.append(f"{source.relative_to(ROOT)}: not listed in test/{kind}/meson.build")
    listed = listed_in("lib/meson.build")
    for source in sorted((ROOT / "lib").rglob("*.mag")):
        if str(source.relative_to(ROOT / "lib")) not in listed:
            problems.append(f"{source.relative_to(ROOT)}: not listed in lib/meson.build")


def check_tested(problems):
    """A unit test for each source file, but for those on a list that may only get shorter."""
    list_path = ROOT / "tools" / "tidy_untested.txt"
    rows = list_path.read_text(encoding="utf-8").split("\n")
    allowed = {}
    for number, row in enumerate(rows[1:], 2):
        if row and not row.startswith("#"):
            name, _, reason = row.partition(" ")
            allowed[name] = number
            if not reason.strip():
                problems.append(f"tools/tidy_untested.txt:{number}: no reason")
    limit = int(rows[0])
    if len(allowed) != limit:
        problems.append(f"tools/tidy_untested.txt:1: says {limit}, but lists {len(allowed)}; the number may "
                        "only be lowered")

    for layer in TESTED_LAYERS:
        for source in sorted((ROOT / "src" / layer).glob("*.c")):
            name = str(source.relative_to(ROOT))
            tested = (ROOT / "test" / "unit" / f"{layer}_{source.name}").is_file()
            if not tested and name not in allowed:
                problems.append(f"{name}: no unit test test/unit/{layer}_{source.name}")
            if tested and name in allowed:
                problems.append(f"tools/tidy_untested.txt:{allowed[name]}: {name} has a test now; remove it")
            allowed.pop(name, None)
    for name, number in allowed.items():
        problems.append(f"tools/tidy_untested.txt:{number}: {name} does not exist")


WRITABLE_SECTION = re.compile(r"\.(data|bss|tdata|tbss)(\.|$)|\*COM\*")
SYMBOL_ROW = re.compile(r"^[0-9a-f]+ (.{7}) (\S+)\s+([0-9a-f]+)\s+(?:\.hidden )?(\S+)$")


def check_objects(build, problems):
    """I1: no writable data in the objects of src/."""
    objects = sorted(p for p in Path(build).rglob("*.o")
                     if ("/libmg_" in str(p) and "_support" not in str(p)) or p.name.startswith("src_cmd_"))
    if not objects:
        problems.append(f"{build}: no objects to look at")
    result = subprocess.run(["objdump", "-t", *map(str, objects)], text=True, capture_output=True, check=True)
    current = ""
    for row in result.stdout.split("\n"):
        if ":     file format" in row:
            current = os.path.basename(row.split(":")[0])
        match = SYMBOL_ROW.match(row)
        if not match:
            continue
        flags, section, size, symbol = match.groups()
        if not WRITABLE_SECTION.match(section) or section.startswith(".data.rel.ro") or "d" in flags:
            continue
        if int(size, 16) > 0 and re.sub(r"\.\d+$", "", symbol) not in WRITABLE_ALLOWED:
            problems.append(f"{current}: writable data: {symbol} ({int(size, 16)} bytes in {section}) (I1)")
    return len(objects)


def text_files():
    for directory in ["src", "test", "tools", "lib", "docs", "examples", "bench", ".ci"]:
        for path in sorted((ROOT / directory).rglob("*")):
            if path.suffix in {".c", ".h", ".def", ".py", ".mag", ".md", ".build", ".sh"} and path.is_file():
                yield path
    for name in ["dev", "meson.build", "meson_options.txt", "README.md", "HACKING.md"]:
        if (ROOT / name).is_file():
            yield ROOT / name


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--objects", metavar="BUILD")
    options = parser.parse_args()

    problems = []
    if options.objects:
        count = check_objects(options.objects, problems)
        return report("tidy", problems, f"{count} objects")

    for path in text_files():
        # Inputs that are wrong on purpose are exempt from rules about text.
        if "test/lang/" not in str(path) and "corpus" not in path.parts:
            check_text(path, problems)
    files = c_files("src", "test", suffixes=(".c", ".h", ".def"))
    for file in files:
        check_header_comment(file, problems)
        check_lengths(file, problems)
        check_calls(file, problems)
    check_headers_alone(files, problems)
    check_lists(problems)
    check_tested(problems)
    return report("tidy", problems, f"{len(files)} files")


if __name__ == "__main__":
    sys.exit(main())
