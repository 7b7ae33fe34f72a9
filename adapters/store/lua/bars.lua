-- Bars between two ranks, with just those metrics and their legs of just those coins, or of all where none is named.
-- keys: bars.  arguments: first, last, how many metrics, the metrics, then the coins.
-- Returns for each stretch of bars over the same coins: times, coins, then slot and rows for each matrix. A slot is a
-- metric, or a metric and a venue; what a bar lacks is unknown.
local many = tonumber(ARGV[3])
local metrics, coins, all = {}, {}, #ARGV == 3 + many
for i = 4, 3 + many do metrics[ARGV[i]] = true end
for i = 4 + many, #ARGV do coins[ARGV[i]] = true end
local unknown = struct.pack('<f', 0 / 0)
local answer, of = {}, nil

-- How many things are in the list, map or bytes at that place, and the place behind that number.
local sizes = { [0xc4] = 1, [0xc5] = 2, [0xc6] = 4, [0xdc] = 2, [0xdd] = 4, [0xde] = 2, [0xdf] = 4 }
local function head(bar, at)
  local kind = string.byte(bar, at)
  if kind < 0xa0 then return kind % 16, at + 1 end
  return struct.unpack('>I' .. sizes[kind], bar, at + 1), at + 1 + sizes[kind]
end

-- A number, a word or a list of words at that place, and the place behind it.
local function read(bar, at)
  local behind, value = cmsgpack.unpack_one(bar, at - 1)
  return value, (behind < 0 and #bar or behind) + 1
end

local function stretch(key, names)
  local found = { key = key, at = {}, names = {}, times = {}, slots = {} }
  for i, name in ipairs(names) do
    if all or coins[name] then
      table.insert(found.at, 4 * i - 3)
      table.insert(found.names, name)
    end
  end
  found.blank = string.rep(unknown, #found.at)
  return found
end

local function finish()
  local told = { table.concat(of.times, '\n'), table.concat(of.names, '\n') }
  for slot, rows in pairs(of.slots) do
    for i = #rows + 1, #of.times do rows[i] = of.blank end
    table.insert(told, slot)
    table.insert(told, table.concat(rows))
  end
  table.insert(answer, told)
end

local function add(slot, row)
  local rows = of.slots[slot] or {}
  of.slots[slot] = rows
  for i = #rows + 1, #of.times - 1 do rows[i] = of.blank end
  if not all then
    local few = {}
    for i, first in ipairs(of.at) do few[i] = string.sub(row, first, first + 3) end
    row = table.concat(few)
  end
  rows[#of.times] = row
end

-- The rows by name at that place, taken where `slot` gives them one; and the place behind them.
local function take(bar, at, slot)
  local count, name, size
  count, at = head(bar, at)
  for _ = 1, count do
    name, at = read(bar, at)
    size, at = head(bar, at)
    if slot(name) then add(slot(name), string.sub(bar, at, at + size - 1)) end
    at = at + size
  end
  return at
end

for _, bar in ipairs(redis.call('ZRANGE', KEYS[1], ARGV[1], ARGV[2])) do
  local _, time, count, metric
  local at = select(2, head(bar, select(2, head(bar, 1))))
  _, at = read(bar, at)
  time, at = read(bar, select(2, head(bar, at)))
  if not of or string.sub(bar, at, at + #of.key - 1) ~= of.key then
    if of then finish() end
    local names, behind = read(bar, at)
    of = stretch(string.sub(bar, at, behind - 1), names)
  end
  table.insert(of.times, string.format('%.0f', time))
  at = take(bar, at + #of.key, function(name) return metrics[name] and name end)
  count, at = head(bar, at)
  for _ = 1, count do
    metric, at = read(bar, at)
    at = take(bar, at, function(venue) return metrics[metric] and metric .. '\n' .. venue end)
  end
end
if of then finish() end
return answer
