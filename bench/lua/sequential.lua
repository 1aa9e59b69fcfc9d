-- SPDX-License-Identifier: MIT
--
-- The sequential rows for Lua 5.4: lua5.4 sequential.lua ROW SIZE
--
-- What each row asks, and what would make it lie, stands at the head of the
-- file of the same name in bench/maggie. Every row checks its result before
-- it prints `name value unit`. os.clock is processor time, the only fine
-- clock plain Lua has; a single-threaded program that never waits spends no
-- more wall time than that.

local clock = os.clock
local rows = {}

local function check(condition, text)
  if not condition then
    error(text, 2)
  end
end

local function timed(run, ...)
  local start = clock()
  local result = run(...)
  return result, clock() - start
end

local function fib(n)
  if n < 2 then return n end
  return fib(n - 1) + fib(n - 2)
end

function rows.fib(n)
  local value, seconds = timed(fib, n)
  local a, b = 0, 1
  for _ = 1, n do a, b = b, a + b end
  check(value == a, "fib")
  return seconds
end

function rows.loop(count)
  local total, seconds = timed(function()
    local total = 0
    for i = 1, count do total = total + i end
    return total
  end)
  check(total == count * (count + 1) // 2, "loop")
  return seconds
end

local function adder(amount)
  local class = {}
  class.__index = class
  -- Four closures would share one prototype; four texts are four methods.
  class.step = load("return function(self, x) return x + " .. amount .. " end")()
  return setmetatable({}, class)
end

function rows.dispatch(count)
  local objects = { adder(1), adder(2), adder(3), adder(4) }
  local value, seconds = timed(function()
    local value, index = 0, 1
    for _ = 1, count do
      value = objects[index]:step(value)
      index = index + 1
      if index > 4 then index = 1 end
    end
    return value
  end)
  check(value == count * 10 // 4, "dispatch")
  return seconds
end

local Body = {}
Body.__index = Body

function Body.new(x, y, z, vx, vy, vz, mass)
  local year, sun = 365.24, 39.47841760435743
  return setmetatable({
    x = x, y = y, z = z,
    vx = vx * year, vy = vy * year, vz = vz * year,
    mass = mass * sun,
  }, Body)
end

local function planets()
  return {
    Body.new(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0),
    Body.new(4.84143144246472090e+00, -1.16032004402742839e+00, -1.03622044471123109e-01,
      1.66007664274403694e-03, 7.69901118419740425e-03, -6.90460016972063023e-05,
      9.54791938424326609e-04),
    Body.new(8.34336671824457987e+00, 4.12479856412430479e+00, -4.03523417114321381e-01,
      -2.76742510726411899e-03, 4.99852801234917238e-03, 2.30417297573763929e-05,
      2.85885980666130812e-04),
    Body.new(1.28943695621391310e+01, -1.51111514016986312e+01, -2.23307578892655734e-01,
      2.96460137564761618e-03, 2.37847173959480950e-03, -2.96589568540237556e-05,
      4.36624404335156298e-05),
    Body.new(1.53796971148509165e+01, -2.59193146099879641e+01, 1.79258772950371181e-01,
      2.68067772490389322e-03, 1.62824170038242295e-03, -9.51592254519715870e-05,
      5.15138902046611451e-05),
  }
end

local function energy(bodies)
  local total = 0.0
  for i, a in ipairs(bodies) do
    total = total + 0.5 * a.mass * (a.vx * a.vx + a.vy * a.vy + a.vz * a.vz)
    for j = i + 1, #bodies do
      local b = bodies[j]
      local dx, dy, dz = a.x - b.x, a.y - b.y, a.z - b.z
      total = total - a.mass * b.mass / math.sqrt(dx * dx + dy * dy + dz * dz)
    end
  end
  return total
end

local function advance(bodies, steps, dt)
  local count, sqrt = #bodies, math.sqrt
  for _ = 1, steps do
    for i = 1, count do
      local a = bodies[i]
      for j = i + 1, count do
        local b = bodies[j]
        local dx, dy, dz = a.x - b.x, a.y - b.y, a.z - b.z
        local square = dx * dx + dy * dy + dz * dz
        local pull = dt / (square * sqrt(square))
        local theirs, mine = b.mass * pull, a.mass * pull
        a.vx = a.vx - dx * theirs
        a.vy = a.vy - dy * theirs
        a.vz = a.vz - dz * theirs
        b.vx = b.vx + dx * mine
        b.vy = b.vy + dy * mine
        b.vz = b.vz + dz * mine
      end
    end
    for i = 1, count do
      local a = bodies[i]
      a.x = a.x + dt * a.vx
      a.y = a.y + dt * a.vy
      a.z = a.z + dt * a.vz
    end
  end
end

function rows.nbody(steps)
  local bodies = planets()
  local px, py, pz = 0.0, 0.0, 0.0
  for _, b in ipairs(bodies) do
    px, py, pz = px + b.vx * b.mass, py + b.vy * b.mass, pz + b.vz * b.mass
  end
  local sun = bodies[1]
  sun.vx, sun.vy, sun.vz = -px / sun.mass, -py / sun.mass, -pz / sun.mass
  local before = energy(bodies)
  local _, seconds = timed(advance, bodies, steps, 0.01)
  local after = energy(bodies)
  check(math.abs(before + 0.169075163828524) < 1e-12, "nbody: start")
  check(math.abs(after - before) < 5e-5, "nbody: drift")
  check(steps ~= 500000 or math.abs(after + 0.169096567) < 1e-9, "nbody: end")
  return seconds
end

local function tree(depth)
  if depth == 0 then return {} end
  return { tree(depth - 1), tree(depth - 1) }
end

local function nodes(node)
  if not node[1] then return 1 end
  return nodes(node[1]) + nodes(node[2]) + 1
end

function rows.bintrees(depth)
  local total, seconds = timed(function()
    local kept = tree(depth)
    local total = 0
    for each = 4, depth, 4 do
      for _ = 1, 1 << (depth - each + 4) do total = total + nodes(tree(each)) end
    end
    return total + nodes(kept)
  end)
  local expected = (1 << (depth + 1)) - 1
  for each = 4, depth, 4 do
    expected = expected + (1 << (depth - each + 4)) * ((1 << (each + 1)) - 1)
  end
  check(total == expected, "bintrees")
  return seconds
end

function rows.dict_int(count)
  local total, seconds = timed(function()
    local map = {}
    for i = 1, count do map[i * 7919] = i end
    local total = 0
    for i = 1, count do total = total + map[i * 7919] end
    return total
  end)
  check(total == count * (count + 1) // 2, "dict_int")
  return seconds
end

function rows.dict_any(count)
  local asked = 0
  local total, seconds = timed(function()
    local map = {}
    for i = 1, count do map[i * 7919] = i end
    local total, seed = 0, 42
    for _ = 1, count do
      seed = seed * 16807 % 2147483647
      local i = seed % count + 1
      asked = asked + i
      total = total + map[i * 7919]
    end
    return total
  end)
  check(total == asked, "dict_any")
  return seconds
end

function rows.dict_str(count)
  local total, seconds = timed(function()
    local map = {}
    for i = 1, count do map["key" .. i] = i end
    local total = 0
    for i = 1, count do total = total + map["key" .. i] end
    return total
  end)
  check(total == count * (count + 1) // 2, "dict_str")
  return seconds
end

function rows.strbuild(count)
  local text, seconds = timed(function()
    local pieces = {}
    for i = 1, count do
      pieces[#pieces + 1] = tostring(i)
    end
    return table.concat(pieces, ",") .. ","
  end)
  local expected, power = count, 1
  while power <= count do
    expected = expected + (count - power + 1)
    power = power * 10
  end
  check(#text == expected, "strbuild")
  return seconds
end

function rows.strcat(count)
  local piece = string.rep("0123456789abcdef", 2)
  local text, seconds = timed(function()
    local text = ""
    for _ = 1, count do text = text .. piece end
    return text
  end)
  check(#text == count * 32, "strcat: size")
  check(text:sub(1, 32) == piece and text:sub(-32) == piece, "strcat")
  return seconds
end

function rows.sort(count)
  local numbers, seed, before = {}, 42, 0
  for i = 1, count do
    seed = seed * 16807 % 2147483647
    numbers[i] = seed
    before = before + seed
  end
  local _, seconds = timed(table.sort, numbers)
  local after = numbers[1]
  for i = 2, count do
    check(numbers[i - 1] <= numbers[i], "sort: order")
    after = after + numbers[i]
  end
  check(before == after, "sort: sum")
  return seconds
end

local name, size = arg[1], tonumber(arg[2])
if not rows[name] or not size then
  io.stderr:write("usage: lua5.4 sequential.lua ROW SIZE\n")
  os.exit(64)
end
print(string.format("%s %.6f s", name, rows[name](size)))
