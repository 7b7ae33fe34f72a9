-- A field of a hash in its new form, if it still has the old one.
-- keys: hash.  arguments: field, old, new.
if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then redis.call('HSET', KEYS[1], ARGV[1], ARGV[3]) end
return 1
