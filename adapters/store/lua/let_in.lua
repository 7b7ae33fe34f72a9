-- A name into one set and out of the other.
-- keys: into, out of.  arguments: name.
redis.call('SADD', KEYS[1], ARGV[1])
redis.call('SREM', KEYS[2], ARGV[1])
return 1
