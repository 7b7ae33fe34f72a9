-- An event that cannot be read, out of the way of the others; asked again it changes nothing.
-- keys: events, dead events.  arguments: its number, ms to keep dead ones.
local event = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])[1]
if not event then return 0 end
local now = redis.call('TIME')
local oldest = string.format('%d', now[1] * 1000 - tonumber(ARGV[2]))
redis.call('XADD', KEYS[2], 'MINID', oldest, '*', unpack(event[2]))
redis.call('XDEL', KEYS[1], ARGV[1])
return 1
