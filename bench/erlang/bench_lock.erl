%% SPDX-License-Identifier: MIT
%%
%% A lock with one or more permits as a gen_server, and a value that its holder
%% may change. A holder that ends gives its permit back, and whoever waits and
%% ends is forgotten: so each is monitored from its request to its release.
-module(bench_lock).
-behaviour(gen_server).
-export([start/2, acquire/1, release/2, release/3, state/1]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2]).

-record(lock, {free, value, grants = 0, holders = #{}, waiting = queue:new()}).

start(Permits, Value) -> gen_server:start(?MODULE, {Permits, Value}, []).

%% {Grant, Value}; the grant is for release.
acquire(Lock) -> gen_server:call(Lock, acquire, infinity).
release(Lock, Grant) -> gen_server:cast(Lock, {release, Grant}).
release(Lock, Grant, Value) -> gen_server:cast(Lock, {release, Grant, Value}).

%% {free permits, value, grants so far}
state(Lock) -> gen_server:call(Lock, state, infinity).

init({Permits, Value}) -> {ok, #lock{free = Permits, value = Value}}.

handle_call(acquire, {Pid, _} = From, Lock) ->
    Monitor = erlang:monitor(process, Pid),
    case Lock#lock.free of
        0 ->
            {noreply, Lock#lock{waiting = queue:in({Monitor, From}, Lock#lock.waiting)}};
        Free ->
            {reply, {Monitor, Lock#lock.value}, hold(Monitor, Lock#lock{free = Free - 1})}
    end;
handle_call(state, _, Lock) ->
    {reply, {Lock#lock.free, Lock#lock.value, Lock#lock.grants}, Lock}.

handle_cast({release, Grant}, Lock) ->
    {noreply, returned(Grant, Lock)};
handle_cast({release, Grant, Value}, Lock) ->
    {noreply, returned(Grant, Lock#lock{value = Value})}.

handle_info({'DOWN', Monitor, process, _, _}, Lock) ->
    case Lock#lock.holders of
        #{Monitor := _} ->
            {noreply, next(Lock#lock{holders = maps:remove(Monitor, Lock#lock.holders)})};
        #{} ->
            Waiting = queue:filter(fun({M, _}) -> M =/= Monitor end, Lock#lock.waiting),
            {noreply, Lock#lock{waiting = Waiting}}
    end.

hold(Monitor, Lock) ->
    Lock#lock{holders = (Lock#lock.holders)#{Monitor => true}, grants = Lock#lock.grants + 1}.

returned(Grant, Lock) ->
    erlang:demonitor(Grant, [flush]),
    next(Lock#lock{holders = maps:remove(Grant, Lock#lock.holders)}).

next(Lock) ->
    case queue:out(Lock#lock.waiting) of
        {empty, _} ->
            Lock#lock{free = Lock#lock.free + 1};
        {{value, {Monitor, From}}, Rest} ->
            gen_server:reply(From, {Monitor, Lock#lock.value}),
            hold(Monitor, Lock#lock{waiting = Rest})
    end.
