-- A1: state and event in one atom, if the version is the expected one and the data are newer.
-- keys: states of the rule, rules with states, events, told.
-- arguments: coin, rule, expected version, at, event id or '', state, event, age to keep in ms.
local stored = redis.call('HGET', KEYS[1], ARGV[1])
local version, at, id = '0', '-1', ''
if stored then version, at, id = string.match(stored, '^(%d+) (%d+) ([^ ]*) ') end
local expected = tonumber(ARGV[3])
if ARGV[4] == at and tonumber(version) == expected + 1 and id == ARGV[5] then return 'already' end
if tonumber(ARGV[4]) <= tonumber(at) then return 'old' end
if tonumber(version) ~= expected then return 'conflict' end
local head = string.format('%d', expected + 1) .. ' ' .. ARGV[4] .. ' ' .. ARGV[5] .. ' '
redis.call('HSET', KEYS[1], ARGV[1], head .. ARGV[6])
redis.call('SADD', KEYS[2], ARGV[2])
if ARGV[5] ~= '' then
  redis.call('XADD', KEYS[3], '*', 'e', ARGV[7])
  local now = redis.call('TIME')
  local oldest = string.format('%d', now[1] * 1000 - tonumber(ARGV[8]))
  redis.call('XADD', KEYS[4], 'MINID', oldest, '*', 'e', ARGV[7])
end
return 'ok'
