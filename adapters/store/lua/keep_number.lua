-- A reader knows a change with a higher number than the last one that is kept: it was lost. Numbers go on behind it, so
-- that the next change is news to that reader, and all others see a hole and load again.
-- keys: changes.  arguments: the number, changes kept.  Returns 1 where it was so.
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
if last and tonumber(string.match(last[1], '^(%d+)')) >= tonumber(ARGV[1]) then return 0 end
redis.call('XADD', KEYS[1], 'MAXLEN', ARGV[2], ARGV[1] .. '-0', 'lost', '1')
return 1
