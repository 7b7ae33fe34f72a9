-- One notice for one place, unless it was posted before: at the end of its lane, or behind all alerts of the platform.
-- keys: expanded, lane, ready, seq, body, low, wake.  arguments: notice id, place, now, notice, seconds to remember it,
-- 1 if it waits behind all alerts.
-- Returns 1, or 0 where it was posted before.
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('SET', KEYS[5], ARGV[4], 'EX', ARGV[5])
if ARGV[6] == '1' then
  redis.call('ZADD', KEYS[6], ARGV[3], ARGV[2] .. ':' .. ARGV[1])
else
  local seq = redis.call('INCR', KEYS[4])
  redis.call('ZADD', KEYS[2], 0, ARGV[2] .. ':' .. string.format('%012x', seq) .. ':' .. ARGV[1])
  redis.call('ZADD', KEYS[3], 'NX', ARGV[3], ARGV[2])
end
redis.call('XADD', KEYS[7], 'MAXLEN', 1, '*', 'new', 1)
redis.call('SET', KEYS[1], 'done', 'EX', ARGV[5])
return 1
