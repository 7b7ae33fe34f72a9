-- Rules under the next numbers of their place and coins on its watchlist, all of them once per update, or none and the
-- name of the quota where there is no room for all.
-- keys: seen, rules, numbers, places, changes, watchlists, number of the erased place.
-- arguments: place, created, most rules, most on every coin, most watched, changes kept, seconds to remember, coins,
-- then marks and draft of each rule.
-- Returns 'rules', 'every_coin', 'watched', or each rule behind its number and its length.
local known = redis.call('GET', KEYS[1])
if known then return known end

local wide = 0
for i = 9, #ARGV, 2 do
  if tonumber(ARGV[i]) >= 2 then wide = wide + 1 end
end
local asks_wide = wide > 0
for _, rule in ipairs(asks_wide and redis.call('HVALS', KEYS[2]) or {}) do
  if select(5, cmsgpack.unpack_limit(rule, 4, 1)) >= 2 then wide = wide + 1 end
end
local watched, has, fresh = {}, {}, false
local former = redis.call('HGET', KEYS[6], ARGV[1]) or ''
for coin in string.gmatch(former, '%S+') do
  table.insert(watched, coin)
  has[coin] = true
end
for coin in string.gmatch(ARGV[8], '%S+') do
  if not has[coin] then
    table.insert(watched, coin)
    has[coin], fresh = true, true
  end
end

local function change()
  local last = redis.call('XREVRANGE', KEYS[5], '+', '-', 'COUNT', 1)[1]
  return last and tonumber(string.match(last[1], '^(%d+)')) + 1 or 1
end
local function tell(number, ...)
  redis.call('XADD', KEYS[5], 'MAXLEN', ARGV[6], string.format('%d-0', number), ...)
end

local answer
if redis.call('HLEN', KEYS[2]) + (#ARGV - 8) / 2 > tonumber(ARGV[3]) then
  answer = 'rules'
elseif asks_wide and wide > tonumber(ARGV[4]) then
  answer = 'every_coin'
elseif fresh and #watched > tonumber(ARGV[5]) then
  answer = 'watched'
else
  local saved = {}
  local before = redis.call('GET', KEYS[7])
  if before then redis.call('HSETNX', KEYS[3], ARGV[1], before) end
  for i = 9, #ARGV, 2 do
    local number = redis.call('HINCRBY', KEYS[3], ARGV[1], 1)
    local at = change()
    local rule = '\149' .. cmsgpack.pack(at, 1, tonumber(ARGV[2]), tonumber(ARGV[i])) .. ARGV[i + 1]
    redis.call('HSET', KEYS[2], number, rule)
    redis.call('SADD', KEYS[4], ARGV[1])
    tell(at, 'id', ARGV[1] .. '/' .. number, 'rule', rule)
    table.insert(saved, number .. ' ' .. #rule .. ' ' .. rule)
  end
  if fresh then
    local coins = table.concat(watched, ' ')
    redis.call('HSET', KEYS[6], ARGV[1], coins)
    tell(change(), 'place', ARGV[1], 'before', former, 'coins', coins)
  end
  answer = table.concat(saved)
end
redis.call('SET', KEYS[1], answer, 'EX', ARGV[7])
return answer
