-- A rule under the next number of its place, once per update; the name of the quota where the place is full.
-- keys: seen, rules, numbers, places, changes.
-- arguments: place, created, marks, draft, most rules, most on every coin, changes kept, seconds to remember.
-- Returns 'rules', 'every_coin', or the number and the rule.
local known = redis.call('GET', KEYS[1])
if known then return known end
local wide = 0
for _, rule in ipairs(tonumber(ARGV[3]) >= 2 and redis.call('HVALS', KEYS[2]) or {}) do
  local _, _, _, _, marks = cmsgpack.unpack_limit(rule, 4, 1)
  if marks >= 2 then wide = wide + 1 end
end
local answer
if redis.call('HLEN', KEYS[2]) >= tonumber(ARGV[5]) then
  answer = 'rules'
elseif tonumber(ARGV[3]) >= 2 and wide >= tonumber(ARGV[6]) then
  answer = 'every_coin'
else
  local number = redis.call('HINCRBY', KEYS[3], ARGV[1], 1)
  local last = redis.call('XREVRANGE', KEYS[5], '+', '-', 'COUNT', 1)[1]
  local change = last and tonumber(string.match(last[1], '^(%d+)')) + 1 or 1
  local rule = '\149' .. cmsgpack.pack(change, 1, tonumber(ARGV[2]), tonumber(ARGV[3])) .. ARGV[4]
  redis.call('HSET', KEYS[2], number, rule)
  redis.call('SADD', KEYS[4], ARGV[1])
  local id = string.format('%d-0', change)
  redis.call('XADD', KEYS[5], 'MAXLEN', ARGV[7], id, 'id', ARGV[1] .. '/' .. number, 'rule', rule)
  answer = number .. ' ' .. rule
end
redis.call('SET', KEYS[1], answer, 'EX', ARGV[8])
return answer
