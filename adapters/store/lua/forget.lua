-- The states of a rule's older revisions, which cannot act any more; all that is kept of it where it is gone.
-- keys: states of the rule, rules with states, told, fires, floor.
-- arguments: rule, revision or 'gone', seconds to remember.
if ARGV[2] == 'gone' then
  redis.call('DEL', KEYS[1], KEYS[3], KEYS[4])
else
  local states = redis.call('HGETALL', KEYS[1])
  for i = 1, #states, 2 do
    local _, revision = cmsgpack.unpack_limit(states[i + 1], 1, 1)
    if revision < tonumber(ARGV[2]) then redis.call('HDEL', KEYS[1], states[i]) end
  end
end
if redis.call('EXISTS', KEYS[1]) == 0 then redis.call('SREM', KEYS[2], ARGV[1]) end
local floor = redis.call('GET', KEYS[5])
if ARGV[2] == 'gone' or not floor or (floor ~= 'gone' and tonumber(floor) < tonumber(ARGV[2])) then
  redis.call('SET', KEYS[5], ARGV[2], 'EX', ARGV[3])
end
return 1
