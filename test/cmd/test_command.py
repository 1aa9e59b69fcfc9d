#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""maggie test: which files are tests, what passes and fails and how it is told, options, exit statuses."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from command import Command

FAILED, USAGE, NO_INPUT = 1, 2, 66

c = Command()


def run(*arguments):
    """Standard output, standard error and status of `maggie test`."""
    process = c.start(["test", *arguments])
    out, err = process.communicate()
    return out.decode(), err.decode(), process.returncode


# Nothing to test.
os.mkdir("empty")
c.expect("an empty directory", ["test", "empty"], FAILED, "0 passed, 0 failed\n", "there is no test")
c.expect("here, empty", ["test"], FAILED, "0 passed, 0 failed\n", "there is no test")
c.expect("a missing path", ["test", "nosuch"], NO_INPUT, "", ["nosuch", "No such file"])
c.expect("a missing path, later", ["test", "empty", "nosuch.mag"], NO_INPUT, "", ["nosuch.mag", "No such file"])

# Wrong options.
for option in ["--seeds", "--seed", "--filter", "--time-limit", "--schedulers", "--max-heap"]:
    c.expect("no value", ["test", option], USAGE, "", option)
for option, values in {"--seeds": ["0", "x", "-1", "1000000001", ""], "--seed": ["x", "-1", ""],
                       "--time-limit": ["0", "x", "99999999999"], "--schedulers": ["0", "256"],
                       "--max-heap": ["0", "5X"]}.items():
    for value in values:
        c.expect("a bad value", ["test", option, value], USAGE, "", option)
c.expect("no such option", ["test", "--frob"], USAGE, "", "--frob")

# What passes; classes in files of their own are found by name.
os.makedirs("shop/test/deep")
os.makedirs("shop/src")
c.write("shop/src/Till.mag", "Till subclass: Object\n  method: total [ ^Coin new value + 2 ]\n")
c.write("shop/src/Coin.mag", "Coin subclass: Object\n  method: value [ ^3 ]\n")
c.write("shop/src/unused.mag", "this does not ( compile")
c.write("shop/TillTest.mag", """
TillTest subclass: TestCase
  instanceVars: till
  method: setUp [ till := Plain new ]
  method: testPlain [ self assert: till one equals: 1 ]
  method: helper: x [ self fail ]
  method: testWith: x [ self fail ]
""")
c.write("shop/Plain.mag", "Plain subclass: Object\n  method: one [ ^1 ]\n")
c.write("shop/test/deep/sums.mag", """
SumsTest subclass: TestCase
  method: testTill [ self assert: Till new total equals: 5 ]
""")
c.write("shop/test/script.mag", "Till new total = 5 ifFalse: [Error signal: 'no']. 'printed' println")
c.write("shop/.hidden.mag", "Error signal")
c.write("shop/notes.mag", "Error signal: 'no test'")
c.expect("a directory", ["test", "shop"], 0,
         "ok   shop/TillTest.mag: 1 passed\nok   shop/test/deep/sums.mag: 1 passed\n"
         "ok   shop/test/script.mag: 1 passed\n3 passed, 0 failed\n", "")
c.expect("a directory test", ["test", "shop/test"], 0,
         "ok   shop/test/deep/sums.mag: 1 passed\nok   shop/test/script.mag: 1 passed\n2 passed, 0 failed\n", "")
c.expect("a file", ["test", "shop/test/deep/sums.mag"], 0,
         "ok   shop/test/deep/sums.mag: 1 passed\n1 passed, 0 failed\n", "")
c.expect("a filter", ["test", "--filter", "testTill", "shop"], 0,
         "ok   shop/test/deep/sums.mag: 1 passed\n1 passed, 0 failed\n", "")
c.expect("a filter for nothing", ["test", "--filter", "zork", "shop"], FAILED, "0 passed, 0 failed\n", "zork")
c.expect("verbose", ["test", "--verbose", "shop/test/script.mag"], 0,
         "pass shop/test/script.mag (statements)\n  output:\n    | printed\nok   shop/test/script.mag: 1 passed\n"
         "1 passed, 0 failed\n", "")

# Errors in a source.
os.mkdir("broken")
c.write("broken/ATest.mag", "ATest subclass: TestCase\n  method: testA [ ^( ]\n")
c.write("broken/BTest.mag", "BTest subclass: TestCase\n  method: testB [ self assert: true ]\n")
c.write("broken/CTest.mag", b"\xff\xfe")
c.expect("a syntax error", ["test", "broken"], FAILED,
         "FAIL broken/ATest.mag\n  its source cannot be used\nFAIL broken/ATest.mag: 0 passed, 1 failed\n"
         "ok   broken/BTest.mag: 1 passed\n"
         "FAIL broken/CTest.mag\n  its source cannot be used\nFAIL broken/CTest.mag: 0 passed, 1 failed\n"
         "1 passed, 2 failed\n",
         ["broken/ATest.mag:2:", "error:", "CTest.mag", "UTF-8"])

# What fails, and how it is told. Each concerns its own test alone.
c.write("FailTest.mag", """FailTest subclass: TestCase
  classMethod: timeLimit [ ^2000 ]
  method: testPasses [ self assert: 3 + 4 equals: 7 ]
  method: testEquals [ self assert: 3 + 4 equals: 8 ]
  method: testAssert [ self assert: nil ]
  method: testDeny [ self deny: true description: 'it is denied' ]
  method: testRaise [ self should: [3 + 4] raise: ZeroDivide ]
  method: testRaiseOther [ self should: [nil zork] raise: ZeroDivide ]
  method: testError [ ^nil zork ]
  method: testCrash [ Exception signal: 'no Error' ]
  method: testExit [ Process exit: #enough ]
  method: testNormalExit [ Process exit: #normal ]
  method: testKilled [ Process current kill ]
  method: testStatus [ System exit: 0 ]
  method: testMemory [ | l | l := ArrayList new. [l add: (Array new: 100000)] repeat ]
  method: testLeak [ 'before' println. self spawn: [3 / 0]. Process receive ]
  method: testKillsAll [ Process all do: [:each | each kill] ]
  method: testExpect [ self expect: #never within: 5 ]
  method: testWaitUntil [ self waitUntil: [false] within: 5 ]
""")
out, err, status = run("FailTest.mag", "--max-heap", "32M")
c.check("fails", status == FAILED and err == "", f"{status} {err}")
for text in [
        "FAIL FailTest.mag FailTest>>testEquals\n  expected 8, got 7\n    at FailTest.mag:4:",
        "FAIL FailTest.mag FailTest>>testAssert\n  expected true, got nil\n    at FailTest.mag:5:",
        "FAIL FailTest.mag FailTest>>testDeny\n  it is denied, got true\n    at FailTest.mag:6:",
        ">>testRaise\n  expected ZeroDivide, but nothing was signalled\n    at FailTest.mag:7:",
        ">>testRaiseOther\n  expected ZeroDivide, got MessageNotUnderstood: Message not understood: zork\n",
        ">>testError\n  MessageNotUnderstood: Message not understood: zork\n    [0] FailTest>>testError at FailTest.mag:9:",
        ">>testCrash\n  ended by Exception: no Error\n  output:\n    | Error: process",
        ">>testExit\n  ended with #enough\n",
        ">>testNormalExit\n  ended before the test was over\n",
        ">>testKilled\n  ended with #killed\n",
        ">>testStatus\n  ended the program with status 0\n",
        ">>testMemory\n  ended with #memory\n",
        ">>testLeak\n  ended with #linked, after the end of process",
        "  output:\n    | before\n    | Error: process",
        ">>testKillsAll\n  the process that ran the test ended with #killed\n",
        ">>testExpect\n  no message #never came within 5 ms\n    at FailTest.mag:18:",
        ">>testWaitUntil\n  the condition did not become true within 5 ms\n    at FailTest.mag:19:",
        "FAIL FailTest.mag: 1 passed, 16 failed\n1 passed, 16 failed\n"]:
    c.check("fails", text in out, f"{text!r} is not in {out}")

# A crash that the test expects does not show.
c.write("CrashTest.mag", """CrashTest subclass: TestCase
  method: testCrash [
    | p |
    p := [3 / 0] fork.
    self expectEndOf: p reason: #error.
    self assert: p exitError isKindOf: ZeroDivide ]
""")
c.expect("an expected crash", ["test", "CrashTest.mag"], 0, "ok   CrashTest.mag: 1 passed\n1 passed, 0 failed\n", "")

# Nor does a warning of the runtime.
c.write("FullTest.mag", """FullTest subclass: TestCase
  method: testFull [
    | p |
    p := [Process receiveMatching: [:m | false]] fork: #{#mailboxMessages -> 5}.
    10 timesRepeat: [p send: 1].
    self deny: (p send: 1) ]
""")
c.expect("a warning", ["test", "FullTest.mag"], 0, "ok   FullTest.mag: 1 passed\n1 passed, 0 failed\n", "")

# Tests that do not end: a deadlock, at once; others when their time is over, which under a seed is at once, too.
c.write("StuckTest.mag", """StuckTest subclass: TestCase
  method: testDeadlock [
    | ask a b |
    ask := [ | next |
      next := (Process receiveMatching: [:m | m selector == #next]) payload.
      next request: #ask with: nil timeout: nil ].
    a := ask fork: #{#label -> 'left'}.
    b := ask fork: #{#label -> 'right'}.
    a send: #next with: b.
    b send: #next with: a.
    a wait ]
  method: testForEver [ Process receive ]
  method: testLoop [ [true] whileTrue: [] ]
""")
out, err, status = run("StuckTest.mag", "--filter", "testDeadlock")
deadlock = ["FAIL StuckTest.mag StuckTest>>testDeadlock", "\n  deadlock\n", "'left' waits for a reply from process",
            "'right' at StuckTest.mag:6:"]
c.check("a deadlock", status == FAILED and err == "" and all(t in out for t in deadlock), out + err)
out, err, status = run("StuckTest.mag", "--seed", "3", "--time-limit", "300")
for text in [*deadlock, "testForEver (seed 3)\n  did not end within 300 ms\n    the test waits for a message at "
             "StuckTest.mag:12:", "testLoop (seed 3)\n  did not end within 300 ms\n", "0 passed, 3 failed\n"]:
    c.check("stuck, seeded", text in out, f"{text!r} is not in {out}")
out, err, status = run("StuckTest.mag", "--filter", "ForEver", "--time-limit", "50")
c.check("stuck, unseeded", "did not end within 50 ms" in out and status == FAILED, out)

# The whole of TestCase: everything here passes, with threads and under seeds, and its counterpart fails.
good = {
    "assert: true": "assert: false",
    "assert: [true] description: 'x'": "assert: [nil] description: 'x'",
    "deny: false": "deny: nil",
    "deny: [false] description: 'x'": "deny: [true] description: 'x'",
    "assert: 'a' equals: 'a'": "assert: 'a' equals: #b",
    "deny: 1 equals: 2": "deny: 1 equals: 1",
    "assert: #a identicalTo: #a": "assert: (Array with: 1) identicalTo: (Array with: 1)",
    "assert: 3 isKindOf: Integer": "assert: 3 isKindOf: String",
    "assert: #(1 2) includes: 2": "assert: #(1 2) includes: 3",
    "assert: 1.01 closeTo: 1 within: 0.1": "assert: 1.2 closeTo: 1 within: 0.1",
    "assert: (self should: [3 / 0] raise: ZeroDivide, TypeError) isKindOf: ZeroDivide":
        "should: [TypeError signal] raise: ZeroDivide",
    "should: [Error signal: 'abc'] raise: Error with: 'b'": "should: [Error signal: 'abc'] raise: Error with: 'x'",
    "shouldnt: [3] raise: ZeroDivide": "shouldnt: [3 / 0] raise: ZeroDivide",
    "assert: (self inParallel: {[1]. [Process sleep: 3. 2]}) equals: #(1 2)": "inParallel: {[1]. [3 / 0]}",
    "assert: (self expectEndOf: (self spawn: [1])) equals: #normal": "expectEndOf: [Process receive] fork within: 5",
    "expectEndOf: [Process exit: #x] fork reason: #x": "expectEndOf: [1] fork reason: #x",
    "expectNothingFor: 3": "expectNothingFor: ([Process current send: #a with: 1. 3] value)",
    "assert: [Process current send: #b with: 1. Process current send: #a with: 2. (self expect: #a) payload = 2]":
        "expect: #a within: 3",
    "after: 5 do: [p := 1]. self assert: p isNil": "after: 0 do: [3 / 0]. Process receive",
    "waitUntil: [(p := p isNil ifTrue: [[1] fork] ifFalse: [p]) isTerminated]": "waitUntil: [nil] within: 3",
    "shouldnt: [Process sleep: 1] raise: Error": "fail",
}
for kind, calls in [("Good", good.keys()), ("Bad", good.values())]:
    c.write(f"{kind}Test.mag", f"{kind}Test subclass: TestCase\n  instanceVars: p\n" + "".join(
        f"  method: test{i} [ self {call} ]\n" for i, call in enumerate(calls)))
n = len(good)
c.expect("TestCase", ["test", "GoodTest.mag"], 0, f"ok   GoodTest.mag: {n} passed\n{n} passed, 0 failed\n", "")
c.expect("TestCase, seeded", ["test", "--seeds", "10", "GoodTest.mag"], 0,
         f"ok   GoodTest.mag: {n} passed\n{n} passed, 0 failed\n", "")
out, err, status = run("BadTest.mag", "--time-limit", "1000")
c.check("TestCase, failing", out.endswith(f"0 passed, {n} failed\n") and status == FAILED and err == "", out + err)
c.check("TestCase, places", out.count("\n    at BadTest.mag:") >= n - 3, out)

# Inherited tests belong to each class that has them; a test that is redefined counts once.
c.write("FamilyTest.mag", """
FamilyTest subclass: TestCase
  method: testOne [ self assert: self number equals: 1 ]
  method: testTwo [ self assert: true ]
  method: number [ ^1 ]

FamilyChildTest subclass: FamilyTest
  method: testTwo [ self assert: self number equals: 2 ]
  method: number [ ^2 ]
""")
out, err, status = run("--verbose", "FamilyTest.mag")
c.check("inherited", [line.split(" ", 2)[2] for line in out.splitlines() if ">>" in line] ==
        ["FamilyTest>>testOne", "FamilyTest>>testTwo", "FamilyChildTest>>testOne", "FamilyChildTest>>testTwo"], out)
c.check("inherited", out.endswith("3 passed, 1 failed\n"), out)

# setUp and tearDown run for each test, also for one that fails; their own failures count.
c.write("OrderTest.mag", """
OrderTest subclass: TestCase
  method: setUp [ 'up' println ]
  method: tearDown [ 'down' println ]
  method: testA [ 'a' println. self fail ]

UpTest subclass: TestCase
  method: setUp [ self fail: 'in setUp' ]
  method: tearDown [ 'down' println ]
  method: testA [ 'never' println ]

DownTest subclass: TestCase
  method: tearDown [ self fail: 'in tearDown' ]
  method: testA [ ^1 ]
""")
out, err, status = run("OrderTest.mag")
c.check("setUp", "    | up\n    | a\n    | down\n" in out and "  in setUp\n" in out and "  in tearDown\n" in out and
        "never" not in out and out.endswith("0 passed, 3 failed\n"), out)

# Output beyond measure is cut.
c.write("NoisyTest.mag", "NoisyTest subclass: TestCase\n  method: testNoise [ 2000 timesRepeat: [\n"
        "    '" + "x" * 100 + "' println]. self fail ]\n")
out, err, status = run("NoisyTest.mag")
c.check("noise", "more bytes were not kept" in out and len(out) < 80000 and status == FAILED, out[-300:])

c.finish()
