-- Bars of the past: each replaces just the bar that it was made from, none that is news, all together or none.
-- keys: cycles, steps, bars, backfilled.  arguments: step, rows, then at, hash of the bar before or '', bar each.
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local news = last and tonumber(string.match(last[1], '^(%d+)')) or math.huge
for i = 3, #ARGV, 3 do
  local before = redis.call('ZRANGEBYSCORE', KEYS[3], ARGV[i], ARGV[i])[1]
  if (before and redis.sha1hex(before) or '') ~= ARGV[i + 1] then return 0 end
end
local changed = false
for i = 3, #ARGV, 3 do
  if tonumber(ARGV[i]) < news then
    redis.call('ZREMRANGEBYSCORE', KEYS[3], ARGV[i], ARGV[i])
    redis.call('ZADD', KEYS[3], ARGV[i], ARGV[i + 2])
    changed = true
  end
end
if changed then
  redis.call('SADD', KEYS[2], ARGV[1])
  redis.call('ZREMRANGEBYRANK', KEYS[3], 0, -1 - tonumber(ARGV[2]))
  redis.call('INCR', KEYS[4])
end
return 1
