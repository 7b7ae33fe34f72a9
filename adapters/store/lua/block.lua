-- Nothing may be spent before that time; an earlier end changes nothing.
-- keys: block.  arguments: until, in Unix milliseconds.
local before = tonumber(redis.call('GET', KEYS[1]) or '0')
if tonumber(ARGV[1]) > before then redis.call('SET', KEYS[1], ARGV[1]) end
return 1
