#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Long runs that watch memory: tools/soak.py [SECONDS] [WORD].

Each test/soak/NAME.mag is run in the release, asan and tsan profiles with the number of seconds as its argument; it
ends by itself after about that time, with status 0. Its resident memory is sampled all the while. A run fails when
the program does, or when in the release profile the memory of its last quarter stands above that of its second one
by more than a tenth and 8 MiB (the first quarter is for warming up; sanitizers keep freed memory on purpose).
WORD selects runs by `profile/name`. The last line is `N passed, N failed`.
"""

import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROFILES = ["release", "asan", "tsan"]
SAMPLE_S = 0.2
GROWTH_ALLOWED = 1.10
GROWTH_ALLOWED_KIB = 8 * 1024


def resident_kib(pid):
    try:
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").split("\n"):
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    except OSError:
        pass
    return None


def soak(profile, script, seconds):
    """Returns None, or what went wrong."""
    process = subprocess.Popen([str(ROOT / "build" / profile / "maggie"), "run", str(script), str(seconds)],
                               stdin=subprocess.DEVNULL, cwd=ROOT)
    samples = []
    deadline = time.monotonic() + seconds * 10 + 60
    while process.poll() is None:
        kib = resident_kib(process.pid)
        if kib:
            samples.append(kib)
        if time.monotonic() > deadline:
            process.kill()
            process.wait()
            return "ran over its time"
        time.sleep(SAMPLE_S)
    if process.returncode != 0:
        return f"exit status {process.returncode}"
    quarter = len(samples) // 4
    if quarter < 4:
        return f"only {len(samples)} samples: it ended too early"
    early = statistics.median(samples[quarter:2 * quarter])
    late = statistics.median(samples[-quarter:])
    print(f"    memory: {early / 1024:.1f} MiB in the second quarter, {late / 1024:.1f} MiB in the last")
    if profile == "release" and late > early * GROWTH_ALLOWED + GROWTH_ALLOWED_KIB:
        return "memory grows"
    return None


def main():
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    word = sys.argv[2] if len(sys.argv) > 2 else ""
    passed = failed = 0
    for script in sorted((ROOT / "test" / "soak").glob("*.mag")):
        for profile in PROFILES:
            name = f"{profile}/{script.stem}"
            if word not in name:
                continue
            print(f"{name}: {seconds} s", flush=True)
            trouble = soak(profile, script, seconds)
            if trouble:
                failed += 1
                print(f"FAIL {name}: {trouble}", flush=True)
            else:
                passed += 1
    print(f"{passed} passed, {failed} failed")
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
