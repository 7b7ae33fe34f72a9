-- The coins that a place watches, once per update; 'full' where they are too many, 'moved' where others were watched.
-- keys: seen, watchlists, changes.  arguments: place, coins, how many, most, changes kept, seconds to remember,
-- coins before.
local known = redis.call('GET', KEYS[1])
if known then return known end
local before = redis.call('HGET', KEYS[2], ARGV[1]) or ''
if before ~= ARGV[7] then return 'moved' end
local answer = 'full'
if tonumber(ARGV[3]) <= tonumber(ARGV[4]) then
  if ARGV[2] == '' then
    redis.call('HDEL', KEYS[2], ARGV[1])
  else
    redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
  end
  local last = redis.call('XREVRANGE', KEYS[3], '+', '-', 'COUNT', 1)[1]
  local change = last and tonumber(string.match(last[1], '^(%d+)')) + 1 or 1
  local id = string.format('%d-0', change)
  redis.call('XADD', KEYS[3], 'MAXLEN', ARGV[5], id, 'place', ARGV[1], 'before', before, 'coins', ARGV[2])
  answer = 'ok ' .. ARGV[2]
end
redis.call('SET', KEYS[1], answer, 'EX', ARGV[6])
return answer
