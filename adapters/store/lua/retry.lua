-- A6: the entry back with a time; the count of ambiguous tries stays when a later one fails for certain.
-- keys: ready, lane, infl, tries, outcomes.
-- arguments: place, entry, epoch, ambiguous, not before, 1 if ambiguous now, tries, 1 if it must die, age of outcomes in ms.
if redis.call('HGET', KEYS[3], ARGV[1]) ~= ARGV[2] .. '|' .. ARGV[4] .. '|' .. ARGV[3] then return '' end
redis.call('ZADD', KEYS[1], ARGV[5], ARGV[1])
if ARGV[8] == '1' then
  local now = redis.call('TIME')
  local oldest = string.format('%d', now[1] * 1000 - tonumber(ARGV[9]))
  redis.call('ZREM', KEYS[2], ARGV[2])
  redis.call('XADD', KEYS[5], 'MINID', oldest, '*', 'entry', ARGV[2], 'outcome', 'dead', 'reason', 'refused too often')
  redis.call('HDEL', KEYS[3], ARGV[1])
  redis.call('HDEL', KEYS[4], ARGV[1])
  return 'dead'
end
redis.call('HSET', KEYS[3], ARGV[1], ARGV[2] .. '|' .. string.format('%d', ARGV[4] + ARGV[6]) .. '|0')
redis.call('HSET', KEYS[4], ARGV[1], ARGV[7])
return ''
