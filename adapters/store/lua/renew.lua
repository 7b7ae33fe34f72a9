-- Go on leading, or give the lead away: only for the epoch and owner that have it.
-- keys: leader, epoch.  arguments: owner, epoch, until, or '' to give it away.
if redis.call('GET', KEYS[2]) ~= ARGV[2] or redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
if ARGV[3] == '' then
  redis.call('DEL', KEYS[1])
else
  redis.call('HSET', KEYS[1], 'until', ARGV[3])
end
return 1
