#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""maggie test --seeds: planted faults are found, within a stated number of seeds, and a found seed replays byte for
byte. What is right passes under every seed; time is virtual."""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from command import Command

FAILED = 1

# Each of these is found within so many seeds. Chances of one seed, measured over 200: 0.6, 0.2, 0.6, 0.07.
PLANTED = {"testLostUpdate": 50, "testMissedWakeUp": 100, "testOrderOfSenders": 50, "testRelays": 300}

c = Command()

c.write("PlantedTest.mag", """"A cell in an actor: #get and #put are one request each, so get-then-put is not atomic."
PlantedCell subclass: Object
  instanceVars: process
  classMethod: holding: value [ ^self new setValue: value ]
  method: setValue: initial [
    process := [ | value m |
      value := initial.
      [ m := Process receive.
        m selector == #put ifTrue: [value := m payload].
        m reply: value ] repeat ] fork ]
  method: get [ ^process request: #get with: nil ]
  method: put: value [ ^process request: #put with: value ]
  method: increment [ self put: self get + 1 ]

"A gate: #isOpen tells, #wait notes who wants to be woken, #open wakes those who are noted."
PlantedGate subclass: Object
  instanceVars: process
  classMethod: new [ ^super new start ]
  method: start [
    process := [ | open waiters m |
      open := false. waiters := ArrayList new.
      [ m := Process receive.
        m selector == #isOpen ifTrue: [m reply: open].
        m selector == #wait ifTrue: [waiters add: m sender. m reply: nil].
        m selector == #open ifTrue: [open := true. waiters do: [:w | w send: #opened with: nil]. m reply: nil] ] repeat ] fork ]
  method: open [ process request: #open with: nil ]
  method: pass [
    (process request: #isOpen with: nil) ifTrue: [^#passed].
    process request: #wait with: nil.
    ^(Process receiveMatching: [:m | m selector == #opened] timeout: 1000) isNil ifTrue: [#missed] ifFalse: [#passed] ]

PlantedTest subclass: TestCase
  method: testLostUpdate [
    | cell |
    cell := PlantedCell holding: 0.
    self inParallel: {[cell increment]. [cell increment]}.
    self assert: cell get equals: 2 ]
  method: testMissedWakeUp [
    | gate results |
    gate := PlantedGate new.
    results := self inParallel: {[gate pass]. [gate open. #passed]}.
    self assert: (results at: 1) equals: #passed ]
  method: testOrderOfSenders [
    | me |
    me := Process current.
    self spawn: [me send: #value with: 1].
    self spawn: [me send: #value with: 2].
    self assert: (self expect: #value) payload equals: 1 ]
  method: testRelays [
    | me relay target |
    me := Process current.
    target := me.
    6 timesRepeat: [ | next | next := target. target := [ | m | m := Process receive. next send: m selector with: m payload ] fork ].
    relay := target.
    self spawn: [ me send: #value with: 1 ].
    relay send: #value with: 2.
    self assert: (self expect: #value) payload equals: 1 ]
""")
c.write("RightTest.mag", """
RightTest subclass: TestCase
  method: testSum [
    | server |
    server := [ | sum m | sum := 0.
      [ m := Process receive. sum := sum + m payload. m isRequest ifTrue: [m reply: sum] ] repeat ] fork.
    self inParallel: ((1 to: 5) collect: [:i | [server request: #add with: i]]).
    self assert: (server request: #add with: 0) equals: 15 ]
  method: testSleep [
    | start |
    start := Time milliseconds.
    self after: 3000 do: [nil].
    Process sleep: 5000.
    self assert: Time milliseconds - start >= 5000 ]
  method: testAlone [ 'once' println ]
""")


def run(*arguments):
    process = c.start(["test", *arguments])
    out, err = process.communicate()
    c.check("no complaint", err == b"", err)
    return out.decode(), process.returncode


for test, seeds in PLANTED.items():
    name = "PlantedTest>>" + test
    out, status = run("--seeds", str(seeds), "--filter", name, "PlantedTest.mag")
    found = re.search(r"\(seed (\d+)\)", out)
    c.check(test, status == FAILED and found and out.endswith("0 passed, 1 failed\n"), out)
    if not found:
        continue
    hint = f"  replay: maggie test --seed {found[1]} --filter '{name}' PlantedTest.mag\n"
    c.check("the hint", hint in out, out)
    for _ in range(2):
        again, status = run("--seed", found[1], "--filter", name, "PlantedTest.mag")
        c.check("the replay", again == out and status == FAILED, f"{again!r} is not {out!r}")

out, status = run("--seeds", "25", "RightTest.mag")
c.check("what is right", status == 0 and out == "ok   RightTest.mag: 3 passed\n3 passed, 0 failed\n", out)
# Without other actors there is one order only: the test runs once.
out, status = run("--seeds", "25", "--verbose", "--filter", "testAlone", "RightTest.mag")
c.check("alone", out.count("once") == 1 and status == 0, out)
# Rings of 2 to 50 actors that ask each other, with bystanders that ask in turns, have a deadlock each, and it is found
# whole, whatever the order; without the ring's last link there is none.
c.write("RingTest.mag", """
RingTest subclass: TestCase
  method: ringOf: n [
    ^(1 to: n) collect: [:i |
      [ | next |
        next := (Process receiveMatching: [:m | m selector == #next]) payload.
        next isNil
          ifTrue: [[Process receive selector == #never] whileFalse]
          ifFalse: [next request: #ask with: i timeout: nil] ] fork] ]
  method: startTalkers [
    | a |
    a := [ [ | m | m := Process receive. m isRequest ifTrue: [m reply: nil] ] repeat ] fork.
    3 timesRepeat: [[[a request: #talk with: nil] repeat] fork] ]
  method: testRing [
    | n members cycles |
    n := Random new nextBetween: 2 and: 50.
    members := self ringOf: n.
    self startTalkers.
    members doWithIndex: [:each :i | each send: #next with: (i = n ifTrue: [nil] ifFalse: [members at: i + 1])].
    self waitUntil: [((Runtime waitsOf: members) select: [:each | each kind == #reply]) size = (n - 1)].
    self assert: Runtime deadlocks isEmpty.
    (members at: n) kill.
    members := self ringOf: n.
    members doWithIndex: [:each :i | each send: #next with: (members at: i \\\\ n + 1)].
    self waitUntil: [((Runtime waitsOf: members) select: [:each | each kind == #reply]) size = n].
    cycles := Runtime deadlocks.
    self assert: cycles size equals: 1.
    self assert: cycles first waits size equals: n.
    self assert: (cycles first processes allSatisfy: [:each | members includes: each]) ]
""")
out, status = run("--seeds", "40", "RingTest.mag")
c.check("rings", status == 0 and out == "ok   RingTest.mag: 1 passed\n1 passed, 0 failed\n", out)
# A first seed and a number of them.
out, status = run("--seed", "1000", "--seeds", "100", "--filter", "testLostUpdate", "PlantedTest.mag")
c.check("from a seed on", re.search(r"\(seed 10\d\d\)", out) and status == FAILED, out)

c.finish()
