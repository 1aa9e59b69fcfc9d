%% SPDX-License-Identifier: MIT
%%
%% The sequential rows for Erlang: erl -run sequential main ROW SIZE
%%
%% What each row asks, and what would make it lie, stands at the head of the
%% file of the same name in bench/maggie. Every row checks its result before
%% it prints `name value unit`. There is no dispatch row: Erlang has no
%% polymorphic send. dict_int_ets is dict_int with the mutable table of the
%% system instead of a persistent map.
-module(sequential).
-export([main/1]).

main([Row, Size]) ->
    N = list_to_integer(Size),
    {_, Ref} = spawn_monitor(fun() -> run(Row, N) end),
    receive
        {'DOWN', Ref, process, _, normal} -> halt(0);
        {'DOWN', Ref, process, _, Why} ->
            io:format(standard_error, "~s: ~p~n", [Row, Why]),
            halt(1)
    end.

run(Row, N) ->
    {Work, Check} = row(list_to_atom(Row), N),
    Start = erlang:monotonic_time(nanosecond),
    Result = Work(),
    Ns = erlang:monotonic_time(nanosecond) - Start,
    true = Check(Result),
    [Name | _] = string:split(Row, "_ets"),
    io:format("~s ~.6f s~n", [Name, Ns / 1.0e9]).

row(fib, N) ->
    {fun() -> fib(N) end, fun(V) -> V =:= closed(N, 0, 1) end};
row(loop, N) ->
    {fun() -> sum(1, N, 0) end, fun(V) -> V =:= N * (N + 1) div 2 end};
row(nbody, N) ->
    Bodies = balanced(),
    Before = energy(Bodies),
    {fun() -> steps(N, Bodies) end,
     fun(Moved) ->
             After = energy(Moved),
             abs(Before + 0.169075163828524) < 1.0e-12
                 andalso abs(After - Before) < 5.0e-5
                 andalso (N =/= 500000 orelse abs(After + 0.169096567) < 1.0e-9)
     end};
row(bintrees, Depth) ->
    {fun() ->
             Kept = tree(Depth),
             lists:sum([trees(1 bsl (Depth - D + 4), D, 0) || D <- lists:seq(4, Depth, 4)])
                 + count(Kept)
     end,
     fun(V) ->
             V =:= (1 bsl (Depth + 1)) - 1
                 + lists:sum([(1 bsl (Depth - D + 4)) * ((1 bsl (D + 1)) - 1)
                              || D <- lists:seq(4, Depth, 4)])
     end};
row(dict_int, N) ->
    {fun() ->
             Map = lists:foldl(fun(I, M) -> M#{I * 7919 => I} end, #{}, lists:seq(1, N)),
             lists:foldl(fun(I, S) -> S + maps:get(I * 7919, Map) end, 0, lists:seq(1, N))
     end,
     fun(V) -> V =:= N * (N + 1) div 2 end};
row(dict_int_ets, N) ->
    {fun() ->
             Table = ets:new(table, [set, private]),
             lists:foreach(fun(I) -> ets:insert(Table, {I * 7919, I}) end, lists:seq(1, N)),
             lists:foldl(fun(I, S) -> S + ets:lookup_element(Table, I * 7919, 2) end,
                         0, lists:seq(1, N))
     end,
     fun(V) -> V =:= N * (N + 1) div 2 end};
row(dict_any, N) ->
    {fun() ->
             Map = lists:foldl(fun(I, M) -> M#{I * 7919 => I} end, #{}, lists:seq(1, N)),
             any(N, N, 42, 0, 0, fun(Key) -> maps:get(Key, Map) end)
     end,
     fun({Total, Asked}) -> Total =:= Asked end};
row(dict_any_ets, N) ->
    {fun() ->
             Table = ets:new(table, [set, private]),
             lists:foreach(fun(I) -> ets:insert(Table, {I * 7919, I}) end, lists:seq(1, N)),
             any(N, N, 42, 0, 0, fun(Key) -> ets:lookup_element(Table, Key, 2) end)
     end,
     fun({Total, Asked}) -> Total =:= Asked end};
row(dict_str, N) ->
    {fun() ->
             Map = lists:foldl(fun(I, M) -> M#{key(I) => I} end, #{}, lists:seq(1, N)),
             lists:foldl(fun(I, S) -> S + maps:get(key(I), Map) end, 0, lists:seq(1, N))
     end,
     fun(V) -> V =:= N * (N + 1) div 2 end};
row(strbuild, N) ->
    {fun() -> iolist_to_binary([[integer_to_binary(I), $,] || I <- lists:seq(1, N)]) end,
     fun(V) -> byte_size(V) =:= digits(1, N, N) end};
row(strcat, N) ->
    Piece = binary:copy(<<"0123456789abcdef">>, 2),
    {fun() -> grow(N, Piece, <<>>) end,
     fun(V) ->
             byte_size(V) =:= N * 32
                 andalso binary:part(V, 0, 32) =:= Piece
                 andalso binary:part(V, byte_size(V), -32) =:= Piece
     end};
row(sort, N) ->
    Numbers = numbers(N, 42),
    Sum = lists:sum(Numbers),
    {fun() -> lists:sort(Numbers) end,
     fun(V) -> ordered(V) andalso lists:sum(V) =:= Sum end}.

fib(N) when N < 2 -> N;
fib(N) -> fib(N - 1) + fib(N - 2).

closed(0, A, _) -> A;
closed(N, A, B) -> closed(N - 1, B, A + B).

sum(I, N, Sum) when I > N -> Sum;
sum(I, N, Sum) -> sum(I + 1, N, Sum + I).

tree(0) -> {nil, nil};
tree(D) -> {tree(D - 1), tree(D - 1)}.

count({nil, nil}) -> 1;
count({L, R}) -> count(L) + count(R) + 1.

trees(0, _, Sum) -> Sum;
trees(N, D, Sum) -> trees(N - 1, D, Sum + count(tree(D))).

any(0, _, _, Total, Asked, _) -> {Total, Asked};
any(Left, N, Seed, Total, Asked, Get) ->
    Next = Seed * 16807 rem 2147483647,
    I = Next rem N + 1,
    any(Left - 1, N, Next, Total + Get(I * 7919), Asked + I, Get).

key(I) -> <<"key", (integer_to_binary(I))/binary>>.

digits(Power, N, Sum) when Power > N -> Sum;
digits(Power, N, Sum) -> digits(Power * 10, N, Sum + N - Power + 1).

grow(0, _, Text) -> Text;
grow(N, Piece, Text) -> grow(N - 1, Piece, <<Text/binary, Piece/binary>>).

numbers(0, _) -> [];
numbers(N, Seed) ->
    Next = Seed * 16807 rem 2147483647,
    [Next | numbers(N - 1, Next)].

ordered([A, B | Rest]) when A =< B -> ordered([B | Rest]);
ordered([_]) -> true;
ordered([]) -> true;
ordered(_) -> false.

%% nbody: a body is {X, Y, Z, VX, VY, VZ, Mass}.

body(X, Y, Z, VX, VY, VZ, M) ->
    Year = 365.24,
    {X, Y, Z, VX * Year, VY * Year, VZ * Year, M * 39.47841760435743}.

bodies() ->
    [body(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0),
     body(4.84143144246472090e+00, -1.16032004402742839e+00, -1.03622044471123109e-01,
          1.66007664274403694e-03, 7.69901118419740425e-03, -6.90460016972063023e-05,
          9.54791938424326609e-04),
     body(8.34336671824457987e+00, 4.12479856412430479e+00, -4.03523417114321381e-01,
          -2.76742510726411899e-03, 4.99852801234917238e-03, 2.30417297573763929e-05,
          2.85885980666130812e-04),
     body(1.28943695621391310e+01, -1.51111514016986312e+01, -2.23307578892655734e-01,
          2.96460137564761618e-03, 2.37847173959480950e-03, -2.96589568540237556e-05,
          4.36624404335156298e-05),
     body(1.53796971148509165e+01, -2.59193146099879641e+01, 1.79258772950371181e-01,
          2.68067772490389322e-03, 1.62824170038242295e-03, -9.51592254519715870e-05,
          5.15138902046611451e-05)].

balanced() ->
    [{X, Y, Z, _, _, _, M} | Rest] = All = bodies(),
    Momentum = fun(Slot) -> lists:sum([element(Slot, B) * element(7, B) || B <- All]) end,
    [{X, Y, Z, -Momentum(4) / M, -Momentum(5) / M, -Momentum(6) / M, M} | Rest].

steps(0, Bodies) -> Bodies;
steps(N, Bodies) -> steps(N - 1, advance(Bodies)).

advance([]) ->
    [];
advance([Body | Rest]) ->
    {Kicked, Others} = kick(Body, Rest),
    {X, Y, Z, VX, VY, VZ, M} = Kicked,
    [{X + 0.01 * VX, Y + 0.01 * VY, Z + 0.01 * VZ, VX, VY, VZ, M} | advance(Others)].

kick(A, []) ->
    {A, []};
kick({X1, Y1, Z1, VX1, VY1, VZ1, M1}, [{X2, Y2, Z2, VX2, VY2, VZ2, M2} | Rest]) ->
    DX = X1 - X2,
    DY = Y1 - Y2,
    DZ = Z1 - Z2,
    Square = DX * DX + DY * DY + DZ * DZ,
    Pull = 0.01 / (Square * math:sqrt(Square)),
    Theirs = M2 * Pull,
    Mine = M1 * Pull,
    A = {X1, Y1, Z1, VX1 - DX * Theirs, VY1 - DY * Theirs, VZ1 - DZ * Theirs, M1},
    B = {X2, Y2, Z2, VX2 + DX * Mine, VY2 + DY * Mine, VZ2 + DZ * Mine, M2},
    {Last, Others} = kick(A, Rest),
    {Last, [B | Others]}.

energy([]) ->
    0.0;
energy([{X1, Y1, Z1, VX, VY, VZ, M1} | Rest]) ->
    Pairs = [begin
                 DX = X1 - X2, DY = Y1 - Y2, DZ = Z1 - Z2,
                 M1 * M2 / math:sqrt(DX * DX + DY * DY + DZ * DZ)
             end || {X2, Y2, Z2, _, _, _, M2} <- Rest],
    0.5 * M1 * (VX * VX + VY * VY + VZ * VZ) - lists:sum(Pairs) + energy(Rest).
