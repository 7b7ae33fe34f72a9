-- An entry counted among those of a day: 1, or 0 where there are as many as there may be.
-- keys: admitted.  arguments: day, entry, most or '' for any number, seconds to keep the count.
if ARGV[1] > (redis.call('HGET', KEYS[1], 'day') or '') then
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'day', ARGV[1])
end
if redis.call('HEXISTS', KEYS[1], ARGV[2]) == 1 then return 1 end
if ARGV[3] ~= '' and redis.call('HLEN', KEYS[1]) - 1 >= tonumber(ARGV[3]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[2], '1')
redis.call('EXPIRE', KEYS[1], ARGV[4])
return 1
