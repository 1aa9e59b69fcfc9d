#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run the benchmarks of Maggie and its peers in turn and print one table.

    bench/bench.py --maggie build/release/maggie [--quick] [--rows a,b]
                   [--systems a,b] [--rounds N] [--json FILE]
                   [--baseline FILE] [--smoke] [--build DIR]

One program runs at a time. A round runs every job once on every system, so that
a slow stretch of the machine falls on all alike; the table shows medians over
the rounds. No time is ever asserted. The exit status is 1 when a program of
Maggie failed (crashed, ran over its limit, or found its own result wrong).

--smoke runs everything with tiny sizes, only to see that the results are right.
"""

import argparse
import datetime
import json
import os
import platform
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True

from rows import JOBS, ROWS  # noqa: E402 (after the line above, which keeps the tree clean)

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
CPUS = len(os.sched_getaffinity(0))
STARTS = 11          # processes started for the start row
SETTLE = 0.8         # seconds until an idle process is looked at
LINE = re.compile(r"^([a-z_0-9]+) (-?[0-9.]+(?:[eE][-+]?\d+)?) \S+$")


def say(text):
    print(text, file=sys.stderr, flush=True)


# ---- running one program ----

class Outcome:
    """How one program ended: its figures, its peak memory, or what went wrong."""

    def __init__(self, figures, peak, error):
        self.figures = figures
        self.peak = peak
        self.error = error


def kill_group(process):
    """Kill the session that `launch` made for this process."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def launch(command, stdout, stderr, env=None, stdin=subprocess.DEVNULL):
    return subprocess.Popen(
        [str(part) for part in command], stdin=stdin, stdout=stdout, stderr=stderr,
        env={**os.environ, **(env or {})}, start_new_session=True)


def run(command, limit, env=None):
    """Run a program to its end and read its `name value unit` lines.

    The peak comes from wait4 and has the runner's own size as its floor.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = launch(command, out, err, env)
        late = threading.Event()

        def give_up():
            late.set()
            kill_group(process)

        timer = threading.Timer(limit, give_up)
        timer.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            kill_group(process)
            raise
        finally:
            timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        text = out.read().decode(errors="replace")
        complaint = err.read().decode(errors="replace").strip().splitlines()
    figures = {}
    for line in text.splitlines():
        match = LINE.match(line)
        if match:
            figures[match.group(1)] = float(match.group(2))
    error = None
    if late.is_set():
        error = f"not done after {limit} s"
    elif process.returncode != 0:
        error = f"status {process.returncode}: " + " / ".join(complaint[:3])
    elif not figures:
        error = "printed no figure"
    return Outcome(figures, usage.ru_maxrss / 1024, error)


# ---- the systems ----

def first_line(command):
    try:
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True,
                              timeout=30, check=False, cwd=ROOT)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    text = done.stdout or done.stderr
    return text.strip().split("\n")[0] if done.returncode == 0 else ""


class Peers:
    """Who is installed, where the built programs are, and how each is called."""

    def __init__(self, maggie, build, wanted):
        self.build = build
        self.notes = []
        self.versions = {}
        self.maggie = maggie
        self.have = set()
        for name, prepare in (("maggie", self.find_maggie), ("erlang", self.build_erlang),
                              ("go", self.build_go), ("lua", self.find_lua),
                              ("c", self.build_c)):
            if name in wanted:
                missing = prepare()
                if missing:
                    self.notes.append(f"{name} left out: {missing}")
                else:
                    self.have.add(name)

    def make(self, command, env=None):
        """Run a compiler; answer None, or the first lines of its complaint."""
        self.build.mkdir(parents=True, exist_ok=True)
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True,
                              env={**os.environ, **(env or {})}, check=False)
        if done.returncode == 0:
            return None
        return " / ".join((done.stderr or done.stdout).strip().splitlines()[:3])

    def find_maggie(self):
        if not os.access(self.maggie, os.X_OK):
            return f"no executable {self.maggie}"
        self.maggie = self.maggie.resolve()
        self.versions["maggie"] = first_line([self.maggie, "--version"])
        return None

    def build_erlang(self):
        if not shutil.which("erl") or not shutil.which("erlc"):
            return "no erl and erlc (package erlang-base)"
        self.versions["erlang"] = first_line(
            ["erl", "-noshell", "-eval",
             'io:format("OTP ~s erts ~s ~s~n", [erlang:system_info(otp_release),'
             ' erlang:system_info(version), erlang:system_info(emu_flavor)]), halt().'])
        sources = sorted((HERE / "erlang").glob("*.erl"))
        return self.make(["erlc", "-W", "-o", self.build, *sources])

    def build_go(self):
        if not shutil.which("go"):
            return "no go"
        self.versions["go"] = first_line(["go", "version"])
        return self.make(["go", "build", "-o", self.build / "actors-go", HERE / "go/actors.go"],
                         {"GOTOOLCHAIN": "local"})

    def find_lua(self):
        for name in ("lua5.4", "lua"):
            version = first_line([name, "-v"]) if shutil.which(name) else ""
            if version.startswith("Lua 5.4"):
                self.lua = name
                self.versions["lua"] = version
                return None
        return "no Lua 5.4 (package lua5.4)"

    def build_c(self):
        compiler = shutil.which("cc") or shutil.which("gcc")
        if not compiler:
            return "no C compiler"
        self.versions["c"] = first_line([compiler, "--version"]) + ", -O2"
        flags = [compiler, "-std=gnu11", "-O2", "-pthread", "-o"]
        return (self.make(flags + [self.build / "least", HERE / "c/least.c"])
                or self.make(flags + [self.build / "sequential-c", HERE / "c/sequential.c",
                                      "-lm"]))

    def erl(self, schedulers, module, program, sizes):
        return ["erl", "-noshell", "-noinput", "+P", "4000000",
                "+S", f"{schedulers}:{schedulers}", "-pa", self.build,
                "-run", module, "main", program, *sizes]

    def calls(self, job, sizes):
        """All calls of a job in order: (system, label, command, environment)."""
        program = job.program or job.name
        found = []
        if "maggie" in self.have:
            options = ["--schedulers", "1"] if job.single else []
            found.append(("maggie", "", [self.maggie, "run", *options,
                                         HERE / f"maggie/{program}.mag", *sizes], None))
        if "erlang" in self.have and "erlang" in job.peers:
            module = "actors" if job.kind == "actor" else "sequential"
            counts = [1] if job.single else [CPUS, 1] if job.kind == "actor" else [CPUS]
            for count in dict.fromkeys(counts):
                # The column of the default configuration is called erlang2
                # whatever the number of processors is.
                base = "erlang1" if count == 1 and (job.single or CPUS > 1) else "erlang2"
                label = "+S1" if base == "erlang1" else ""
                found.append((base, label, self.erl(count, module, program, sizes), None))
                for name, extra in job.variants:
                    found.append((f"{base}_{extra}", f"{label} {extra}".strip(),
                                  self.erl(count, module, name, sizes), None))
        if "go" in self.have and "go" in job.peers:
            env = {"GOMAXPROCS": "1"} if job.single else None
            found.append(("go", "", [self.build / "actors-go", program, *sizes], env))
        if "lua" in self.have and "lua" in job.peers:
            found.append(("lua", "", [self.lua, HERE / "lua/sequential.lua", program, *sizes],
                          None))
        if "c" in self.have and "c" in job.peers:
            name = "least" if job.kind == "actor" else "sequential-c"
            found.append(("c", "", [self.build / name, program, *sizes], None))
        return found

    def starts(self):
        """The least program of each system, for the start row."""
        calls = [("maggie", "", ["eval", "1"]), ("erlang2", "", []),
                 ("erlang1", "minimal", ["-mode", "minimal", "-boot", "no_dot_erlang"]),
                 ("go", "", []), ("lua", "", []), ("c", "", [])]
        for system, label, extra in calls:
            base = system.rstrip("12")
            if base not in self.have:
                continue
            command = {
                "maggie": [self.maggie, *extra],
                "erlang": ["erl", "-noshell", *extra, "-eval", "halt()."],
                "go": [self.build / "actors-go", "wait", "0"],
                "lua": [self.lua if base == "lua" else "", "-e", "x=1"],
                "c": ["/bin/true"],
            }[base]
            yield system, label, command

    def sleepers(self):
        """A program of each system that does nothing for a while."""
        found = [("maggie", [self.maggie, "eval", "Process sleep: 30000"]),
                 ("erlang", ["erl", "-noshell", "-eval", "timer:sleep(30000), halt()."]),
                 ("go", [self.build / "actors-go", "wait", "30000"]),
                 ("lua", [getattr(self, "lua", ""), "-e", "io.read()"]),
                 ("c", [self.build / "least", "wait", "30000"])]
        for base, command in found:
            if base in self.have:
                yield ("erlang2" if base == "erlang" else base), command


# ---- measuring ----

class Figures:
    """Everything measured: by row and system, and the peaks by job and system."""

    def __init__(self):
        self.values = {}
        self.labels = {}
        self.peaks = {}
        self.failed = {}

    def add(self, row, system, label, value):
        self.values.setdefault((row, system), []).append(value)
        self.labels[row, system] = label

    def median(self, row, system):
        values = self.values.get((row, system))
        return statistics.median(values) if values else None

    def span(self, row, system):
        values = self.values.get((row, system))
        return (min(values), max(values)) if values else None

    def best_erlang(self, row):
        """The system name of Erlang's best configuration for this row."""
        systems = [s for (r, s) in self.values if r == row.name and s.startswith("erlang")]
        if not systems:
            return None
        pick = max if row.better == "more" else min
        return pick(systems, key=lambda s: self.median(row.name, s))


def turned(calls, turn):
    """The same, beginning elsewhere in each round. Who comes first after another
    row may get memory that the host has still to find, up to 0.1 s of it."""
    first = turn % len(calls) if calls else 0
    return calls[first:] + calls[:first]


def measure_job(peers, job, sizes, figures, limit, turn):
    for system, label, command, env in turned(peers.calls(job, sizes), turn):
        if (job.name, system) in figures.failed:
            continue
        outcome = run(command, limit, env)
        if outcome.error:
            figures.failed[job.name, system] = outcome.error
            say(f"  {job.name} {system}: FAILED: {outcome.error}")
            continue
        figures.peaks.setdefault((job.name, system), []).append(outcome.peak)
        suffix = "_1" if job.single else ""
        for name, value in outcome.figures.items():
            figures.add(name + suffix, system, label, value)
        if job.name == "skynet":
            figures.add("skynet_rss", system, label, outcome.peak)
        shown = ", ".join(f"{n} {number(v)}" for n, v in outcome.figures.items())
        say(f"  {job.name} {system}: {shown}")


def measure_start(peers, figures, times):
    for _ in range(times):
        for system, label, command in peers.starts():
            if ("start", system) in figures.failed:
                continue
            with tempfile.TemporaryFile() as err:
                begun = time.monotonic()
                process = launch(command, subprocess.DEVNULL, err)
                try:
                    status = process.wait(timeout=30)
                except subprocess.TimeoutExpired:
                    kill_group(process)
                    status = process.wait()
                took = time.monotonic() - begun
            if status != 0:
                figures.failed["start", system] = f"status {status}"
                say(f"  start {system}: FAILED: status {status}")
            else:
                figures.add("start", system, label, took * 1000)


def measure_resident(peers, figures, times):
    for _ in range(times):
        for system, command in peers.sleepers():
            if ("resident", system) in figures.failed:
                continue
            process = launch(command, subprocess.DEVNULL, subprocess.DEVNULL,
                             stdin=subprocess.PIPE)
            time.sleep(SETTLE)
            try:
                text = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
            except OSError:
                text = ""
            match = re.search(r"VmRSS:\s+(\d+)", text)
            if match:
                figures.add("resident", system, "", int(match.group(1)) / 1024)
            else:
                figures.failed["resident", system] = "ended at once"
                say(f"  resident {system}: FAILED: ended at once")
            kill_group(process)
            process.wait()
            process.stdin.close()


def measure(peers, jobs, rounds, smoke):
    figures = Figures()
    for turn in range(rounds):
        say(f"round {turn + 1} of {rounds}")
        for job in jobs:
            sizes = job.small if smoke else job.sizes
            if job.kind in ("actor", "sequential"):
                measure_job(peers, job, sizes, figures, job.limit, turn)
            elif job.kind == "start" and turn == 0:
                measure_start(peers, figures, 1 if smoke else STARTS)
            elif job.kind == "resident" and turn == 0:
                measure_resident(peers, figures, 1 if smoke else 3)
    return figures


# ---- the table ----

def number(value):
    """Three significant digits, with k and M."""
    if value is None:
        return "–"
    for size, mark in ((1e6, " M"), (1e4, " k")):
        if abs(value) >= size:
            return f"{value / (1e6 if mark == ' M' else 1e3):.3g}{mark}"
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def better_by(row, ours, theirs):
    """How many times better ours is: above 1 is a win, whatever the unit."""
    if not ours or not theirs:
        return None
    return ours / theirs if row.better == "more" else theirs / ours


def ratio(figures, row, system):
    """The ratio of Maggie to a peer; a tilde where the ranges overlap."""
    if system is None:
        return "–"
    value = better_by(row, figures.median(row.name, "maggie"), figures.median(row.name, system))
    if value is None:
        return "–"
    ours, theirs = figures.span(row.name, "maggie"), figures.span(row.name, system)
    overlap = ours[0] <= theirs[1] and theirs[0] <= ours[1]
    return f"{value:.2f}" + ("~" if overlap else "")


def goal_text(row):
    if not row.goal:
        return "–"
    sign = "≥" if row.better == "more" else "≤"
    if row.relative:
        return f"{sign} {row.goal:g} × {row.relative}"
    return f"{sign} {number(row.goal)}"


def met(figures, row):
    """yes, no, or `ratio`: missed in absolute figures, but as far ahead of the
    yardstick on this machine as the goal was where it was set."""
    ours = figures.median(row.name, "maggie")
    if not row.goal:
        return "–"
    if ours is None:
        return "no" if (row.job, "maggie") in figures.failed else "–"
    goal = row.goal
    if row.relative:
        other = figures.median(row.relative, "maggie")
        if other is None:
            return "–"
        goal *= other
    if ours >= goal if row.better == "more" else ours <= goal:
        return "yes"
    if row.yardstick:
        system, anchor = row.yardstick
        now = better_by(row, ours, figures.median(row.name, system))
        if now is not None and now >= better_by(row, goal, anchor):
            return "ratio"
    return "no"


def table_lines(figures, rows):
    head = ["row", "unit", "maggie", f"erlang ({CPUS} sched)", "erlang best", "go", "lua", "C",
            f"vs erlang {CPUS}", "vs best erlang", "vs lua", "goal", "met?"]
    lines = [head]
    for row in rows:
        best = figures.best_erlang(row)
        best_text = "–"
        if best:
            best_text = (number(figures.median(row.name, best)) + " "
                         + figures.labels[row.name, best]).strip()
        cells = [row.name, row.unit]
        for system in ("maggie", "erlang2"):
            cells.append("FAILED" if (row.job, system) in figures.failed
                         else number(figures.median(row.name, system)))
        cells.append(best_text)
        for system in ("go", "lua", "c"):
            cells.append("FAILED" if (row.job, system) in figures.failed
                         else number(figures.median(row.name, system)))
        cells += [ratio(figures, row, "erlang2"), ratio(figures, row, best),
                  ratio(figures, row, "lua"), goal_text(row), met(figures, row)]
        lines.append(cells)
    return lines


def print_table(lines):
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    for at, line in enumerate(lines):
        cells = [cell.ljust(width) if i < 2 else cell.rjust(width)
                 for i, (cell, width) in enumerate(zip(line, widths))]
        print("| " + " | ".join(cells) + " |")
        if at == 0:
            rules = ["-" * width if i < 2 else "-" * (width - 1) + ":"
                     for i, width in enumerate(widths)]
            print("| " + " | ".join(rules) + " |")


def print_summary(figures, rows, peers):
    missed = [row.name for row in rows if met(figures, row) == "no"]
    ahead = []
    for name, pick in (("Erlang's default", lambda row: "erlang2"),
                       ("its best", figures.best_erlang), ("Lua", lambda row: "lua")):
        found = [value for row in rows if pick(row)
                 and (value := better_by(row, figures.median(row.name, "maggie"),
                                         figures.median(row.name, pick(row))))]
        ahead.append(f"{name} on {sum(v > 1 for v in found)} of {len(found)} rows")
    print()
    print("Medians. Ratios above 1 mean that Maggie is better; ~ means that the ranges overlap.")
    print("met?: yes; no; ratio = missed in absolute figures, but as far ahead of the yardstick")
    print("peer on this machine as the goal was on the machine it was set on.")
    if "maggie" in peers.have:
        print("Ahead of " + ", of ".join(ahead) + ".")
        print("Goals missed: " + (", ".join(missed) if missed else "none") + ".")
    for note in peers.notes:
        print("Note: " + note + ".")
    for (job, system), error in sorted(figures.failed.items()):
        print(f"Failed: {job} on {system}: {error}")


def print_baseline(figures, rows, path):
    """Say which of Maggie's figures moved out of the range they had."""
    old = {row["row"]: row["systems"].get("maggie") for row in json.loads(
        Path(path).read_text(encoding="utf-8"))["rows"]}
    print()
    print(f"Against {path}:")
    moved = 0
    for row in rows:
        before, span = old.get(row.name), figures.span(row.name, "maggie")
        if not before or not span:
            continue
        if span[0] > before["max"] or span[1] < before["min"]:
            value = better_by(row, figures.median(row.name, "maggie"), before["median"])
            moved += 1
            print(f"  {row.name}: {number(before['median'])} -> "
                  f"{number(figures.median(row.name, 'maggie'))} {row.unit}, {value:.2f} times")
    if not moved:
        print("  nothing moved beyond the spread.")


# ---- the record ----

def read(path):
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def settings(peers, rounds, load):
    cpu = re.search(r"model name\s*:\s*(.+)", read("/proc/cpuinfo"))
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "commit": first_line(["git", "rev-parse", "--verify", "HEAD"]),
        "modified": bool(first_line(["git", "status", "--porcelain"])),
        "compiler": first_line(["cc", "--version"]),
        "cpu": cpu.group(1) if cpu else platform.processor(),
        "cpus": CPUS,
        "kernel": platform.release(),
        "huge_pages": read("/sys/kernel/mm/transparent_hugepage/enabled"),
        "load_before": load,
        "rounds": rounds,
        "versions": peers.versions,
        "notes": peers.notes,
    }


def record(figures, rows, peers, rounds, load):
    entries = []
    for row in rows:
        systems = {}
        for (name, system), values in figures.values.items():
            if name == row.name:
                systems[system] = {
                    "median": statistics.median(values), "min": min(values),
                    "max": max(values), "runs": len(values),
                    "max_rss_mib": max(figures.peaks.get((row.job, system), [0])) or None,
                }
        entries.append({"row": row.name, "unit": row.unit, "better": row.better,
                        "goal": goal_text(row), "met": met(figures, row), "systems": systems})
    return {
        "settings": settings(peers, rounds, load),
        "sizes": {job.name: list(job.sizes) for job in JOBS},
        "rows": entries,
        "failed": [{"job": job, "system": system, "error": error}
                   for (job, system), error in sorted(figures.failed.items())],
    }


# ---- the command ----

def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--maggie", type=Path, default=ROOT / "build/release/maggie")
    parser.add_argument("--quick", action="store_true", help="one round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", help="rows or jobs, separated by commas")
    parser.add_argument("--systems", default="maggie,erlang,go,lua,c")
    parser.add_argument("--json", help="write the record here")
    parser.add_argument("--baseline", help="an older record to compare with")
    parser.add_argument("--smoke", action="store_true", help="tiny sizes, results only")
    parser.add_argument("--build", type=Path, default=ROOT / "build/bench")
    return parser.parse_args()


def chosen(names):
    """The rows asked for, and the jobs they need."""
    if not names:
        return list(ROWS), list(JOBS)
    wanted = set(names.split(","))
    unknown = wanted - {row.name for row in ROWS} - {job.name for job in JOBS}
    if unknown:
        sys.exit("bench: no such row: " + ", ".join(sorted(unknown)))
    rows = [row for row in ROWS if row.name in wanted or row.job in wanted]
    jobs = [job for job in JOBS if job.name in {row.job for row in rows}]
    return rows, jobs


def main():
    options = arguments()
    rows, jobs = chosen(options.rows)
    rounds = 1 if options.quick or options.smoke else max(1, options.rounds)
    peers = Peers(options.maggie, options.build.resolve(), set(options.systems.split(",")))
    load = os.getloadavg()[0]
    if load > 0.5:
        peers.notes.append(f"the machine was not quiet (load {load:.2f} at the start)")
    for note in peers.notes:
        say(note)
    if not peers.have:
        sys.exit("bench: nothing to run")
    figures = measure(peers, jobs, rounds, options.smoke)
    if options.smoke:
        for (job, system), error in sorted(figures.failed.items()):
            print(f"Failed: {job} on {system}: {error}")
        print(f"bench: {len(jobs)} jobs checked, {len(figures.failed)} failed")
    else:
        print_table(table_lines(figures, rows))
        print_summary(figures, rows, peers)
        if options.baseline:
            print_baseline(figures, rows, options.baseline)
    if options.json:
        Path(options.json).write_text(
            json.dumps(record(figures, rows, peers, rounds, load), indent=1, ensure_ascii=False)
            + "\n", encoding="utf-8")
    failed = figures.failed if options.smoke else \
        [key for key in figures.failed if key[1] == "maggie"]
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
