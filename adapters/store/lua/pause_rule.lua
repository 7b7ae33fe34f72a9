-- A rule that is not judged, or judged anew, once per update; nothing changes where it stands so already.
-- keys: seen, rules, changes.  arguments: number, id, 1 if paused, created, changes kept, seconds to remember.
-- Returns 'gone', or 'saved' with the rule.
local known = redis.call('GET', KEYS[1])
if known then return known end
local answer = 'gone'
local rule = redis.call('HGET', KEYS[2], ARGV[1])
if rule then
  local draft, _, revision, _, marks = cmsgpack.unpack_limit(rule, 4, 1)
  local paused = tonumber(ARGV[3])
  if marks % 2 ~= paused then
    local last = redis.call('XREVRANGE', KEYS[3], '+', '-', 'COUNT', 1)[1]
    local change = tonumber(string.match(last[1], '^(%d+)')) + 1
    local head = cmsgpack.pack(change, revision + 1, tonumber(ARGV[4]), marks - marks % 2 + paused)
    rule = '\149' .. head .. string.sub(rule, draft + 1)
    redis.call('HSET', KEYS[2], ARGV[1], rule)
    redis.call('XADD', KEYS[3], 'MAXLEN', ARGV[5], string.format('%d-0', change), 'id', ARGV[2], 'rule', rule)
  end
  answer = 'saved ' .. rule
end
redis.call('SET', KEYS[1], answer, 'EX', ARGV[6])
return answer
