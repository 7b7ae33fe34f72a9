-- What a place asks for, once per update.
-- keys: seen, settings.  arguments: settings, seconds to remember.
if redis.call('SET', KEYS[1], '1', 'NX', 'EX', ARGV[2]) then
  redis.call('SET', KEYS[2], ARGV[1])
end
return 1
