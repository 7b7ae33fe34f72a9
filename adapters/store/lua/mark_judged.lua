-- The last moment that was judged whole, and what is remembered of it; an older one changes nothing.
-- keys: judged, mark.  arguments: at, mark, the moment that is known to be judged or ''.
-- Returns 0, and changes nothing, where that moment was lost.
local known = redis.call('GET', KEYS[1])
if ARGV[3] ~= '' and tonumber(known or '-1') < tonumber(ARGV[3]) then return 0 end
if not known or tonumber(known) < tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], ARGV[1])
  redis.call('SET', KEYS[2], ARGV[2])
end
return 1
