-- Bars of the past: only where there is none yet, no news, trimmed like the others.
-- keys: steps, bars.  arguments: step, rows, then at, bar each.
redis.call('SADD', KEYS[1], ARGV[1])
for i = 3, #ARGV, 2 do
  if redis.call('ZCOUNT', KEYS[2], ARGV[i], ARGV[i]) == 0 then
    redis.call('ZADD', KEYS[2], ARGV[i], ARGV[i + 1])
  end
end
redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -1 - tonumber(ARGV[2]))
return 1
