-- A draft away, once per update: one kept later under the same token stays.
-- keys: seen, drafts.  arguments: token, seconds to remember.
if redis.call('SET', KEYS[1], '1', 'NX', 'EX', ARGV[2]) then redis.call('HDEL', KEYS[2], ARGV[1]) end
return 1
