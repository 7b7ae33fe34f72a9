-- A6: the batch back with a time; the count of ambiguous tries stays when a later one fails for certain.
-- keys: ready, lane, infl, tries, dead letters, outcomes, then the body of each entry.
-- arguments: place, epoch, ambiguous, size of the batch, not before, 1 if ambiguous now, tries, 1 if it must die, why,
-- ms and s to keep outcomes, ms to keep dead letters, when it was claimed first, then the entries.
local flight = redis.call('HGET', KEYS[3], ARGV[1])
if flight ~= table.concat({ARGV[14], ARGV[3], ARGV[2], ARGV[4], ARGV[13]}, '|') then return '' end
redis.call('ZADD', KEYS[1], ARGV[5], ARGV[1])
if ARGV[8] == '1' then
  local now = redis.call('TIME')
  local function oldest(ms) return string.format('%d', now[1] * 1000 - tonumber(ms)) end
  for i = 14, #ARGV do
    if redis.call('ZREM', KEYS[2], ARGV[i]) == 1 then
      local told = redis.call('GET', KEYS[7 + i - 14]) or ''
      local how = {'entry', ARGV[i], 'outcome', 'dead', 'reason', ARGV[9]}
      redis.call('XADD', KEYS[6], 'MINID', oldest(ARGV[10]), '*', unpack(how))
      redis.call('XADD', KEYS[5], 'MINID', oldest(ARGV[12]), '*', 'entry', ARGV[i], 'reason', ARGV[9], 'body', told)
    end
  end
  redis.call('EXPIRE', KEYS[6], ARGV[11])
  redis.call('HDEL', KEYS[3], ARGV[1])
  redis.call('HDEL', KEYS[4], ARGV[1])
  return 'dead'
end
local again = string.format('%d', ARGV[3] + ARGV[6])
redis.call('HSET', KEYS[3], ARGV[1], table.concat({ARGV[14], again, '0', ARGV[4], ARGV[13]}, '|'))
redis.call('HSET', KEYS[4], ARGV[1], ARGV[7])
return ''
