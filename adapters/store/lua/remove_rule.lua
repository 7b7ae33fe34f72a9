-- A rule away, once per update; '0' where the place has no such rule.
-- keys: seen, rules, changes.  arguments: place, number, id, seconds to remember.
local known = redis.call('GET', KEYS[1])
if known then return known end
local removed = redis.call('HDEL', KEYS[2], ARGV[2])
if removed == 1 then
  local last = redis.call('XREVRANGE', KEYS[3], '+', '-', 'COUNT', 1)[1]
  local change = string.format('%d', tonumber(string.match(last[1], '^(%d+)')) + 1)
  redis.call('XADD', KEYS[3], change .. '-0', 'id', ARGV[3], 'place', ARGV[1], 'rule', '')
end
redis.call('SET', KEYS[1], removed, 'EX', ARGV[4])
return tostring(removed)
