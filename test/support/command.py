# SPDX-License-Identifier: MIT
"""For the scripts of test/cmd: runs maggie and compares what it does with what it should.

    from command import Command
    c = Command()                            # argv[1] is the program
    c.expect("a missing file", ["run", "nosuch.mag"], status=66, err="No such file")
    c.finish()                               # exit status 1 if anything was unexpected

Each script works in a scratch directory of its own, which goes with it.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

TIMEOUT_S = 100


class Command:
    def __init__(self):
        self.maggie = str(Path(sys.argv[1]).resolve())
        self.scratch = tempfile.mkdtemp()
        os.chdir(self.scratch)
        self.failures = 0
        self.checks = 0

    def write(self, name, content):
        """A file in the scratch directory; content is text or bytes."""
        Path(name).write_bytes(content.encode() if isinstance(content, str) else content)
        return name

    def start(self, arguments, **options):
        """A process that runs maggie, with its output in pipes."""
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        return subprocess.Popen([self.maggie, *arguments], **options)

    def check(self, what, good, detail=""):
        self.checks += 1
        if not good:
            self.failures += 1
            print(f"{what}: {detail}")

    def expect(self, what, arguments, status=0, out=None, err=""):
        """Runs it to the end. out: all of standard output, or None; err: a text that standard error holds, where ""
        says that it is empty. Several texts must all be there."""
        process = self.start(arguments)
        try:
            printed, reported = (s.decode("utf-8", "replace") for s in process.communicate(timeout=TIMEOUT_S))
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            self.check(what, False, "it does not end")
            return
        self.check(what, process.returncode == status,
                   f"status {process.returncode} instead of {status}; standard error: {reported}")
        self.check(what, out is None or printed == out, f"printed {printed!r} instead of {out!r}")
        wanted = [err] if isinstance(err, str) else err
        for text in wanted:
            good = text in reported if text else not reported
            self.check(what, good, f"standard error is {reported!r}, and should hold {text!r}")
        self.check(what, not re.search(r"panic|Sanitizer|runtime error", reported), reported)

    def finish(self):
        os.chdir("/")
        shutil.rmtree(self.scratch, ignore_errors=True)
        print(f"{self.checks} checks, {self.failures} failures")
        sys.exit(1 if self.failures or not self.checks else 0)
