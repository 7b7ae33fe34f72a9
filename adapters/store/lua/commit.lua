-- A1: state and event in one atom, if the rule is not newer, the version is the expected one, nothing newer is judged.
-- keys: states of the rule, rules with states, events, told, fires, judged, floor, alerts of the place, followed.
-- arguments: track, rule, revision, expected version, at, event id or '', state or '' at rest, event, 1 where people
-- are told, 1 where it fires, age to keep in ms, fires kept, 1 where it is looked back at; where it fires the episode, the
-- alert as it is kept, its name among the followed, and when it is to be looked at.
local revision, expected, at = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local floor = redis.call('GET', KEYS[7])
if floor and (floor == 'gone' or revision < tonumber(floor)) then return 'old' end
local version, last, id = 0, -1, ''
local stored = redis.call('HGET', KEYS[1], ARGV[1])
if stored then
  local _, of, as, when, event = cmsgpack.unpack_limit(stored, 4, 1)
  if of > revision then return 'old' end
  if of == revision then version, last, id = as, when, event end
end
if at == last and version == expected + 1 and id == ARGV[6] then return 'already' end
if version == 0 and expected > 0 and ARGV[7] == '' then return 'already' end
if at <= last or at <= tonumber(redis.call('GET', KEYS[6]) or '-1') then return 'old' end
if version ~= expected then return 'conflict' end
if ARGV[7] ~= '' then
  redis.call('HSET', KEYS[1], ARGV[1], '\149' .. cmsgpack.pack(revision, expected + 1, at, ARGV[6]) .. ARGV[7])
  redis.call('SADD', KEYS[2], ARGV[2])
elseif redis.call('HDEL', KEYS[1], ARGV[1]) == 1 and redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('SREM', KEYS[2], ARGV[2])
end
if ARGV[6] ~= '' then
  local now = redis.call('TIME')
  local oldest = string.format('%d', now[1] * 1000 - tonumber(ARGV[11]))
  if ARGV[13] == '1' then redis.call('XADD', KEYS[4], 'MINID', oldest, '*', 'e', ARGV[8]) end
  if ARGV[9] == '1' then redis.call('XADD', KEYS[3], '*', 'e', ARGV[8]) end
  if ARGV[10] == '1' then
    redis.call('RPUSH', KEYS[5], string.format('%d', at / 1000))
    redis.call('LTRIM', KEYS[5], -tonumber(ARGV[12]), -1)
    redis.call('PEXPIRE', KEYS[5], ARGV[11])
    redis.call('HSET', KEYS[8], ARGV[14], ARGV[15])
    redis.call('ZADD', KEYS[9], ARGV[17], ARGV[16])
  end
end
return 'ok'
