-- A dead event back behind those that wait to be fanned out; asked again it changes nothing.
-- keys: dead events, events.  arguments: its number among the dead.
local event = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])[1]
if not event then return 0 end
redis.call('XADD', KEYS[2], '*', unpack(event[2]))
redis.call('XDEL', KEYS[1], ARGV[1])
return 1
