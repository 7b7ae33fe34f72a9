-- All is migrated: changes in the old form are let go behind a mark, so that who has not read them loads again.
-- keys: schema, changes.  arguments: old version, new version.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
local last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)[1]
if last then
  local change = string.format('%d-0', tonumber(string.match(last[1], '^(%d+)')) + 1)
  redis.call('XADD', KEYS[2], 'MAXLEN', 1, change, 'schema', ARGV[2])
end
redis.call('SET', KEYS[1], ARGV[2])
return 1
