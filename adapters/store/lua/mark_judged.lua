-- The last moment that was judged whole; an older one changes nothing.
-- keys: judged.  arguments: at.
local known = redis.call('GET', KEYS[1])
if not known or tonumber(known) < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], ARGV[1]) end
return 1
