-- A5: how each entry of a batch ended; a success is always recorded, but it never opens a lane that a newer sender holds.
-- keys: ready, lane, infl, tries, missed, dead letters, outcomes, then body and messages of each entry.
-- arguments: place, epoch, next due, message id or '', how many expired ones it told of, ms and s to keep outcomes,
-- s to keep message ids, ms to keep dead letters, then entry, outcome and reason of each.
-- Returns how many expired ones nobody was told of, where nothing waits that could tell of them.
local lane = {'[' .. ARGV[1] .. ':', '(' .. ARGV[1] .. ';'}
local head = redis.call('ZRANGEBYLEX', KEYS[2], lane[1], lane[2], 'LIMIT', 0, 1)[1]
local flight = redis.call('HGET', KEYS[3], ARGV[1])
local held, epoch = string.match(flight or '', '^([^|]*)|%d+|(%d+)')
local function open()
  redis.call('HDEL', KEYS[3], ARGV[1])
  redis.call('HDEL', KEYS[4], ARGV[1])
  redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
end
local function untold()
  if redis.call('ZLEXCOUNT', KEYS[2], lane[1], lane[2]) > 0 then return 0 end
  return tonumber(redis.call('HGET', KEYS[5], ARGV[1]) or '0')
end
local ours = held == ARGV[10] and (epoch == '0' or epoch == ARGV[2])
if head ~= ARGV[10] then
  if ours then open() end -- somebody else finished it before us: what follows need not wait for our lease
  return untold() -- or we did, and our answer was lost
end
local now = redis.call('TIME')
local function oldest(ms) return string.format('%d', now[1] * 1000 - tonumber(ms)) end
local expired = 0
for i = 10, #ARGV, 3 do
  local entry, outcome, reason = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local body, messages = KEYS[8 + (i - 10) / 3 * 2], KEYS[9 + (i - 10) / 3 * 2]
  if redis.call('ZREM', KEYS[2], entry) == 1 then
    redis.call('XADD', KEYS[7], 'MINID', oldest(ARGV[6]), '*', 'entry', entry, 'outcome', outcome, 'reason', reason)
    if outcome == 'expired' then expired = expired + 1 end
    if outcome == 'dead' then
      local told = redis.call('GET', body) or ''
      redis.call('XADD', KEYS[6], 'MINID', oldest(ARGV[9]), '*', 'entry', entry, 'reason', reason, 'body', told)
    end
    if outcome == 'sent' and ARGV[4] ~= '' then
      redis.call('HSETNX', messages, ARGV[1], ARGV[4])
      redis.call('EXPIRE', messages, ARGV[8])
    end
  end
end
redis.call('EXPIRE', KEYS[7], ARGV[7])
local missed = redis.call('HINCRBY', KEYS[5], ARGV[1], expired - tonumber(ARGV[5]))
if missed <= 0 then redis.call('HDEL', KEYS[5], ARGV[1]) end
if not flight or ours then open() end
return untold()
