%% SPDX-License-Identifier: MIT
%%
%% The actor rows for Erlang: erl -run actors main ROW SIZE...
%%
%% What each row asks, and what would make it lie, stands at the head of the
%% file of the same name in bench/maggie. Every row checks its result before
%% it prints `name value unit`. Names that end in _offheap or _hibernate are
%% the same row in the configuration that suits Erlang best.
-module(actors).
-behaviour(gen_server).
-export([main/1, hibernated/1]).
-export([init/1, handle_call/3, handle_cast/2]).
-export([start_child/0, child/1]).

-define(CAP, 500000).    % the histogram ends here, in tenths of a microsecond

main([Row | Sizes]) ->
    Numbers = [list_to_integer(S) || S <- Sizes],
    %% A fresh process: the one that runs -run has a history.
    {_, Ref} = spawn_monitor(fun() -> row(list_to_atom(Row), Numbers) end),
    receive
        {'DOWN', Ref, process, _, normal} -> halt(0);
        {'DOWN', Ref, process, _, Why} ->
            io:format(standard_error, "~s: ~p~n", [Row, Why]),
            halt(1)
    end.

row(spawn, [N]) ->
    spawn_batches(1, min(N, 10000), 0),
    {Sum, Ns} = timed(fun() -> spawn_batches(1, N, 0) end),
    Sum = N * (N + 1) div 2,
    rate("spawn", N, Ns, "actors/s");
row(spawn_wait, [N]) ->
    spawn_wait(min(N, 10000), 0),
    {Sum, Ns} = timed(fun() -> spawn_wait(N, 0) end),
    Sum = N * (N + 1) div 2,
    rate("spawn_wait", N, Ns, "actors/s");
row(idle, [N]) ->
    idle(N, fun idle_body/1);
row(idle_hibernate, [N]) ->
    idle(N, fun hibernating_body/1);
row(pingpong, [N]) ->
    pingpong(min(N, 10000)),
    {Value, Ns} = timed(fun() -> pingpong(N) end),
    Value = N,
    rate("pingpong", N, Ns, "rt/s");
row(pairs, [Pairs, N]) ->
    pairs(Pairs, min(N, 10000)),
    {Total, Ns} = timed(fun() -> pairs(Pairs, N) end),
    Total = Pairs * N,
    rate("pairs", Total, Ns, "rt/s");
row(ring, [Size, Laps]) ->
    First = lists:foldl(fun(_, Next) -> spawn(fun() -> node_of(Next) end) end,
                        self(), lists:seq(2, Size)),
    turn(First, 10, 0),
    {Token, Ns} = timed(fun() -> turn(First, Laps, 0) end),
    First ! -1,
    receive -1 -> ok end,
    Token = Size * Laps,
    rate("ring", Token, Ns, "hops/s");
row(fanin, [Producers, N]) ->
    {Sum, Ns} = timed(fun() -> fanin(Producers, N) end),
    Sum = N * (N + 1) div 2 * Producers,
    rate("fanin", Producers * N, Ns, "msgs/s");
row(fanin_offheap, Sizes) ->
    process_flag(message_queue_data, off_heap),
    row(fanin, Sizes);
row(skynet, [Size]) ->
    Home = self(),
    {Sum, Ns} = timed(fun() ->
                              spawn(fun() -> skynet(0, Size, Home) end),
                              receive S -> S end
                      end),
    Sum = Size * (Size - 1) div 2,
    io:format("skynet ~.3f ms~n", [Ns / 1.0e6]);
row(restarts, Sizes) ->
    logger:set_primary_config(level, none),
    {Counts, [Lives]} = lists:split(length(Sizes) - 1, Sizes),
    _ = restarts(1000),
    [begin
         {gave_up, Ns} = timed(fun() -> restarts(N) end),
         rate("restarts_" ++ integer_to_list(N div 1000) ++ "k", N, Ns, "restarts/s")
     end || N <- Counts],
    raw_monitor(min(Lives, 10000), 0),
    {Lives, MonitorNs} = timed(fun() -> raw_monitor(Lives, 0) end),
    rate("restart_monitor", Lives, MonitorNs, "restarts/s"),
    process_flag(trap_exit, true),
    raw_link(min(Lives, 10000), 0),
    {Lives, LinkNs} = timed(fun() -> raw_link(Lives, 0) end),
    rate("restart_link", Lives, LinkNs, "restarts/s");
row(call, [N]) ->
    {ok, Server} = gen_server:start_link(?MODULE, [], []),
    call(Server, min(N, 10000), 0),
    {Value, Ns} = timed(fun() -> call(Server, N, 0) end),
    Value = N,
    rate("call", N, Ns, "calls/s");
row(call_queued, [Queued, N]) ->
    {ok, Server} = gen_server:start_link(?MODULE, [], []),
    [self() ! {filler, I} || I <- lists:seq(1, Queued)],
    call(Server, min(N, 10000), 0),
    {Value, Ns} = timed(fun() -> call(Server, N, 0) end),
    Value = N,
    in_order(1, Queued),
    rate("call_queued", N, Ns, "calls/s");
row(scan_queued, [Queued, N]) ->
    Home = self(),
    Server = spawn_link(fun() -> answer(Home) end),
    [self() ! {filler, I} || I <- lists:seq(1, Queued)],
    scan(Server, min(N, 10), 0),
    {Value, Ns} = timed(fun() -> scan(Server, N, 0) end),
    Value = N,
    in_order(1, Queued),
    rate("scan_queued", N, Ns, "calls/s");
row(server_call, [N, Casts]) ->
    {ok, Server} = gen_server:start_link(?MODULE, [], []),
    call(Server, min(N, 10000), 0),
    {Value, Ns} = timed(fun() -> call(Server, N, 0) end),
    Value = N,
    rate("server_call", N, Ns, "calls/s"),
    {Sum, CastNs} = timed(fun() -> cast(Server, 1, Casts) end),
    Sum = Casts * (Casts + 1) div 2,
    rate("server_cast", Casts, CastNs, "casts/s");
row(timers, [Pairs, Live]) ->
    timer_pairs(min(Pairs, 10000)),
    {ok, Ns} = timed(fun() -> timer_pairs(Pairs) end),
    rate("timer_pair", Pairs, Ns, "pairs/s"),
    {Timers, StartNs} = timed(fun() -> timers_start(1, Live, []) end),
    rate("timer_start_live", Live, StartNs, "timers/s"),
    {ok, CancelNs} = timed(fun() -> timers_cancel(Timers) end),
    rate("timer_cancel_live", Live, CancelNs, "timers/s"),
    erlang:send_after(1, self(), due),
    receive due -> ok end;
row(latency, [Busy, N, Ms]) ->
    Workers = [spawn_link(fun() -> burn(0) end) || _ <- lists:seq(1, Busy)],
    Home = self(),
    Echo = spawn_link(fun() -> echo(Home) end),
    latency("latency", "latency_period", Echo, N, none, Ms),
    latency("latency_paced", "latency_paced_period", Echo, Ms, 1, Ms),
    Turns = [begin W ! {stop, self()}, receive {W, T} -> T end end || W <- Workers],
    true = lists:min(Turns) > 0,
    io:format("latency_fairness ~.3f max/min~n", [lists:max(Turns) / lists:min(Turns)]);
row(table, [N, Actors]) ->
    One = table_insert("table_insert", N, 1),
    table_lookup("table_lookup", One, N, 1),
    table_update("table_update", One, N, 1),
    Many = table_insert("table_insert_many", N, Actors),
    table_lookup("table_lookup_many", Many, N, Actors),
    table_update("table_update_many", Many, N, Actors),
    ets:delete(One);
row(publish, [Count, Rounds]) ->
    {ok, _} = pg:start_link(),
    Home = self(),
    [pg:join(bench, spawn_link(fun() -> subscriber(Rounds, 0, Home) end))
     || _ <- lists:seq(1, Count)],
    {Sum, Ns} = timed(fun() ->
                              [[P ! {news, 1, 2} || P <- pg:get_local_members(bench)]
                               || _ <- lists:seq(1, Rounds)],
                              lists:sum([receive S -> S end || _ <- lists:seq(1, Count)])
                      end),
    Sum = Count * Rounds * 2,
    rate("publish", Count * Rounds, Ns, "msgs/s");
row(promise_chain, [Length, Rounds]) ->
    promise_chain(Length, min(Rounds, 10), 0),
    {Total, Ns} = timed(fun() -> promise_chain(Length, Rounds, 0) end),
    Total = Length * Rounds,
    rate("promise_chain", Total, Ns, "steps/s");
row(promise_async, [Window, N]) ->
    {ok, Server} = gen_server:start_link(?MODULE, [], []),
    promise_async(Server, Window, min(N, 10000) div Window, 0),
    {Sum, Ns} = timed(fun() -> promise_async(Server, Window, N div Window, 0) end),
    Sum = N div Window * (Window * (Window + 1) div 2),
    rate("promise_async", N, Ns, "calls/s");
row(promise_queue, [Window, N]) ->
    {ok, Server} = gen_server:start_link(?MODULE, [], []),
    promise_queue(Server, Window, min(N, 10000) div Window, 0),
    {Sum, Ns} = timed(fun() -> promise_queue(Server, Window, N div Window, 0) end),
    Sum = N div Window * (Window * (Window + 1) div 2),
    rate("promise_queue", N, Ns, "calls/s");
row(channel, [Pairs, Capacity, N]) ->
    channels(Pairs, Capacity, min(N, 5000)),
    {Total, Ns} = timed(fun() -> channels(Pairs, Capacity, N) end),
    Total = N * (N + 1) div 2 * Pairs,
    rate(io_lib:format("channel_~b_~b", [Pairs, Capacity]), Pairs * N, Ns, "values/s");
row(select, [Width, N]) ->
    select(Width, min(N, 2000) div Width),
    {Total, Ns} = timed(fun() -> select(Width, N div Width) end),
    Total = Width * (Width + 1) div 2 * (N div Width),
    rate(io_lib:format("select_~b", [Width]), N div Width * Width, Ns, "values/s");
row(mutex, [Lockers, N]) ->
    lockers(Lockers, 1, fun lock_plainly/2, min(N, 5000) div Lockers),
    {{1, _, Grants}, Ns} =
        timed(fun() -> lockers(Lockers, 1, fun lock_plainly/2, N div Lockers) end),
    Grants = N div Lockers * Lockers,
    rate(io_lib:format("mutex_~b", [Lockers]), Grants, Ns, "locks/s");
row(mutex_value, [Lockers, N]) ->
    lockers(Lockers, 1, fun lock_changing/2, min(N, 5000) div Lockers),
    {{1, Value, _}, Ns} =
        timed(fun() -> lockers(Lockers, 1, fun lock_changing/2, N div Lockers) end),
    Value = N div Lockers * Lockers,
    rate("mutex_value", Value, Ns, "changes/s");
row(semaphore, [Takers, Permits, N]) ->
    lockers(Takers, Permits, fun lock_plainly/2, min(N, 5000) div Takers),
    {{Permits, _, Grants}, Ns} =
        timed(fun() -> lockers(Takers, Permits, fun lock_plainly/2, N div Takers) end),
    Grants = N div Takers * Takers,
    rate("semaphore", Grants, Ns, "permits/s");
row(waitgroup, [Children, Rounds]) ->
    waitgroup(Children, min(Rounds, 10), 0),
    {Sum, Ns} = timed(fun() -> waitgroup(Children, Rounds, 0) end),
    Sum = Children * (Children + 1) div 2 * Rounds,
    rate("waitgroup", Children * Rounds, Ns, "actors/s");
row(wait, [Ms]) ->
    timer:sleep(Ms).

timed(Fun) ->
    Start = erlang:monotonic_time(nanosecond),
    Result = Fun(),
    {Result, max(1, erlang:monotonic_time(nanosecond) - Start)}.

rate(Name, Count, Ns, Unit) ->
    io:format("~s ~.1f ~s~n", [Name, Count * 1.0e9 / Ns, Unit]).

%% table

table_timed(Name, N, Actors, Fun) ->
    Home = self(),
    Share = N div Actors,
    {Sum, Ns} = timed(fun() ->
                              [spawn_link(fun() -> Home ! {sum, Fun((I - 1) * Share + 1, I * Share)} end)
                               || I <- lists:seq(1, Actors)],
                              lists:sum([receive {sum, S} -> S end || _ <- lists:seq(1, Actors)])
                      end),
    rate(Name, Share * Actors, Ns, "ops/s"),
    Sum.

table_insert(Name, N, Actors) ->
    T = ets:new(table, [set, public, {write_concurrency, auto}, {read_concurrency, true}]),
    table_timed(Name, N, Actors, fun(From, To) -> insert(T, From, To) end),
    Size = N div Actors * Actors,
    Size = ets:info(T, size),
    T.

insert(_, I, To) when I > To -> 0;
insert(T, I, To) -> ets:insert(T, {I, I}), insert(T, I + 1, To).

table_lookup(Name, T, N, Actors) ->
    M = N div Actors * Actors,
    Sum = table_timed(Name, N, Actors, fun(From, To) -> lookup(T, From, To, M, 0) end),
    Sum = M * (M + 1) div 2.

lookup(_, I, To, _, Sum) when I > To -> Sum;
lookup(T, I, To, M, Sum) ->
    [{_, V}] = ets:lookup(T, I * 7919 rem M + 1),
    lookup(T, I + 1, To, M, Sum + V).

table_update(Name, T, N, Actors) ->
    table_timed(Name, N, Actors, fun(From, To) -> update(T, From, To) end),
    Total = lists:sum([ets:lookup_element(T, I, 2) - I || I <- lists:seq(1, 1000)]),
    Total = N div Actors * Actors.

update(_, I, To) when I > To -> 0;
update(T, I, To) -> ets:update_counter(T, I * 7919 rem 1000 + 1, 1), update(T, I + 1, To).

%% publish

subscriber(0, Sum, Home) -> Home ! Sum;
subscriber(N, Sum, Home) -> receive {news, _, V} -> subscriber(N - 1, Sum + V, Home) end.

%% spawn

spawn_batches(First, N, Sum) when First > N ->
    Sum;
spawn_batches(First, N, Sum) ->
    Last = min(First + 999, N),
    Home = self(),
    spawn_each(First, Last, Home),
    spawn_batches(Last + 1, N, take(Last - First + 1, Sum)).

spawn_each(I, Last, _) when I > Last ->
    ok;
spawn_each(I, Last, Home) ->
    spawn(fun() -> Home ! I end),
    spawn_each(I + 1, Last, Home).

take(0, Sum) ->
    Sum;
take(N, Sum) ->
    receive I -> take(N - 1, Sum + I) end.

spawn_wait(0, Sum) ->
    Sum;
spawn_wait(N, Sum) ->
    {_, Ref} = spawn_monitor(fun() -> exit({result, N}) end),
    receive
        {'DOWN', Ref, process, _, {result, I}} -> spawn_wait(N - 1, Sum + I)
    end.

%% idle

idle(N, Body) ->
    Others = erlang:system_info(process_count),
    Before = resident(),
    {Sample, Ns} = timed(fun() -> idle_batches(1, N, Body, []) end),
    After = resident(),
    N = erlang:system_info(process_count) - Others,
    Answers = lists:sum([begin P ! {ask, self()}, receive {answer, A} -> A end end
                         || P <- Sample]),
    Answers = length(Sample),
    io:format("idle_bytes ~.1f B~n", [(After - Before) / N]),
    rate("idle_create", N, Ns, "actors/s").

idle_batches(First, N, _, Sample) when First > N ->
    Sample;
idle_batches(First, N, Body, Sample) ->
    Last = min(First + 999, N),
    Home = self(),
    P = idle_each(First, Last, Home, Body, none),
    take_ready(Last - First + 1),
    idle_batches(Last + 1, N, Body, [P | Sample]).

idle_each(I, Last, _, _, P) when I > Last ->
    P;
idle_each(I, Last, Home, Body, _) ->
    idle_each(I + 1, Last, Home, Body, spawn(fun() -> Body(Home) end)).

take_ready(0) ->
    ok;
take_ready(N) ->
    receive ready -> take_ready(N - 1) end.

idle_body(Home) ->
    Home ! ready,
    receive {ask, From} -> From ! {answer, 1} end.

hibernating_body(Home) ->
    Home ! ready,
    erlang:hibernate(?MODULE, hibernated, [1]).

hibernated(Answer) ->
    receive {ask, From} -> From ! {answer, Answer} end.

resident() ->
    {ok, Text} = file:read_file("/proc/self/status"),
    {match, [KiB]} = re:run(Text, "VmRSS:\\s+(\\d+)", [{capture, all_but_first, list}]),
    list_to_integer(KiB) * 1024.

%% pingpong, pairs, ring

pingpong(N) ->
    Home = self(),
    ping(spawn(fun() -> pong(N, Home) end), N, 0).

ping(_, 0, Value) ->
    Value;
ping(Pong, N, Value) ->
    Pong ! Value,
    receive V -> ping(Pong, N - 1, V) end.

pong(0, _) ->
    ok;
pong(N, Home) ->
    receive V -> Home ! V + 1 end,
    pong(N - 1, Home).

pairs(Pairs, N) ->
    Home = self(),
    [spawn(fun() -> Home ! pingpong(N) end) || _ <- lists:seq(1, Pairs)],
    take(Pairs, 0).

node_of(Next) ->
    receive
        Token when Token >= 0 -> Next ! Token + 1, node_of(Next);
        Token -> Next ! Token
    end.

turn(_, 0, Token) ->
    Token;
turn(First, Laps, Token) ->
    First ! Token + 1,
    receive T -> turn(First, Laps - 1, T) end.

%% fanin, skynet

fanin(Producers, N) ->
    Home = self(),
    [spawn(fun() -> produce(1, N, Home) end) || _ <- lists:seq(1, Producers)],
    take(Producers * N, 0).

produce(I, N, _) when I > N ->
    ok;
produce(I, N, Home) ->
    Home ! I,
    produce(I + 1, N, Home).

skynet(Number, 1, Parent) ->
    Parent ! Number;
skynet(Number, Size, Parent) ->
    Home = self(),
    Part = Size div 10,
    [spawn(fun() -> skynet(Number + I * Part, Part, Home) end) || I <- lists:seq(0, 9)],
    Parent ! take(10, 0).

%% restarts

%% Until the supervisor gives up.
restarts(N) ->
    Home = self(),
    {_, Ref} = spawn_monitor(fun() ->
        process_flag(trap_exit, true),
        {ok, Supervisor} = supervisor:start_link(?MODULE, {restarts, N}),
        receive {'EXIT', Supervisor, shutdown} -> Home ! {self(), gave_up} end
    end),
    receive {'DOWN', Ref, process, Pid, normal} -> receive {Pid, gave_up} -> gave_up end
    end.

start_child() ->
    proc_lib:start_link(?MODULE, child, [self()]).

child(Parent) ->
    proc_lib:init_ack(Parent, {ok, self()}),
    exit(boom).

raw_monitor(0, Total) -> Total;
raw_monitor(N, Total) ->
    {_, Ref} = spawn_monitor(fun() -> exit(boom) end),
    receive {'DOWN', Ref, process, _, boom} -> raw_monitor(N - 1, Total + 1) end.

raw_link(0, Total) -> Total;
raw_link(N, Total) ->
    Pid = spawn_link(fun() -> exit(boom) end),
    receive {'EXIT', Pid, boom} -> raw_link(N - 1, Total + 1) end.

%% call, call_queued, scan_queued

init({restarts, N}) ->
    {ok, {#{strategy => one_for_one, intensity => N, period => 1000},
          [#{id => child, start => {?MODULE, start_child, []}}]}};
init([]) -> {ok, 0}.
handle_call({next, V}, _From, State) -> {reply, V + 1, State};
handle_call(sum, _From, State) -> {reply, State, State}.
handle_cast({add, V}, State) -> {noreply, State + V}.

%% Ends when the last cast has been handled.
cast(Server, I, N) when I > N ->
    gen_server:call(Server, sum, infinity);
cast(Server, I, N) ->
    gen_server:cast(Server, {add, I}),
    cast(Server, I + 1, N).

%% timers

timer_pairs(0) ->
    ok;
timer_pairs(N) ->
    Left = erlang:cancel_timer(erlang:send_after(60000, self(), {late, N})),
    true = is_integer(Left),
    timer_pairs(N - 1).

timers_start(I, N, Timers) when I > N ->
    Timers;
timers_start(I, N, Timers) ->
    Timer = erlang:send_after(600000 + I * 7919 rem 3000000, self(), {late, I}),
    timers_start(I + 1, N, [Timer | Timers]).

timers_cancel([]) ->
    ok;
timers_cancel([Timer | Rest]) ->
    true = is_integer(erlang:cancel_timer(Timer)),
    timers_cancel(Rest).

call(_, 0, Value) ->
    Value;
call(Server, N, Value) ->
    call(Server, N - 1, gen_server:call(Server, {next, Value})).

in_order(I, N) when I > N ->
    ok;
in_order(I, N) ->
    receive {filler, J} -> J = I end,
    in_order(I + 1, N).

answer(Client) ->
    receive {ask, V} -> Client ! {answer, V + 1} end,
    answer(Client).

scan(_, 0, Value) ->
    Value;
scan(Server, N, Value) ->
    Server ! {ask, Value},
    receive {answer, V} -> scan(Server, N - 1, V) end.

%% promise_chain, promise_async, promise_queue

promise_chain(_, 0, Total) ->
    Total;
promise_chain(Length, Rounds, Total) ->
    First = spawn(fun() -> receive {resolve, V} -> provide(V) end end),
    Last = then_each(First, Length),
    First ! {resolve, 0},
    promise_chain(Length, Rounds - 1, Total + await(Last)).

then_each(Future, 0) ->
    Future;
then_each(Future, N) ->
    then_each(spawn(fun() -> provide(await(Future) + 1) end), N - 1).

%% The process is the future: it gives its value to whoever asks for it first.
provide(Value) ->
    receive {await, From, Ref} -> From ! {Ref, Value} end.

await(Future) ->
    Ref = erlang:monitor(process, Future),
    Future ! {await, self(), Ref},
    receive
        {Ref, Value} -> erlang:demonitor(Ref, [flush]), Value;
        {'DOWN', Ref, process, _, Why} -> exit(Why)
    end.

promise_async(_, _, 0, Sum) ->
    Sum;
promise_async(Server, Window, Rounds, Sum) ->
    Requests = [gen_server:send_request(Server, {next, V}) || V <- lists:seq(0, Window - 1)],
    promise_async(Server, Window, Rounds - 1, Sum + answers(Requests)).

answers(Requests) ->
    lists:sum([begin {reply, V} = gen_server:receive_response(R, 5000), V end || R <- Requests]).

promise_queue(_, _, 0, Sum) ->
    Sum;
promise_queue(Server, Window, Rounds, Sum) ->
    Promise = spawn(fun() -> unresolved([]) end),
    Requests = [gen_server:send_request(Promise, {next, V}) || V <- lists:seq(0, Window - 1)],
    Promise ! {resolve, Server},
    promise_queue(Server, Window, Rounds - 1, Sum + answers(Requests)).

%% Keeps what comes, and passes it on when it is known to whom. The monitors of
%% those who asked stay with this process, so it must live as long as they wait.
unresolved(Queue) ->
    receive
        {resolve, Server} ->
            [Server ! Message || Message <- lists:reverse(Queue)],
            pass_on(Server);
        Message ->
            unresolved([Message | Queue])
    end.

pass_on(Server) ->
    receive
        Message -> Server ! Message, pass_on(Server)
    after 1000 -> ok
    end.

%% channel, select

channels(Pairs, Capacity, N) ->
    Home = self(),
    [begin
         {ok, Channel} = bench_channel:start(Capacity),
         spawn(fun() -> channel_send(Channel, 1, N) end),
         spawn(fun() -> Home ! channel_take(Channel, N, 0) end)
     end || _ <- lists:seq(1, Pairs)],
    take(Pairs, 0).

channel_send(_, I, N) when I > N ->
    ok;
channel_send(Channel, I, N) ->
    ok = bench_channel:send(Channel, I),
    channel_send(Channel, I + 1, N).

channel_take(Channel, 0, Sum) ->
    gen_server:stop(Channel),
    Sum;
channel_take(Channel, N, Sum) ->
    channel_take(Channel, N - 1, Sum + bench_channel:recv(Channel)).

select(Width, N) ->
    Home = self(),
    [spawn(fun() -> offer(Home, I, N) end) || I <- lists:seq(1, Width)],
    choose(Width * N, 0).

offer(_, _, 0) ->
    ok;
offer(Home, I, N) ->
    Ref = erlang:monitor(process, Home),
    Home ! {offer, self(), Ref, I},
    receive
        {taken, Ref} -> erlang:demonitor(Ref, [flush]);
        {'DOWN', Ref, process, _, Why} -> exit(Why)
    end,
    offer(Home, I, N - 1).

choose(0, Sum) ->
    Sum;
choose(N, Sum) ->
    receive
        {offer, From, Ref, I} -> From ! {taken, Ref}, choose(N - 1, Sum + I)
    end.

%% mutex, mutex_value, semaphore, waitgroup

lockers(Count, Permits, Body, N) ->
    {ok, Lock} = bench_lock:start(Permits, 0),
    Refs = [element(2, spawn_monitor(fun() -> repeat(Body, Lock, N) end))
            || _ <- lists:seq(1, Count)],
    [receive {'DOWN', Ref, process, _, normal} -> ok end || Ref <- Refs],
    State = bench_lock:state(Lock),
    gen_server:stop(Lock),
    State.

repeat(_, _, 0) ->
    ok;
repeat(Body, Lock, N) ->
    {Grant, Value} = bench_lock:acquire(Lock),
    Body({Lock, Grant}, Value),
    repeat(Body, Lock, N - 1).

lock_plainly({Lock, Grant}, _) -> bench_lock:release(Lock, Grant).
lock_changing({Lock, Grant}, Value) -> bench_lock:release(Lock, Grant, Value + 1).

waitgroup(_, 0, Sum) ->
    Sum;
waitgroup(Children, Rounds, Sum) ->
    Home = self(),
    Refs = [element(2, spawn_monitor(fun() -> Home ! I end)) || I <- lists:seq(1, Children)],
    [receive {'DOWN', Ref, process, _, normal} -> ok end || Ref <- Refs],
    waitgroup(Children, Rounds - 1, take(Children, Sum)).

%% latency

burn(Turns) ->
    receive
        {stop, From} -> From ! {self(), Turns}
    after 0 ->
            spin(1, 100000, 0),
            burn(Turns + 1)
    end.

spin(I, N, Sum) when I > N -> Sum;
spin(I, N, Sum) -> spin(I + 1, N, Sum + I).

echo(Home) ->
    receive V -> Home ! {echo, V} end,
    echo(Home).

latency(Name, PeriodName, Echo, Count, Pause, Ms) ->
    Buckets = counters:new(?CAP + 1, [atomics]),
    Begun = erlang:monotonic_time(nanosecond),
    {Rounds, Longest, Ended} =
        pings(Echo, Count, Pause, Begun + Ms * 1000000, Buckets, 0, 0, Begun),
    [io:format("~s_~s ~.1f us~n", [Name, P, percentile(Buckets, max(1, Rounds * M div 1000))])
     || {P, M} <- [{"p50", 500}, {"p99", 990}, {"p999", 999}]],
    io:format("~s_max ~.1f us~n", [Name, Longest / 1000]),
    io:format("~s ~.2f us~n", [PeriodName, (Ended - Begun) / Rounds / 1000]).

pings(_, Count, _, Stop, _, Rounds, Longest, Now) when Rounds >= Count; Now >= Stop ->
    {Rounds, Longest, Now};
pings(Echo, Count, Pause, Stop, Buckets, Rounds, Longest, _) ->
    pause(Pause),
    Sent = erlang:monotonic_time(nanosecond),
    Echo ! Rounds,
    receive {echo, Rounds} -> ok end,
    Now = erlang:monotonic_time(nanosecond),
    Took = Now - Sent,
    counters:add(Buckets, min(Took div 100, ?CAP) + 1, 1),
    pings(Echo, Count, Pause, Stop, Buckets, Rounds + 1, max(Longest, Took), Now).

pause(none) -> ok;
pause(Ms) -> receive after Ms -> ok end.

percentile(Buckets, Wanted) ->
    percentile(Buckets, 1, Wanted).

percentile(Buckets, Slot, Wanted) ->
    case Wanted - counters:get(Buckets, Slot) of
        Left when Left =< 0 -> (Slot - 1) / 10;
        Left -> percentile(Buckets, Slot + 1, Left)
    end.
