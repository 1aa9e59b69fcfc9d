/* SPDX-License-Identifier: MIT */
/* An exit that arrives while its target does anything takes effect: nothing hangs, the monitor
 * fires once, the partner of a link hears of it, `ensure:` blocks run unless it is a kill, and what
 * the target held is free. (Gate T4: 1,000 exits during each of receive, selective receive, promise
 * wait, mutex wait, semaphore wait, channel send and receive, select, group wait, context wait,
 * process wait, request, sleep, collection, native work, becoming a monitor, being spawned,
 * clean-up.)
 *
 * Each seed plays every situation several times, in random order, with an exit at a random moment.
 */
#include "support/seeds.h"

#if defined(MG_ASAN) || defined(MG_TSAN) || defined(MG_STRESS)
#define SEEDS 10
#else
#define SEEDS 340
#endif

/* Three of each in a run: 340 seeds make 1,020. */
static const char program[] =
    "Victim subclass: Object\n"
    "  instanceVars: m s c full g ctx p deaf log\n"
    "  classMethod: things: things do: kind [ ^self new things: things do: kind ]\n"
    "  method: things: things do: kind [\n"
    "    m := things at: 1. s := things at: 2. c := things at: 3. full := things at: 4.\n"
    "    g := things at: 5. ctx := things at: 6. p := things at: 7. deaf := things at: 8.\n"
    "    log := things at: 9.\n"
    "    kind = 0 ifTrue: [[Process sleepForever] ensure: [Process sleep: 1. ^log send: 1]].\n"
    "    [[self act: kind] repeat] ensure: [log send: 1] ]\n"
    "  method: act: kind [\n"
    "    kind = 1 ifTrue: [^Process receive].\n"
    "    kind = 2 ifTrue: [^Process receiveMatching: [:x | false] timeout: 50].\n"
    "    kind = 3 ifTrue: [^p await].\n"
    "    kind = 4 ifTrue: [^m critical: [Process yield]].\n"
    "    kind = 5 ifTrue: [^s critical: [Process yield]].\n"
    "    kind = 6 ifTrue: [^c receive].\n"
    "    kind = 7 ifTrue: [^full send: 1].\n"
    "    kind = 8 ifTrue: [^Channel select: {c onReceive: [:v | v]. full onSend: 1 do: []}].\n"
    "    kind = 9 ifTrue: [^g wait].\n"
    "    kind = 10 ifTrue: [^ctx wait].\n"
    "    kind = 11 ifTrue: [^deaf wait].\n"
    "    kind = 12 ifTrue: [^[deaf request: #x with: 1 timeout: 1] on: Timeout do: [:e | nil]].\n"
    "    kind = 13 ifTrue: [^Process sleep: 2].\n"
    "    kind = 14 ifTrue: [^(1 to: 300) asArray collect: [:i | Array new: 20]].\n"
    "    kind = 15 ifTrue: [^((1 to: 200) asArray collect: [:i | i * 7919 \\\\ 1000]) sorted].\n"
    "    kind = 16 ifTrue: [^Process current demonitor: (Process current monitor: deaf) flush: "
    "true].\n"
    "    kind = 17 ifTrue: [^[Process yield] fork wait].\n"
    "    ^Process yield ]\n"
    "\n"
    "| things deaf log kinds cleaned killed downs me |\n"
    "me := Process current. me trapExit: true.\n"
    "deaf := [Process sleepForever] fork.\n"
    "log := [ | n | n := 0. [ | x | x := Process receive. x isRequest ifTrue: [x reply: n] "
    "ifFalse: "
    "[n := n + 1]] repeat] fork.\n"
    "things := {Mutex new. Semaphore new: 2. Channel new. Channel new. WaitGroup new add.\n"
    "  CancellationContext withCancel. Promise new. deaf. log}.\n"
    "kinds := ((0 to: 17) asArray inject: #() into: [:sum :k | sum , {k. k. k}]) sorted: [:a :b |\n"
    "  (a * 31 + (Random next * 40) truncated) \\\\ 19 <= (b * 31 \\\\ 19)].\n"
    "killed := 0. cleaned := 0. downs := 0.\n"
    "kinds do: [:kind | | way pair victim down |\n"
    "  pair := [Victim things: {things at: 1. things at: 2. things at: 3. things at: 4. things at: "
    "5. things at: 6.\n"
    "    (things at: 7) future. deaf. log} do: kind] forkMonitored.\n"
    "  victim := pair at: 1.\n"
    "  way := (Random next * 4) truncated.\n"
    "  way = 3 ifTrue: [me link: victim].\n"
    "  1 to: (Random next * 5) truncated do: [:i | Process yield].\n"
    "  (Random next < 0.3) ifTrue: [Process sleep: (Random next * 4) truncated].\n"
    "  way = 0 ifTrue: [victim kill].\n"
    "  way = 1 ifTrue: [victim terminate].\n"
    "  way >= 2 ifTrue: [victim exit: #why].\n"
    "  down := Process receiveMatching: [:x | x selector == #processDown: and: [(x payload at: 1) "
    "= "
    "(pair at: 2)]]\n"
    "    timeout: 60000.\n"
    "  down isNil ifTrue: [^kind + 100].\n"
    "  (down payload at: 3) == (#(#killed #shutdown #why #why) at: way + 1) ifFalse: [^kind + "
    "200].\n"
    "  way = 3 ifTrue: [\n"
    "    (Process receiveMatching: [:x | x selector == #exit and: [(x payload at: 1) = victim]] "
    "timeout: 1000) isNil\n"
    "      ifTrue: [^kind + 300]].\n"
    "  victim isAlive ifTrue: [^kind + 400]].\n"
    "(Process receive: 10) isNil ifFalse: [^1].\n"
    "((things at: 1) lock: 10) ifFalse: [^2].\n"
    "(things at: 2) available = 2 ifFalse: [^3].\n"
    "[(things at: 4) tryReceive isNil] whileFalse.\n"
    "((things at: 3) trySend: 1) ifTrue: [^4].\n"
    "(log request: #n with: nil) <= kinds size ifFalse: [^5].\n"
    "0\n";

int main(int argc, char **argv)
{
    return seeds_main(argc, argv, "exits", program, SEEDS, NULL);
}
