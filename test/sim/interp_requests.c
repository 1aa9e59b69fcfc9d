/* SPDX-License-Identifier: MIT */
/* One outcome for each request: responders that reply, reply late, reply twice, reply with an
 * error, forget it, end, and are killed at any moment. (Gate T6, at the size for each commit:
 * 10,000 requests.) Askers wait for the answer (request:), or for its future, with limits and
 * without; some are killed themselves. At the end every request has had exactly one outcome, and no
 * late reply is found in a mailbox.
 */
#include "support/seeds.h"

#if defined(MG_ASAN) || defined(MG_TSAN) || defined(MG_STRESS)
#define SEEDS 10
#else
#define SEEDS 130
#endif

/* 8 askers with 10 requests each. */
static const char program[] =
    "Responder subclass: Object\n"
    "  instanceVars: random kept\n"
    "  classMethod: run: seed [ ^self new run: seed ]\n"
    "  method: run: seed [\n"
    "    random := Random new: seed. kept := ArrayList new.\n"
    "    [self serve: Process receive] repeat ]\n"
    "  method: serve: m [\n"
    "    | dice |\n"
    "    m selector == #sync ifTrue: [^m reply: #done].\n"
    "    dice := random nextBetween: 1 and: 12.\n"
    "    dice <= 4 ifTrue: [^m reply: m payload].\n"
    "    dice = 5 ifTrue: [m reply: m payload. ^m reply: 0].\n"
    "    dice = 6 ifTrue: [^m replyError: (ZeroDivide new messageText: 'planned'; yourself)].\n"
    "    dice = 7 ifTrue: [Process sleep: 3. ^m reply: m payload].\n"
    "    dice = 8 ifTrue: [^kept add: m].\n"
    "    dice = 9 ifTrue: [^kept do: [:each | each reply: each payload]].\n"
    "    dice = 10 ifTrue: [^[Process sleep: 2. m reply: m payload] fork].\n"
    "    dice = 11 ifTrue: [Process yield. ^m reply: m payload].\n"
    "    ^Process exit: #enough ]\n"
    "\n"
    "Asker subclass: Object\n"
    "  instanceVars: random responders outcomes\n"
    "  classMethod: run: seed ask: some [ ^self new run: seed ask: some ]\n"
    "  method: run: seed ask: some [\n"
    "    random := Random new: seed. responders := some. outcomes := 0.\n"
    "    1 to: 10 do: [:i | self askOne: i * 7].\n"
    "    ^{outcomes. self strays} ]\n"
    "  method: askOne: n [\n"
    "    | to value limit |\n"
    "    to := responders at: (random nextBetween: 1 and: responders size).\n"
    "    limit := (random nextBetween: 1 and: 2) = 1 ifTrue: [random nextBetween: 0 and: 4] "
    "ifFalse: [50].\n"
    "    value := [(random nextBetween: 1 and: 2) = 1\n"
    "        ifTrue: [to request: #x with: n timeout: limit]\n"
    "        ifFalse: [(to asyncSend: #x with: n timeout: limit) await]]\n"
    "      on: ZeroDivide, Timeout, NoProcess do: [:e | n].\n"
    "    value = n ifFalse: [^Error signal: 'a wrong answer: ', value printString].\n"
    "    outcomes := outcomes + 1 ]\n"
    "  method: strays [\n"
    "    Process sleep: 100.\n"
    "    ^(Process receive: 0) isNil ifTrue: [0] ifFalse: [1] ]\n"
    "\n"
    "| responders askers results promise waiters victim |\n"
    "responders := (1 to: 5) asArray collect: [:i |\n"
    "  [Responder run: (Random next * 1000000) truncated + i] fork].\n"
    "askers := (1 to: 8) asArray collect: [:i |\n"
    "  [Asker run: (Random next * 1000000) truncated + i ask: responders] fork].\n"
    "victim := [Asker run: 5 ask: responders] fork.\n"
    "promise := Promise new.\n"
    "waiters := (1 to: 10) asArray collect: [:i | [promise future await] fork].\n"
    "Process sleep: (Random next * 8) truncated.\n"
    "(responders at: 1) kill. victim kill.\n"
    "Process sleep: (Random next * 8) truncated.\n"
    "(responders at: 2) terminate. promise resolve: 3.\n"
    "results := askers collect: [:each | each wait].\n"
    "(results allSatisfy: [:each | each = #(10 0)]) ifFalse: [^1].\n"
    "(waiters allSatisfy: [:each | each wait = 3]) ifFalse: [^2].\n"
    "(Process receive: 0) isNil ifFalse: [^3].\n"
    "0\n";

int main(int argc, char **argv)
{
    return seeds_main(argc, argv, "requests", program, SEEDS, NULL);
}
