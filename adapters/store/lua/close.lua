-- One closed moment: once, in order; readers wake, bars rest under their time.
-- keys: cycles, steps, bars of each resolution.
-- arguments: at, moment, bars, moments kept at most, the oldest that is kept, then step, rows, at, bar each.
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local at = tonumber(ARGV[1])
if last and at <= tonumber(string.match(last[1], '^(%d+)')) then return 0 end
redis.call('XADD', KEYS[1], 'MAXLEN', ARGV[4], ARGV[1] .. '-0', 'm', ARGV[2], 'b', ARGV[3])
redis.call('XTRIM', KEYS[1], 'MINID', ARGV[5])
for i = 3, #KEYS do
  local a = 6 + (i - 3) * 4
  redis.call('SADD', KEYS[2], ARGV[a])
  redis.call('ZREMRANGEBYSCORE', KEYS[i], ARGV[a + 2], ARGV[a + 2])
  redis.call('ZADD', KEYS[i], ARGV[a + 2], ARGV[a + 3])
  redis.call('ZREMRANGEBYRANK', KEYS[i], 0, -1 - tonumber(ARGV[a + 1]))
end
return 1
