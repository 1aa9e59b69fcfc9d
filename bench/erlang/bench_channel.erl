%% SPDX-License-Identifier: MIT
%%
%% A channel as a gen_server: values that are stored, senders and receivers that
%% wait. Whoever waits is monitored, so that no value goes to a dead receiver
%% that is known to be dead, and nobody's place is kept for ever.
-module(bench_channel).
-behaviour(gen_server).
-export([start/1, send/2, recv/1]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2]).

-record(channel, {capacity, size = 0, values = queue:new(),
                  senders = queue:new(), receivers = queue:new()}).

start(Capacity) -> gen_server:start(?MODULE, Capacity, []).

send(Channel, Value) -> gen_server:call(Channel, {send, Value}, infinity).
recv(Channel) -> gen_server:call(Channel, recv, infinity).

init(Capacity) -> {ok, #channel{capacity = Capacity}}.

handle_call({send, Value}, {Pid, _} = From, C) ->
    case queue:out(C#channel.receivers) of
        {{value, {Monitor, Receiver}}, Rest} ->
            erlang:demonitor(Monitor, [flush]),
            gen_server:reply(Receiver, Value),
            {reply, ok, C#channel{receivers = Rest}};
        {empty, _} when C#channel.size < C#channel.capacity ->
            {reply, ok, C#channel{size = C#channel.size + 1,
                                  values = queue:in(Value, C#channel.values)}};
        {empty, _} ->
            Monitor = erlang:monitor(process, Pid),
            {noreply, C#channel{senders = queue:in({Monitor, From, Value}, C#channel.senders)}}
    end;
handle_call(recv, {Pid, _} = From, C) ->
    case {queue:out(C#channel.values), queue:out(C#channel.senders)} of
        {{empty, _}, {empty, _}} ->
            Monitor = erlang:monitor(process, Pid),
            {noreply, C#channel{receivers = queue:in({Monitor, From}, C#channel.receivers)}};
        {{empty, _}, {{value, {Monitor, Sender, Value}}, Rest}} ->
            accepted(Monitor, Sender),
            {reply, Value, C#channel{senders = Rest}};
        {{{value, Value}, Values}, {empty, _}} ->
            {reply, Value, C#channel{size = C#channel.size - 1, values = Values}};
        {{{value, Value}, Values}, {{value, {Monitor, Sender, Next}}, Rest}} ->
            accepted(Monitor, Sender),
            {reply, Value, C#channel{values = queue:in(Next, Values), senders = Rest}}
    end.

accepted(Monitor, Sender) ->
    erlang:demonitor(Monitor, [flush]),
    gen_server:reply(Sender, ok).

handle_cast(_, C) -> {noreply, C}.

handle_info({'DOWN', Monitor, process, _, _}, C) ->
    Others = fun(Waiting) -> element(1, Waiting) =/= Monitor end,
    {noreply, C#channel{senders = queue:filter(Others, C#channel.senders),
                        receivers = queue:filter(Others, C#channel.receivers)}}.
