-- What a rule says, once per update, if it has the expected revision; a paused one stays paused.
-- keys: seen, rules, changes.
-- arguments: number, id, revision, created, marks, draft, most on every coin, changes kept, seconds to remember.
-- Returns 'gone', 'every_coin', 'moved' with the rule as it is, or 'saved' with the rule.
local known = redis.call('GET', KEYS[1])
if known then return known end
local function head(rule) return select(2, cmsgpack.unpack_limit(rule, 4, 1)) end
local answer
local stored = redis.call('HGET', KEYS[2], ARGV[1])
if not stored then
  answer = 'gone'
else
  local _, revision, _, marks = head(stored)
  local wide = 0
  if tonumber(ARGV[5]) >= 2 and marks < 2 then
    for _, rule in ipairs(redis.call('HVALS', KEYS[2])) do
      if select(4, head(rule)) >= 2 then wide = wide + 1 end
    end
  end
  if revision ~= tonumber(ARGV[3]) then
    answer = 'moved ' .. stored
  elseif tonumber(ARGV[5]) >= 2 and marks < 2 and wide >= tonumber(ARGV[7]) then
    answer = 'every_coin'
  else
    local last = redis.call('XREVRANGE', KEYS[3], '+', '-', 'COUNT', 1)[1]
    local change = tonumber(string.match(last[1], '^(%d+)')) + 1
    local head = cmsgpack.pack(change, revision + 1, tonumber(ARGV[4]), marks % 2 + tonumber(ARGV[5]))
    local rule = '\149' .. head .. ARGV[6]
    redis.call('HSET', KEYS[2], ARGV[1], rule)
    redis.call('XADD', KEYS[3], 'MAXLEN', ARGV[8], string.format('%d-0', change), 'id', ARGV[2], 'rule', rule)
    answer = 'saved ' .. rule
  end
end
redis.call('SET', KEYS[1], answer, 'EX', ARGV[9])
return answer
