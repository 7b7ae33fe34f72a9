-- An event that cannot be read out of the way of the others, kept for whoever looks into it; asked again nothing happens.
-- keys: events, those that could not be read.  arguments: its id, the event, age to keep in ms.
if redis.call('XDEL', KEYS[1], ARGV[1]) == 0 then return 0 end
local oldest = string.format('%d', redis.call('TIME')[1] * 1000 - tonumber(ARGV[3]))
redis.call('XADD', KEYS[2], 'MINID', oldest, '*', 'e', ARGV[2])
return 1
