-- A rule under the next number of its place, once per update; 'full' where the place has its limit.
-- keys: seen, rules, numbers, places, changes.  arguments: place, limit, written, seconds to remember, id before its number.
local known = redis.call('GET', KEYS[1])
if known then return known end
local answer = 'full'
if redis.call('HLEN', KEYS[2]) < tonumber(ARGV[2]) then
  local number = redis.call('HINCRBY', KEYS[3], ARGV[1], 1)
  local last = redis.call('XREVRANGE', KEYS[5], '+', '-', 'COUNT', 1)[1]
  local change = last and string.format('%d', tonumber(string.match(last[1], '^(%d+)')) + 1) or '1'
  answer = number .. ' ' .. change
  redis.call('HSET', KEYS[2], number, change .. ' ' .. ARGV[3])
  redis.call('SADD', KEYS[4], ARGV[1])
  redis.call('XADD', KEYS[5], change .. '-0', 'id', ARGV[5] .. number, 'place', ARGV[1], 'rule', ARGV[3])
end
redis.call('SET', KEYS[1], answer, 'EX', ARGV[4])
return answer
