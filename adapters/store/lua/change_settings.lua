-- Some of what a place asks for, once per update; 0 where any of it is no longer as it was read.
-- keys: seen, settings.  arguments: seconds to remember, then for each field its name, old value or '', new value.
if redis.call('EXISTS', KEYS[1]) == 1 then return 1 end
for at = 2, #ARGV, 3 do
  if (redis.call('HGET', KEYS[2], ARGV[at]) or '') ~= ARGV[at + 1] then return 0 end
end
for at = 2, #ARGV, 3 do redis.call('HSET', KEYS[2], ARGV[at], ARGV[at + 2]) end
redis.call('SET', KEYS[1], '1', 'EX', ARGV[1])
return 1
