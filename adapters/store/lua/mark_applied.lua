-- The last change that a platform's lists contain; an older one changes nothing.
-- keys: applied.  arguments: number.
if tonumber(redis.call('GET', KEYS[1]) or '0') < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], ARGV[1]) end
return 1
