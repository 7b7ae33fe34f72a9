-- What a place had, away; readers of changes are told that its rules and its watchlist are gone.
-- keys: rules, numbers, places, watchlists, changes, drafts, settings, number of the erased place, allowed, denied.
-- arguments: place, changes kept, seconds to remember its number.
local function tell(...)
  local last = redis.call('XREVRANGE', KEYS[5], '+', '-', 'COUNT', 1)[1]
  local number = last and tonumber(string.match(last[1], '^(%d+)')) + 1 or 1
  redis.call('XADD', KEYS[5], 'MAXLEN', ARGV[2], string.format('%d-0', number), ...)
end
for _, number in ipairs(redis.call('HKEYS', KEYS[1])) do tell('id', ARGV[1] .. '/' .. number, 'rule', '') end
local watched = redis.call('HGET', KEYS[4], ARGV[1])
if watched then tell('place', ARGV[1], 'before', watched, 'coins', '') end
local number = redis.call('HGET', KEYS[2], ARGV[1])
if number then redis.call('SET', KEYS[8], number, 'EX', ARGV[3]) end
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('SREM', KEYS[3], ARGV[1])
redis.call('HDEL', KEYS[4], ARGV[1])
redis.call('SREM', KEYS[9], ARGV[1])
redis.call('SREM', KEYS[10], ARGV[1])
redis.call('DEL', KEYS[1], KEYS[6], KEYS[7])
return 1
