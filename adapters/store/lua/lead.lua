-- A3: the lead of a platform, fencing the one before; its entries in flight are due at once.
-- keys: leader, epoch, infl, ready.  arguments: owner, now, until.  Returns {epoch, 0} or {0, the other's until}.
local other, ends = unpack(redis.call('HMGET', KEYS[1], 'owner', 'until'))
if other and other ~= ARGV[1] and tonumber(ends) > tonumber(ARGV[2]) then return {'0', ends} end
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'until', ARGV[3])
local epoch = math.max(tonumber(redis.call('GET', KEYS[2]) or '0') + 1, tonumber(ARGV[2]))
redis.call('SET', KEYS[2], string.format('%d', epoch))
local flights = redis.call('HGETALL', KEYS[3])
for i = 1, #flights, 2 do
  if not string.match(flights[i + 1], '^[^|]*|%d+|0') then redis.call('ZADD', KEYS[4], ARGV[2], flights[i]) end
end
return {string.format('%d', epoch), '0'}
