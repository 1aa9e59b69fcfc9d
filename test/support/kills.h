/* SPDX-License-Identifier: MIT */
/* A program full of mutexes, semaphores, channels and choices, in which main kills its workers one
 * by one, and then finds everything free. It answers 0, or what it found. Run with seeds by
 * test/sim/interp_kills.c, and with real threads by test/litmus/interp_keepers.c.
 */
#ifndef MG_TEST_SUPPORT_KILLS_H
#define MG_TEST_SUPPORT_KILLS_H

static const char kills_program[] =
    "KillWorker subclass: Object\n"
    "  instanceVars: main mutex semaphore many few random\n"
    "  classMethod: main: p things: things [ ^self new setMain: p things: things ]\n"
    "  method: setMain: p things: things [\n"
    "    main := p. mutex := things at: 1. semaphore := things at: 2. many := things at: 3.\n"
    "    few := things at: 4.\n"
    "    random := Random new: Process current id * 7919 + (Random next * 1000000) truncated.\n"
    "    Process current registerAs: 'worker', (random nextBetween: 1 and: 3) printString.\n"
    "    [self act: (random nextBetween: 1 and: 14)] repeat ]\n"
    "  method: act: choice [\n"
    "    choice <= 2 ifTrue: [^mutex isHeldByMe ifFalse: [mutex critical: [:n | Process yield. n + "
    "1]]].\n"
    "    choice = 3 ifTrue: [mutex isHeldByMe ifFalse: [mutex lock: 1]. ^nil].\n"
    "    choice = 4 ifTrue: [^mutex isHeldByMe ifTrue: [mutex unlock]].\n"
    "    choice = 5 ifTrue: [^semaphore critical: [Process sleep: 1]].\n"
    "    choice = 6 ifTrue: [^semaphore acquire: 1].\n"
    "    choice = 7 ifTrue: [^semaphore tryAcquire].\n"
    "    choice = 8 ifTrue: [^many receive: 1].\n"
    "    choice = 9 ifTrue: [^few receive: 1].\n"
    "    choice = 10 ifTrue: [^few send: choice timeout: 1].\n"
    "    choice = 11 ifTrue: [^self choose].\n"
    "    choice = 12 ifTrue: [^mutex isHeldByMe ifFalse: [mutex ifAvailable: [:n | n + 1]]].\n"
    "    choice = 13 ifTrue: [^few trySend: choice].\n"
    "    ^Process sleep: (random nextBetween: 0 and: 2) ]\n"
    "  method: choose [\n"
    "    ^Channel select: {few onReceive: [:v | v]. few onSend: 1 do: []. many onReceive: [:v | "
    "v]}\n"
    "      timeout: 2 ]\n"
    "\n"
    "| mutex semaphore many few workers main |\n"
    "main := Process current.\n"
    "mutex := Mutex holding: 0. semaphore := Semaphore new: 2.\n"
    "many := Channel new: 4. few := Channel new.\n"
    "workers := (1 to: 6) asArray collect: [:i |\n"
    "  [KillWorker main: main things: {mutex. semaphore. many. few}] fork].\n"
    "1 to: 4 do: [:i | many trySend: i].\n"
    "Process sleep: (Random next * 12) truncated.\n"
    "workers do: [:each | Process sleep: (Random next * 4) truncated. each kill].\n"
    "workers do: [:each | each wait].\n"
    "(mutex lock: 5000) ifFalse: [^1].\n"
    "mutex unlock.\n"
    "semaphore available = 2 ifFalse: [^2].\n"
    "1 to: 3 do: [:i | (Process named: 'worker', i printString) isNil ifFalse: [^3]].\n"
    "[few tryReceive isNil] whileFalse.\n"
    "(few trySend: 1) ifTrue: [^4].\n"
    "0\n";

#endif
