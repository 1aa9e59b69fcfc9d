# SPDX-License-Identifier: MIT
"""What is measured: the jobs (programs to run) and the rows (figures they give).

This is the one place for sizes, goals and yardsticks. A job is a program of the
same name in bench/maggie and, where it makes sense, in the peers' languages;
every peer gets the same sizes as arguments. One job may give several rows.

A goal is an absolute figure, set for the machine on which the yardsticks were
taken. A yardstick is what a peer reached there; on another machine the goal can
be judged by its ratio to that peer (see `met` in bench.py).
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Job:
    """One program to run, and who runs it."""

    name: str
    sizes: tuple          # arguments of the real run
    small: tuple          # arguments of a run that only checks the results
    kind: str = "actor"   # actor, sequential, or the runner's own: start, resident
    limit: int = 60       # seconds until a program is given up
    peers: tuple = ("erlang", "go", "c")
    variants: tuple = ()  # further Erlang programs: (name, label in the table)
    program: str = ""     # when it differs from the name
    single: bool = False  # everyone on one scheduler


@dataclass(frozen=True)
class Row:
    """One figure in the table."""

    name: str
    job: str
    unit: str
    better: str = "more"      # more or less
    goal: float = 0.0         # 0: none
    relative: str = ""        # the goal is a factor of this row's Maggie figure
    yardstick: tuple = field(default=())  # (system, its figure beside the goal)


ACTORS = ("erlang", "go", "c")
PEERS = ("erlang", "go")
SEQUENTIAL = ("erlang", "lua", "c")

JOBS = (
    Job("spawn", (1000000,), (5000,)),
    Job("spawn_1", (1000000,), (5000,), program="spawn", single=True, peers=("erlang", "go")),
    Job("spawn_wait", (300000,), (2000,)),
    Job("idle", (1000000,), (5000,), limit=120, variants=(("idle_hibernate", "hibernate"),)),
    Job("pingpong", (2000000,), (5000,)),
    Job("pairs", (4, 500000), (4, 2000)),
    Job("ring", (1000, 2000), (100, 20)),
    Job("fanin", (8, 500000), (8, 1000), variants=(("fanin_offheap", "off_heap"),)),
    Job("fanin_1", (8, 500000), (8, 1000), program="fanin", single=True,
        peers=("erlang", "go"), variants=(("fanin_offheap", "off_heap"),)),
    Job("skynet", (1000000,), (1000,), limit=120),
    Job("restarts", (1000, 10000, 30000, 200000), (1000, 2000), limit=120, peers=("erlang",)),
    Job("call", (1000000,), (2000,), peers=("erlang", "go")),
    Job("call_queued", (10000, 200000), (1000, 1000), peers=("erlang",)),
    Job("server_call", (1000000, 2000000), (2000, 2000), peers=("erlang",)),
    Job("timers", (2000000, 1000000), (2000, 1000), peers=("erlang",)),
    Job("scan_queued", (10000, 5000), (100, 100), peers=("erlang",)),
    Job("latency", (4, 2000000, 4000), (4, 1000, 200), peers=("erlang", "go")),
    Job("table", (1000000, 8), (1000, 4), peers=("erlang",)),
    Job("publish", (10000, 50), (100, 5), peers=("erlang",)),
    Job("parked", (100,), (5,), peers=()),
    Job("promise_chain", (100, 2000), (20, 10), peers=PEERS),
    Job("promise_async", (100, 300000), (10, 1000), peers=PEERS),
    Job("promise_queue", (100, 300000), (10, 1000), peers=PEERS),
    Job("channel_1_0", (1, 0, 300000), (1, 0, 500), peers=PEERS, program="channel"),
    Job("channel_1_100", (1, 100, 500000), (1, 100, 1000), peers=PEERS, program="channel"),
    Job("channel_4_0", (4, 0, 100000), (4, 0, 200), peers=PEERS, program="channel"),
    Job("channel_4_100", (4, 100, 100000), (4, 100, 500), peers=PEERS, program="channel"),
    Job("select_2", (2, 200000), (2, 400), peers=PEERS, program="select"),
    Job("select_8", (8, 100000), (8, 400), peers=PEERS, program="select"),
    Job("mutex_2", (2, 400000), (2, 400), peers=PEERS, program="mutex"),
    Job("mutex_8", (8, 400000), (8, 400), peers=PEERS, program="mutex"),
    Job("mutex_100", (100, 400000), (100, 400), peers=PEERS, program="mutex"),
    Job("mutex_value", (8, 200000), (8, 400), peers=PEERS),
    Job("semaphore", (8, 2, 400000), (8, 2, 400), peers=PEERS),
    Job("waitgroup", (1000, 200), (50, 4), peers=PEERS),
    Job("fib", (32,), (15,), kind="sequential", peers=SEQUENTIAL),
    Job("loop", (100000000,), (10000,), kind="sequential", peers=SEQUENTIAL),
    Job("dispatch", (50000000,), (4000,), kind="sequential", peers=("lua", "c")),
    Job("nbody", (500000,), (200,), kind="sequential", peers=SEQUENTIAL),
    Job("bintrees", (16,), (8,), kind="sequential", peers=SEQUENTIAL),
    Job("dict_int", (1000000,), (2000,), kind="sequential", peers=SEQUENTIAL,
        variants=(("dict_int_ets", "ets"),)),
    Job("dict_any", (1000000,), (2000,), kind="sequential", peers=SEQUENTIAL,
        variants=(("dict_any_ets", "ets"),)),
    Job("dict_str", (1000000,), (2000,), kind="sequential", peers=("erlang", "lua")),
    Job("strbuild", (1000000,), (2000,), kind="sequential", peers=SEQUENTIAL),
    Job("strcat", (20000,), (500,), kind="sequential", peers=SEQUENTIAL),
    Job("sort", (1000000,), (2000,), kind="sequential", peers=SEQUENTIAL),
    Job("start", (), (), kind="start", peers=("erlang", "go", "lua", "c")),
    Job("resident", (), (), kind="resident", peers=("erlang", "go", "lua", "c")),
)

ROWS = (
    Row("spawn", "spawn", "actors/s", goal=2e6, yardstick=("erlang2", 341e3)),
    Row("spawn_1", "spawn_1", "actors/s", goal=2e6, yardstick=("erlang1", 1.12e6)),
    Row("spawn_wait", "spawn_wait", "actors/s"),
    Row("idle_bytes", "idle", "B", "less", goal=600, yardstick=("erlang2", 2708)),
    Row("idle_create", "idle", "actors/s", goal=1e6, yardstick=("erlang2", 83.4e3)),
    Row("pingpong", "pingpong", "rt/s", goal=4e6, yardstick=("erlang2", 1.63e6)),
    Row("pairs", "pairs", "rt/s", goal=7e6, yardstick=("erlang2", 575e3)),
    Row("ring", "ring", "hops/s", goal=7e6, yardstick=("erlang2", 3.49e6)),
    Row("fanin", "fanin", "msgs/s", goal=12e6, yardstick=("erlang2", 3.21e6)),
    Row("fanin_1", "fanin_1", "msgs/s", goal=20e6, yardstick=("erlang1", 6.08e6)),
    Row("skynet", "skynet", "ms", "less", goal=800, yardstick=("erlang2", 5024)),
    Row("skynet_rss", "skynet", "MiB", "less", goal=200, yardstick=("erlang2", 1163)),
    Row("restarts_1k", "restarts", "restarts/s", goal=100e3, yardstick=("erlang2", 57.8e3)),
    Row("restarts_10k", "restarts", "restarts/s", goal=100e3, yardstick=("erlang2", 8433)),
    Row("restarts_30k", "restarts", "restarts/s", goal=100e3, yardstick=("erlang2", 6188)),
    Row("restart_monitor", "restarts", "restarts/s", goal=1e6, yardstick=("erlang2", 565e3)),
    Row("restart_link", "restarts", "restarts/s", goal=1e6, yardstick=("erlang2", 492e3)),
    Row("call", "call", "calls/s", goal=2e6, yardstick=("erlang2", 1.14e6)),
    Row("call_queued", "call_queued", "calls/s", goal=0.9, relative="call"),
    Row("server_call", "server_call", "calls/s", goal=2e6, yardstick=("erlang2", 1.14e6)),
    Row("server_cast", "server_call", "casts/s"),
    Row("timer_pair", "timers", "pairs/s", goal=10e6, yardstick=("erlang2", 2.43e6)),
    Row("timer_start_live", "timers", "timers/s", goal=3e6, yardstick=("erlang2", 533e3)),
    Row("timer_cancel_live", "timers", "timers/s", yardstick=("erlang2", 2.18e6)),
    Row("scan_queued", "scan_queued", "calls/s", goal=33e3, yardstick=("erlang2", 28.2e3)),
    Row("latency_p50", "latency", "us", "less", goal=25, yardstick=("erlang2", 29.6)),
    Row("latency_p99", "latency", "us", "less", goal=80, yardstick=("erlang2", 78.8)),
    Row("latency_p999", "latency", "us", "less", goal=150, yardstick=("erlang2", 119)),
    Row("latency_max", "latency", "us", "less"),
    Row("latency_period", "latency", "us", "less"),
    Row("latency_paced_p50", "latency", "us", "less"),
    Row("latency_paced_p99", "latency", "us", "less"),
    Row("latency_paced_p999", "latency", "us", "less"),
    Row("latency_paced_max", "latency", "us", "less"),
    Row("latency_paced_period", "latency", "us", "less", goal=1100,
        yardstick=("erlang2", 2007)),
    Row("latency_fairness", "latency", "max/min", "less"),
    Row("table_insert", "table", "ops/s"),
    Row("table_lookup", "table", "ops/s"),
    Row("table_update", "table", "ops/s"),
    Row("table_insert_many", "table", "ops/s"),
    Row("table_lookup_many", "table", "ops/s"),
    Row("table_update_many", "table", "ops/s"),
    Row("publish", "publish", "msgs/s"),
    Row("parked", "parked", "ms", "less", goal=50),
    Row("parked_max", "parked", "ms", "less", goal=50),
    Row("promise_chain", "promise_chain", "steps/s"),
    Row("promise_async", "promise_async", "calls/s"),
    Row("promise_queue", "promise_queue", "calls/s"),
    Row("channel_1_0", "channel_1_0", "values/s"),
    Row("channel_1_100", "channel_1_100", "values/s"),
    Row("channel_4_0", "channel_4_0", "values/s"),
    Row("channel_4_100", "channel_4_100", "values/s"),
    Row("select_2", "select_2", "values/s"),
    Row("select_8", "select_8", "values/s"),
    Row("mutex_2", "mutex_2", "locks/s"),
    Row("mutex_8", "mutex_8", "locks/s"),
    Row("mutex_100", "mutex_100", "locks/s"),
    Row("mutex_value", "mutex_value", "changes/s"),
    Row("semaphore", "semaphore", "permits/s"),
    Row("waitgroup", "waitgroup", "actors/s"),
    Row("fib", "fib", "s", "less", goal=0.12, yardstick=("lua", 0.114)),
    Row("loop", "loop", "s", "less", goal=0.5, yardstick=("lua", 0.336)),
    Row("dispatch", "dispatch", "s", "less", goal=1.5, yardstick=("lua", 1.52)),
    Row("nbody", "nbody", "s", "less", goal=1.6, yardstick=("lua", 1.68)),
    Row("bintrees", "bintrees", "s", "less", goal=0.35, yardstick=("lua", 1.61)),
    Row("dict_int", "dict_int", "s", "less", goal=0.3, yardstick=("lua", 0.327)),
    Row("dict_any", "dict_any", "s", "less"),
    Row("dict_str", "dict_str", "s", "less", goal=0.9, yardstick=("lua", 2.37)),
    Row("strbuild", "strbuild", "s", "less", goal=0.4),
    Row("strcat", "strcat", "s", "less", goal=0.005),
    Row("sort", "sort", "s", "less", goal=0.4, yardstick=("lua", 0.406)),
    Row("start", "start", "ms", "less", goal=15, yardstick=("erlang2", 227)),
    Row("resident", "resident", "MiB", "less", goal=8, yardstick=("erlang2", 33.5)),
)
