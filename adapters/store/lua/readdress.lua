-- Where a place is reached now; whatever was reached at the place is reached there too.
-- keys: addresses.  arguments: place, address.
local address = redis.call('HGET', KEYS[1], ARGV[2]) or ARGV[2]
if address == ARGV[1] then address = ARGV[2] end
local known = redis.call('HGETALL', KEYS[1])
for i = 1, #known, 2 do
  if known[i + 1] == ARGV[1] then redis.call('HSET', KEYS[1], known[i], address) end
end
redis.call('HSET', KEYS[1], ARGV[1], address)
redis.call('HDEL', KEYS[1], address)
return 1
