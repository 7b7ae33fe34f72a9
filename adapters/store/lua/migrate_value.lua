-- A value in its new form, if it still has the old one.
-- keys: value.  arguments: old, new.
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('SET', KEYS[1], ARGV[2]) end
return 1
