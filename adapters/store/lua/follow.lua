-- What is known by now of an alert that is followed up, if nobody else has changed it and its place is still there.
-- keys: alerts of the place, followed, cases of the coin.
-- arguments: episode, its name among the followed, what was read, what is known, when again in ms or '', when it fired,
-- the case or ''.
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[3] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[4])
if ARGV[5] == '' then
  redis.call('ZREM', KEYS[2], ARGV[2])
else
  redis.call('ZADD', KEYS[2], ARGV[5], ARGV[2])
end
if ARGV[7] ~= '' then redis.call('HSET', KEYS[3], ARGV[6], ARGV[7]) end
return 1
