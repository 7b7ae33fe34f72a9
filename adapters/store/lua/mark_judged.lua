-- The last moment that a part judged whole, and what is remembered of it; an older one changes nothing.
-- keys: judged, mark, parts.  arguments: at, mark, of how many parts it is one.
-- Returns 1, or 0 where the coins are shared out to another number of parts by now.
if (redis.call('GET', KEYS[3]) or '1') ~= ARGV[3] then return 0 end
local known = redis.call('GET', KEYS[1])
if not known or tonumber(known) < tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], ARGV[1])
  redis.call('SET', KEYS[2], ARGV[2])
end
return 1
