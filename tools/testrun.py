#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run everything that `./dev test` runs: the checks of tools/, then all tests in every profile.

    tools/testrun.py [--quick] [--profiles a,b] [--jobs N] [--list] [WORD]

--quick takes the debug profile only. WORD selects tests whose name contains it; names look like
`asan/unit/base_map`, `release/lang/control/loops` or `debug/examples/ring`. The last line is `N passed, N failed`;
the exit status is 0 only if something passed and nothing failed.

Test programs come from meson (test/KIND/meson.build). A language test is a file test/lang/**/NAME.mag with what it
expects in its comments, where ... is text:

    expression printNl.        "=> ..."      the next line of standard output, exactly
                               "=!> ..."     a line of standard error that contains the text, in this order
    "exit: 3"                                the exit status, 0 otherwise
    "args: a b"                              arguments of the program
    "flags: --seed 7"                        options for `maggie run`
    "stdin: ..."                             one line of standard input; may be repeated
    "only: release debug"                    the profiles it runs in; say why in a comment

`# => ...` does as well as `"=> ..."`. All of standard output must be expected, and standard error must be empty
unless a line of it is expected. A test that expects nothing fails. Files in a directory named `support` are not tests.
A command test is a script test/cmd/NAME.py that gets the path of the `maggie` of the profile and ends with status 0;
test/support/command.py helps it.
The same goes for every block marked `maggie` in docs/guide; its name is `PROFILE/guide/CHAPTER-LINE`. The blocks of
README.md are one program together.
Examples run as they are and must end with status 0; test/examples.txt holds arguments for the slow profiles.
"""

import argparse
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
PROFILES = ["debug", "release", "asan", "tsan", "stress"]
KINDS = ["unit", "prop", "litmus", "sim", "fuzz"]

# How much slower than release a profile may be before a test counts as hanging.
PATIENCE = {"debug": 2, "release": 1, "asan": 4, "tsan": 8, "stress": 8}
SLOW_PROFILES = {"asan", "tsan", "stress"}
LANG_TIMEOUT_S = 20
PROGRAM_TIMEOUT_S = 60
EXAMPLE_TIMEOUT_S = 60
FUZZ_RUNS = {"debug": 5000, "release": 20000, "asan": 5000, "tsan": 500, "stress": 1000}

SANITIZER_ENV = {
    "ASAN_OPTIONS": "abort_on_error=0:exitcode=99:detect_leaks=1:detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    "TSAN_OPTIONS": "halt_on_error=1:exitcode=99:second_deadlock_stack=1",
}
REPORT_LINES_MAX = 60
OUTPUT_BYTES_MAX = 4 << 20


class Result:
    """How one test ended; a program of check cases counts once for each case."""

    def __init__(self, name, passed, failed, report=""):
        self.name, self.passed, self.failed, self.report = name, passed, failed, report


class Ended:
    """How one process ended."""

    def __init__(self, status, out, err, timed_out):
        self.status, self.out, self.err, self.timed_out = status, out, err, timed_out

    def how(self):
        if self.timed_out:
            return "ran over its time"
        if self.status < 0:
            try:
                return f"killed by {signal.Signals(-self.status).name}"
            except ValueError:
                return f"killed by signal {-self.status}"
        return f"exit status {self.status}"


def run(command, timeout, cwd=ROOT, stdin="", env=None):
    """Runs a command in a process group of its own, which is killed as a whole when the time is over."""
    full_env = {**os.environ, **SANITIZER_ENV, **(env or {})}
    suppressions = ROOT / "test" / "tsan.supp"
    if suppressions.is_file():
        full_env["TSAN_OPTIONS"] += f":suppressions={suppressions}"
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, tempfile.TemporaryFile() as inp:
        inp.write(stdin.encode())
        inp.seek(0)
        process = subprocess.Popen(command, cwd=cwd, env=full_env, stdin=inp, stdout=out, stderr=err,
                                   start_new_session=True)
        timed_out = False
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            timed_out = True
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()
        texts = []
        for stream in (out, err):
            stream.seek(0)
            texts.append(stream.read(OUTPUT_BYTES_MAX).decode("utf-8", "replace"))
        return Ended(process.returncode, texts[0], texts[1], timed_out)


def tail(text):
    """The end of an output, for a report."""
    lines = text.rstrip("\n").split("\n") if text.strip() else []
    if len(lines) > REPORT_LINES_MAX:
        lines = [f"... {len(lines) - REPORT_LINES_MAX} lines more"] + lines[-REPORT_LINES_MAX:]
    return "\n".join("    " + line for line in lines)


# -- Test programs --

CHECK_SUMMARY = re.compile(r"^\d+%: Checks: (\d+), Failures: (\d+), Errors: (\d+)$", re.MULTILINE)


def run_program(name, command, profile):
    ended = run(command, PROGRAM_TIMEOUT_S * PATIENCE[profile])
    output = ended.out + ended.err
    summary = CHECK_SUMMARY.search(ended.out)
    passed, failed = 0, 0
    if summary:
        checks, failures, errors = map(int, summary.groups())
        passed, failed = checks - failures - errors, failures + errors
        if ended.status == 0 and checks == 0:
            return Result(name, 0, 1, "    it ran no case")
    elif ended.status == 0 and not ended.timed_out:
        passed = 1
    if (ended.status != 0 or ended.timed_out) and failed == 0:
        failed = 1
    return Result(name, passed, failed, f"    {ended.how()}\n{tail(output)}" if failed else "")


def run_fuzz(name, command, profile):
    target = name.rsplit("/", 1)[-1]
    corpus = ROOT / "test" / "fuzz" / "corpus" / target
    command = command + ["--runs", str(FUZZ_RUNS[profile])] + ([str(corpus)] if corpus.is_dir() else [])
    with tempfile.TemporaryDirectory() as scratch:
        ended = run(command, PROGRAM_TIMEOUT_S * PATIENCE[profile], cwd=scratch)
        if target.endswith("canary"):
            if ended.status == -signal.SIGABRT or ended.status == 99:
                return Result(name, 1, 0)
            return Result(name, 0, 1, f"    the canary lives: {ended.how()}; the fuzzer finds nothing")
        if ended.status == 0 and not ended.timed_out:
            return Result(name, 1, 0)
        report = f"    {ended.how()}\n{tail(ended.out + ended.err)}"
        crash = Path(scratch) / "fuzz-crash.bin"
        if crash.is_file():
            kept = BUILD / "crashes" / f"{name.replace('/', '-')}.bin"
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(crash, kept)
            report += (f"\n    the input: {kept.relative_to(ROOT)}\n"
                       f"    again: {os.path.relpath(command[0], ROOT)} --runs 0 {kept.relative_to(ROOT)}")
        return Result(name, 0, 1, report)


# -- Language tests --

OUT_LINE = re.compile(r'(?:"=> ?([^"]*)"|#\s=> ?(.*?))\s*$')
ERR_LINE = re.compile(r'(?:"=!> ?([^"]*)"|#\s=!> ?(.*?))\s*$')
DIRECTIVE = re.compile(r'^\s*(?:"(exit|args|flags|stdin|only): ?([^"]*)"|#\s(exit|args|flags|stdin|only): ?(.*?))\s*$')
GUIDE_BLOCK = re.compile(r"^```maggie\n(.*?)^```", re.MULTILINE | re.DOTALL)


class Expectation:
    """What a language test's comments say."""

    def __init__(self, text):
        self.out, self.err, self.stdin = [], [], []
        self.exit, self.args, self.flags, self.only = None, [], [], None
        for number, line in enumerate(text.split("\n"), 1):
            out, err, directive = OUT_LINE.search(line), ERR_LINE.search(line), DIRECTIVE.match(line)
            if err:
                self.err.append((number, err[1] if err[1] is not None else err[2]))
            elif out:
                self.out.append((number, out[1] if out[1] is not None else out[2]))
            elif directive:
                self.direct(directive[1] or directive[3], directive[2] if directive[1] else directive[4])

    def direct(self, word, text):
        if word == "exit":
            self.exit = int(text)
        elif word == "args":
            self.args = shlex.split(text)
        elif word == "flags":
            self.flags = shlex.split(text)
        elif word == "stdin":
            self.stdin.append(text)
        else:
            self.only = text.split()

    def nothing(self):
        return not self.out and not self.err and self.exit is None


def compare_out(expected, actual):
    """The first difference in standard output, or None."""
    lines = actual.split("\n")
    if lines and lines[-1] == "":
        lines.pop()
    for i, (number, text) in enumerate(expected):
        if i >= len(lines):
            return f"line {number} expects {text!r}, but the output ends"
        if lines[i] != text:
            return f"line {number} expects {text!r}, but printed was {lines[i]!r}"
    if len(lines) > len(expected):
        return f"printed {lines[len(expected)]!r}, which no line expects"
    return None


def compare_err(expected, actual):
    lines = actual.split("\n")
    at = 0
    for number, text in expected:
        while at < len(lines) and text not in lines[at]:
            at += 1
        if at == len(lines):
            return f"line {number} expects {text!r} on standard error, and it is not there (in this order)"
        at += 1
    if not expected and actual.strip():
        return "something on standard error, and nothing expects it"
    return None


def lang_difference(expected, ended):
    if ended.timed_out:
        return "ran over its time"
    wanted = expected.exit or 0
    return (compare_out(expected.out, ended.out) or compare_err(expected.err, ended.err)
            or (None if ended.status == wanted else f"{ended.how()}, expected exit status {wanted}"))


def run_lang(name, path, expected, profile):
    if expected.nothing():
        return Result(name, 0, 1, "    expects nothing")
    maggie = BUILD / profile / "maggie"
    command = [str(maggie), "run", *expected.flags, str(path.relative_to(ROOT)), *expected.args]
    ended = run(command, LANG_TIMEOUT_S * PATIENCE[profile], stdin="".join(s + "\n" for s in expected.stdin))
    difference = lang_difference(expected, ended)
    if not difference:
        return Result(name, 1, 0)
    report = f"    {path.relative_to(ROOT)}: {difference}"
    if ended.err.strip():
        report += "\n    standard error:\n" + tail(ended.err)
    return Result(name, 0, 1, report)


# -- Examples --

def example_arguments():
    """test/examples.txt: `ring.mag 100`, the arguments an example gets in the slow profiles."""
    path = ROOT / "test" / "examples.txt"
    rows = path.read_text(encoding="utf-8").split("\n") if path.is_file() else []
    return {row.split()[0]: row.split()[1:] for row in rows if row.strip() and not row.startswith("#")}


def run_example(name, path, arguments, profile):
    maggie = BUILD / profile / "maggie"
    ended = run([str(maggie), "run", str(path.relative_to(ROOT)), *arguments],
                EXAMPLE_TIMEOUT_S * PATIENCE[profile])
    if ended.status == 0 and not ended.timed_out:
        return Result(name, 1, 0)
    return Result(name, 0, 1, f"    {ended.how()}\n{tail(ended.out + ended.err)}")


# -- Command tests --

def cmd_tests(profile):
    """Scripts that run the program as people do: options, files, signals, pipes."""
    maggie = BUILD / profile / "maggie"
    for path in sorted((ROOT / "test" / "cmd").glob("*.py")):
        yield f"{profile}/cmd/{path.stem}", run_program, [[sys.executable, "-B", str(path), str(maggie)], profile]


# -- The plan --

def run_tool(name, command):
    ended = run(command, 300)
    if ended.status == 0:
        return Result(name, 1, 0)
    return Result(name, 0, 1, tail(ended.out + ended.err))


def tool_tests(python=sys.executable):
    tools = ROOT / "tools"
    plan = [(f"tools/{tool}", run_tool, [[python, str(tools / f"{tool}.py")]])
            for tool in ["tidy", "layers", "atomics", "docs", "prims"]]
    if shutil.which("clang-format"):
        plan.append(("tools/format", run_tool, [[str(ROOT / "dev"), "fmt", "--check"]]))
    return plan


def build(profile):
    """Builds everything of a profile; the result counts as a test when it fails."""
    directory = BUILD / profile
    BUILD.mkdir(exist_ok=True)
    log = BUILD / f"{profile}.log"
    lock = BUILD / f"{profile}.lock"
    steps = [["flock", str(lock), "ninja", "-C", str(directory)]]
    if not (directory / "build.ninja").is_file():
        shutil.rmtree(directory, ignore_errors=True)
        steps.insert(0, ["meson", "setup", str(directory), str(ROOT), f"-Dprofile={profile}"])
    text = ""
    for step in steps:
        ended = run(step, 1800)
        text += ended.out + ended.err
        log.write_text(text, encoding="utf-8")
        if ended.status != 0:
            errors = [line for line in text.split("\n") if not re.match(r"\[\d+/\d+\] (Compiling|Linking)", line)]
            return Result(f"{profile}/build", 0, 1, tail("\n".join(errors)))
    return None


def program_tests(profile):
    listed = subprocess.run(["meson", "introspect", "--tests", str(BUILD / profile)], capture_output=True,
                            text=True, check=True)
    for test in sorted(json.loads(listed.stdout), key=lambda t: (KINDS.index(kind_of(t)), t["name"])):
        kind = kind_of(test)
        yield (f"{profile}/{kind}/{test['name']}", run_fuzz if kind == "fuzz" else run_program,
               [test["cmd"], profile])


def kind_of(test):
    return test["suite"][0].split(":")[-1]


def lang_tests(profile):
    for path in sorted((ROOT / "test" / "lang").rglob("*.mag")):
        if "support" in path.parts:
            continue
        expected = Expectation(path.read_bytes().decode("utf-8", "replace"))
        if expected.only and profile not in expected.only:
            continue
        name = path.relative_to(ROOT / "test").with_suffix("")
        yield f"{profile}/{name}", run_lang, [path, expected, profile]


def guide_tests(profile):
    """Blocks marked `maggie` in docs/guide; each stands in a file at the line where it stands in its chapter."""
    for chapter in sorted((ROOT / "docs" / "guide").glob("*.md")):
        text = chapter.read_text(encoding="utf-8")
        for block in GUIDE_BLOCK.finditer(text):
            line = text.count("\n", 0, block.start(1))
            path = BUILD / "guide" / f"{chapter.stem}-{line}.mag"
            path.parent.mkdir(parents=True, exist_ok=True)
            program = "\n" * line + block[1]
            if not path.is_file() or path.read_text(encoding="utf-8") != program:
                path.write_text(program, encoding="utf-8")
            yield f"{profile}/guide/{path.stem}", run_lang, [path, Expectation(block[1]), profile]
    readme = GUIDE_BLOCK.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    path = BUILD / "guide" / "readme.mag"
    path.write_text("\n".join(readme), encoding="utf-8")
    yield f"{profile}/guide/readme", run_lang, [path, Expectation("\n".join(readme)), profile]


def example_tests(profile):
    small = example_arguments()
    # Scripts, and projects: directories with a maggie.toml.
    projects = [manifest.parent for manifest in (ROOT / "examples").glob("*/maggie.toml")]
    for path in sorted([*(ROOT / "examples").glob("*.mag"), *projects]):
        arguments = small.get(path.name, []) if profile in SLOW_PROFILES else []
        yield f"{profile}/examples/{path.stem}", run_example, [path, arguments, profile]


def profile_tests(profile):
    plan = list(program_tests(profile))
    if (BUILD / profile / "maggie").is_file():
        plan += [*cmd_tests(profile), *lang_tests(profile), *guide_tests(profile), *example_tests(profile)]
    else:
        plan.append((f"{profile}/maggie", lambda name: Result(name, 0, 1, "    there is no such program"), []))
    if profile == "release":
        tidy = [sys.executable, str(ROOT / "tools" / "tidy.py"), "--objects", str(BUILD / profile)]
        plan.append((f"{profile}/tools/writable-data", run_tool, [tidy]))
    return plan


class Tally:
    """Counts results and prints what is worth reading at once."""

    def __init__(self):
        self.passed = self.failed = 0
        self.failures = []
        self.lock = threading.Lock()

    def add(self, result):
        with self.lock:
            self.passed += result.passed
            self.failed += result.failed
            if result.failed:
                self.failures.append(result.name)
                print(f"FAIL {result.name}\n{result.report}", flush=True)


def run_plan(plan, jobs, tally):
    def guarded(name, function, arguments):
        try:
            return function(name, *arguments)
        except Exception as error:  # a broken runner is a failed test, not a lost one
            return Result(name, 0, 1, f"    the runner failed: {error!r}")

    with ThreadPoolExecutor(jobs) as pool:
        for future in [pool.submit(guarded, *row) for row in plan]:
            tally.add(future.result())


def main():
    parser = argparse.ArgumentParser(description="Run all checks and tests.")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--profiles")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("word", nargs="?", default="")
    options = parser.parse_args()
    os.chdir(ROOT)

    profiles = options.profiles.split(",") if options.profiles else ["debug"] if options.quick else PROFILES
    # A word that begins with a profile's name needs no other profile built.
    if options.word.split("/")[0] in PROFILES:
        profiles = [options.word.split("/")[0]]
    tally = Tally()
    begun = time.monotonic()

    def stage(name, plan):
        plan = [row for row in plan if options.word in row[0]]
        if options.list:
            for row in plan:
                print(row[0])
            return
        if not plan:
            return
        passed, failed, at = tally.passed, tally.failed, time.monotonic()
        run_plan(plan, options.jobs, tally)
        print(f"{name}: {tally.passed - passed} passed, {tally.failed - failed} failed "
              f"in {time.monotonic() - at:.0f} s", flush=True)

    stage("checks", tool_tests())
    if not options.word.startswith("tools/"):
        for profile in profiles:
            at = time.monotonic()
            broken = build(profile)
            if broken:
                tally.add(broken)
                continue
            if not options.list:
                print(f"{profile}: built in {time.monotonic() - at:.0f} s", flush=True)
            stage(profile, profile_tests(profile))
    if options.list:
        return 0

    if tally.failures:
        print("failed: " + " ".join(tally.failures))
    if tally.passed + tally.failed == 0:
        print("no test ran")
    print(f"time: {time.monotonic() - begun:.0f} s")
    print(f"{tally.passed} passed, {tally.failed} failed")
    return 0 if tally.passed > 0 and tally.failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
