-- The last moment that a part judged whole, and what is remembered of it; an older one changes nothing.
-- keys: judged, mark, parts.  arguments: at, mark, of how many parts it is one, the moment it is known to have judged or ''.
-- Returns 'ok', or what keeps it from being marked: 'parts' where the coins are shared out to another number of parts by
-- now, 'lost' where that moment was lost.
if (redis.call('GET', KEYS[3]) or '1') ~= ARGV[3] then return 'parts' end
local known = redis.call('GET', KEYS[1])
if ARGV[4] ~= '' and tonumber(known or '-1') < tonumber(ARGV[4]) then return 'lost' end
if not known or tonumber(known) < tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], ARGV[1])
  redis.call('SET', KEYS[2], ARGV[2])
end
return 'ok'
