#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`maggie run DIR`: entries and applications, the order of start and stop, failures, settings that take effect, and
manifests with something wrong in them."""

import os
import signal
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from command import TIMEOUT_S, Command

CRASH, SOURCE, NO_INPUT = 1, 65, 66

c = Command()


def project(name, manifest, **files):
    """A project: file names with __ for / and without .mag."""
    os.makedirs(f"{name}/src", exist_ok=True)
    c.write(f"{name}/maggie.toml", manifest)
    for path, text in files.items():
        path = Path(name, path.replace("__", "/") + ".mag")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return name


def bad(what, manifest, *err, **files):
    """A manifest that is refused with these texts, the first of which tells the place."""
    name = project("bad", manifest, **(files or {"src__Main": "Main subclass: Object\n  classMethod: start [ ^7 ]\n"}))
    c.expect(what, ["run", name], SOURCE, "", [f"bad/maggie.toml:{err[0]}: error: ", *err[1:]])


MAIN = "Main subclass: Object\n  classMethod: start [ ^System arguments size ]\n  classMethod: go [ 'gone' println ]\n"

# -- Entries --

project("plain", '[source]\nentry = "Main"\n', src__Main=MAIN)
c.expect("an entry", ["run", "plain"], 0, "", "")
c.expect("arguments, and the status", ["run", "plain/", "a", "b"], 2, "", "")
c.expect("a seed", ["run", "--seed", "3", "plain", "a"], 1, "", "")
project("selector", '[source]\nentry = "Main.go"\n', src__Main=MAIN)
c.expect("an entry with a selector", ["run", "selector"], 0, "gone\n", "")
project("crash", '[source]\nentry = "Main"\n', src__Main="Main subclass: Object\n  classMethod: start [ ^nil foo ]\n")
c.expect("a crash of the entry", ["run", "crash"], CRASH, "", ["Error: main process", "crash/src/Main.mag:2:"])

# -- Sources: namespaces, directories, order --

project("spaces", '[project]\nnamespace = "Shop"\n[source]\ndirs = ["src", "more"]\nexclude = ["*_old.mag", "no/*"]\n'
        'entry = "Main.start"\n',
        src__Main="Main subclass: Object\n  classMethod: start [ Cart new fullNames println ]\n",
        src__my_models__Cart="Cart subclass: Thing\n  method: fullNames [ ^{self class fullName. Thing fullName. "
                             "Other fullName. Deep fullName} ]\n",
        src__myWeb_ui__Deep="Deep subclass: Object\n",
        more__Thing="Thing subclass: Object\n",
        more__Other="namespace: 'Else'\n\nOther subclass: Object\n",
        src__Main_old="this is ( no program", src__no__Bad="neither ) is this", **{"src__.hidden": "nor ] this"})
c.expect("namespaces", ["run", "spaces"], 0,
         "#('Shop::MyModels::Cart' 'Shop::Thing' 'Else::Other' 'Shop::MyWebUi::Deep')\n", "")
project("broken", '[source]\nentry = "Main"\n', src__Main=MAIN, src__Bad="Bad subclass: Object\n  method: x [ ^( ]\n")
c.expect("an error in a source", ["run", "broken"], SOURCE, "", "broken/src/Bad.mag:2:")
project("script", '[source]\nentry = "Main"\n', src__Main=MAIN + "\n3 + 4\n")
c.expect("statements in a source", ["run", "script"], SOURCE, "", "script/src/Main.mag:5:")
project("binary", '[source]\nentry = "Main"\n', src__Main=MAIN)
c.write("binary/src/X.mag", b"a\0b")
c.expect("a binary source", ["run", "binary"], SOURCE, "", ["binary/src/X.mag", "binary"])
os.makedirs("nothing")
c.expect("no manifest", ["run", "nothing"], NO_INPUT, "", ["nothing/maggie.toml", "No such file"])
os.makedirs("nosrc")
c.write("nosrc/maggie.toml", '[source]\nentry = "Main"\n')
c.expect("no sources", ["run", "nosrc"], SOURCE, "", "there is no directory nosrc/src")
os.symlink("..", "plain/src/loop")
c.expect("a loop of links", ["run", "plain"], 0, "", "")

# -- Manifests --

bad("no TOML", "[source\n", "1:8")
bad("nothing to start", "[project]\nname = \"x\"\n", "1:1", "nothing says what is started")
bad("an unknown section", '[sources]\nentry = "Main"\n', "1:2", "there is no such setting: `sources`")
bad("an unknown key", '[source]\nentry = "Main"\n\n  nonsense = 1\n', "4:3", "there is no such setting: `nonsense`")
bad("an unknown key below", '[source]\nentry = "Main"\n[runtime]\ngc-interval = 1\n', "4:1", "`gc-interval`")
bad("a wrong kind", '[source]\nentry = 3\n', "2:1", "`entry` must be a string, not an integer")
bad("no table", 'source = 3\n', "1:1", "`source` must be a table, not an integer")
bad("no strings", '[source]\nentry = "Main"\ndirs = ["src", 3]\n', "3:16", "`dirs` must hold strings")
bad("a missing directory", '[source]\nentry = "Main"\ndirs = ["src", "lib"]\n', "3:16", "no directory bad/lib")
bad("a bad entry", '[source]\nentry = "Main.at:put:"\n', "2:1", "is no entry")
bad("a bad class", '[source]\nentry = "main"\n', "2:1", "is no entry")
bad("no such class", '[source]\nentry = "Nobody.start"\n', "2:1", "there is no class Nobody")
bad("no such method", '[source]\nentry = "Main.stop"\n', "2:1", "Main has no class method `stop`")
bad("a bad namespace", '[project]\nnamespace = "shop"\n[source]\nentry = "Main"\n', "2:1", "is no namespace")
bad("both", '[source]\nentry = "Main"\n[application]\nmain = "App"\n', "4:1", "line 2 says already")
bad("no main", '[application]\n', "1:2", "[application] needs `main`")
bad("no application", '[application]\nmain = "Main"\n', "2:1", "Main is no subclass of Application")
bad("a bad restart", '[application]\nmain = "Main"\nrestart = "never"\n', "3:1", "permanent, transient or temporary")
for key, value, err in [("schedulers", "0", "from 1 to 255"), ("schedulers", "256", "from 1 to 255"),
                        ("schedulers", '"two"', "must be an integer"), ("memory", '"64X"', 'such as "64M"'),
                        ("memory", "1000", "or more"), ("memory", "-5", "number of bytes"), ("stack", '"1K"', "or more"),
                        ("mailbox-capacity", "0", "from 1"), ("mailbox-capacity", '"no"', "must be an integer"),
                        ("mailbox-bytes", "true", "number of bytes"), ("stop-timeout", "0", "from 1")]:
    bad(f"{key} = {value}", f'[source]\nentry = "Main"\n[runtime]\n{key} = {value}\n', "4:1", f"`{key}` must be ", err)
c.write("bad/maggie.toml", b"\xff")
c.expect("not UTF-8", ["run", "bad"], NO_INPUT, "", "UTF-8")

# -- Settings take effect --

RUNTIME = """
Main subclass: Object
  classMethod: start [
    | idle sent bytes |
    {System schedulers. Application environmentAt: 'n'. Application environmentAt: 'none'} println.
    idle := [Process sleepForever] fork.
    sent := 0.
    [sent < 1000 and: [idle send: sent]] whileTrue: [sent := sent + 1].
    {sent. Process lastRefusal} println.
    idle := [Process sleepForever] fork.
    bytes := 0.
    [bytes < 100 and: [idle send: (ByteArray new: 1000)]] whileTrue: [bytes := bytes + 1].
    {bytes between: 1 and: 60. Process lastRefusal} println.
    ([self deep: 1] on: StackOverflow do: [:e | #overflow]) println.
    idle := [Array new: 400000] fork.
    idle wait.
    idle exitReason println
  ]
  classMethod: deep: n [ n > 20000 ifTrue: [^n]. ^1 + (self deep: n + 1) ]
"""
project("default", '[source]\nentry = "Main"\n', src__Main=RUNTIME)
c.expect("without settings", ["run", "--schedulers", "3", "default"], 0,
         "#(3 nil nil)\n#(1000 nil)\n#(false nil)\n40001\nnormal\n", "")
project("settings", '[source]\nentry = "Main"\n[environment]\nn = 5\n[runtime]\nschedulers = 2\nmemory = "2M"\n'
        'stack = "256K"\nmailbox-capacity = 300\nmailbox-bytes = 65536\n', src__Main=RUNTIME)
c.expect("settings", ["run", "settings"], 0,
         "#(2 5 nil)\n#(300 #full)\n#(true #full)\noverflow\nmemory\n", "its memory reached the limit")
c.expect("the command line wins", ["run", "--schedulers", "1", "settings"], 0,
         "#(1 5 nil)\n#(300 #full)\n#(true #full)\noverflow\nmemory\n", "its memory reached the limit")

# -- Applications --

APP = """
App subclass: Application
  instanceVars: note
  classMethod: uses [ ^{Store. Log} ]
  method: start [
    note := 'app is over'.
    ^Supervisor new: #oneForOne children: {APP_CHILDREN}
  ]
  method: stop [ note println ]

Store subclass: Application
  classMethod: uses [ ^{Log} ]
  method: start [ ^Noise tree: 'store' ]
  method: stop [ 'store is over' println ]

Log subclass: Application
  method: start [ ^DynamicSupervisor new: (ChildSpec id: #t start: [:id | nil]) ]
  method: stop [ 'log is over' println ]

Noise subclass: Object
  classMethod: tree: name [
    ^Supervisor new: #oneForOne children: {
      self child: name, ' 1'. self child: name, ' 2'}
  ]
  classMethod: child: name [
    ^(ChildSpec id: name asSymbol start: [[Process sleepForever] ensure: [(name, ' stopped') println]])
      init: [(name, ' started') println]
  ]
"""
STARTED = ["store 1 started", "store 2 started", "app 1 started", "ready"]
STOPPED = ["app 1 stopped", "app is over", "store 2 stopped", "store 1 stopped", "store is over", "log is over"]
READY = "Noise child: 'app 1'. ChildSpec id: #ready start: ['ready' println. Process sleepForever]"


def application(name, children, more=""):
    return project(name, f'[application]\nmain = "App"\n{more}', src__App=APP.replace("APP_CHILDREN", children))


def finish(process, what):
    try:
        out, err = process.communicate(timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        c.check(what, False, "it does not end")
    c.check(what, b"panic" not in err and b"Sanitizer" not in err, err.decode("utf-8", "replace"))
    return out.decode().split("\n")[:-1], err.decode()


application("service", READY)
for name in [signal.SIGTERM, signal.SIGINT]:
    for schedulers in ["1", "2"]:
        what = f"{name.name}, {schedulers} schedulers"
        process = c.start(["run", "--schedulers", schedulers, "service"])
        started = [process.stdout.readline().decode().strip() for _ in STARTED]
        c.check(what, started == STARTED, f"started {started}")
        process.send_signal(name)
        lines, err = finish(process, what)
        c.check(what, lines == STOPPED and err == "", f"{lines} {err}")
        c.check(what, process.returncode == 0, f"status {process.returncode}")

# A signal at any moment of a start.
for delay in [0, 2, 4, 8, 12, 16, 20, 30]:
    process = c.start(["run", "service"])
    try:
        process.wait(delay / 1000)
    except subprocess.TimeoutExpired:
        pass
    process.send_signal(signal.SIGTERM)
    lines, err = finish(process, f"after {delay} ms")
    c.check(f"after {delay} ms", process.returncode in (0, -signal.SIGTERM), f"status {process.returncode} {err}")

application("fails", "ChildSpec id: #x start: [1]. (ChildSpec id: #bad start: [1]) init: [nil foo]")
c.expect("a failing start", ["run", "fails"], CRASH,
         "\n".join(STARTED[:2] + STOPPED[2:]) + "\n",
         ["maggie: application App failed to start: ChildStartFailed: child #bad failed to start", "foo",
          "fails/src/App.mag:7:"])
project("noTree", '[application]\nmain = "App"\n', src__App="App subclass: Application\n  method: start [ ^3 ]\n")
c.expect("no tree", ["run", "noTree"], CRASH, "",
         "maggie: application App failed to start: TypeError: start must answer a Supervisor")
project("crashes", '[application]\nmain = "App"\n', src__App="App subclass: Application\n  method: start [ ^nil foo ]\n")
c.expect("a crash in start", ["run", "crashes"], CRASH, "",
         ["failed to start: MessageNotUnderstood: Message not understood: foo", "crashes/src/App.mag:2:"])
project("cycle", '[application]\nmain = "A"\n', src__A="A subclass: Application\n  classMethod: uses [ ^{B} ]\n\n"
        "B subclass: Application\n  classMethod: uses [ ^{A} ]\n")
c.expect("a cycle", ["run", "cycle"], CRASH, "", "maggie: launch: A uses itself, by way of B")
project("stranger", '[application]\nmain = "A"\n',
        src__A="A subclass: Application\n  classMethod: uses [ ^{String} ]\n")
c.expect("no application", ["run", "stranger"], CRASH, "", "must be a subclass of Application, got String")

GIVES_UP = "Noise child: 'app 1'. (ChildSpec id: #bad start: [Process exit: #whim]) backoff: 0"
application("permanent", GIVES_UP)
c.expect("it gives up: permanent", ["run", "permanent"], CRASH, "\n".join(STARTED[:3] + STOPPED) + "\n",
         ["giving up", "application-App: its supervisor has ended with #shutdown",
          "maggie: application App has ended and is #permanent: the program ends"])
application("transient", GIVES_UP, 'restart = "transient"\n')
c.expect("it gives up: transient", ["run", "transient"], CRASH, "\n".join(STARTED[:3] + STOPPED) + "\n",
         "maggie: application App has ended and is #transient: the program ends")
application("temporary", GIVES_UP + ". ChildSpec id: #bye start: [Process exit: #whim]", 'restart = "temporary"\n')
process = c.start(["run", "temporary"])
lines = [process.stdout.readline().decode().strip() for _ in STARTED[:3] + STOPPED[:2]]
c.check("it gives up: temporary", lines == STARTED[:3] + STOPPED[:2], str(lines))
told = iter(process.stderr.readline, b"")  # until the end, if it is not told: then the check below fails
goes_on = any(b"is #temporary: the program goes on without it" in line for line in told)
process.send_signal(signal.SIGTERM)
lines, err = finish(process, "it gives up: temporary")
c.check("it gives up: temporary", lines == STOPPED[2:] and process.returncode == 0, f"{lines} {process.returncode}")
c.check("it gives up: temporary", goes_on, err)
project("alone", '[application]\nmain = "App"\nrestart = "temporary"\n', src__App="App subclass: Application\n"
        "  method: start [ ^Supervisor new: #oneForOne children: {\n"
        "    (ChildSpec id: #a start: [1] restart: #transient) significant: true} autoShutdown: #anySignificant ]\n")
c.expect("the last one has ended", ["run", "alone"], 0, "", "App has ended and is #temporary: the program ends")

# A stop that would take too long is cut off.
application("stubborn", "(ChildSpec id: #x start: [['ready' println. Process sleepForever] ensure: [Process sleep: 60000]])"
            " shutdown: 60000", "[runtime]\nstop-timeout = 50\n")
process = c.start(["run", "stubborn"])
while process.stdout.readline() not in (b"ready\n", b""):
    pass
process.send_signal(signal.SIGTERM)
lines, err = finish(process, "a short stop")
c.check("a short stop", process.returncode == 0, f"status {process.returncode}: {lines} {err}")

c.finish()
