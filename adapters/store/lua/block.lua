-- Until when a name is blocked; an earlier end changes nothing.
-- keys: block.  arguments: end.
local ends = tonumber(redis.call('GET', KEYS[1]) or '0')
if tonumber(ARGV[1]) > ends then redis.call('SET', KEYS[1], ARGV[1]) end
return 1
