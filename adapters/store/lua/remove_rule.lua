-- A rule away, once per update; '0' where the place has no such rule.
-- keys: seen, rules, changes, places.  arguments: number, id, changes kept, seconds to remember, place.
local known = redis.call('GET', KEYS[1])
if known then return known end
local removed = redis.call('HDEL', KEYS[2], ARGV[1])
if removed == 1 then
  local last = redis.call('XREVRANGE', KEYS[3], '+', '-', 'COUNT', 1)[1]
  local change = tonumber(string.match(last[1], '^(%d+)')) + 1
  redis.call('XADD', KEYS[3], 'MAXLEN', ARGV[3], string.format('%d-0', change), 'id', ARGV[2], 'rule', '')
  if redis.call('EXISTS', KEYS[2]) == 0 then redis.call('SREM', KEYS[4], ARGV[5]) end
end
redis.call('SET', KEYS[1], removed, 'EX', ARGV[4])
return tostring(removed)
