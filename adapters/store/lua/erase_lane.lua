-- The lane of a place, and what its sender holds and remembers of it.
-- keys: lane, ready, infl, tries, last, addresses, missed, low, outcomes.  arguments: place.
redis.call('ZREMRANGEBYLEX', KEYS[1], '[' .. ARGV[1] .. ':', '(' .. ARGV[1] .. ';')
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('HDEL', KEYS[3], ARGV[1])
redis.call('HDEL', KEYS[4], ARGV[1])
local answer = redis.call('HGET', KEYS[5], 'answer')
if answer and cmsgpack.unpack(answer)[2] == ARGV[1] then redis.call('DEL', KEYS[5]) end
redis.call('HDEL', KEYS[6], ARGV[1])
redis.call('HDEL', KEYS[7], ARGV[1])
for _, waiting in ipairs(redis.call('ZRANGE', KEYS[8], 0, -1)) do
  if string.match(waiting, '^(.*):[^:]*$') == ARGV[1] then redis.call('ZREM', KEYS[8], waiting) end
end
redis.call('DEL', KEYS[9])
return 1
