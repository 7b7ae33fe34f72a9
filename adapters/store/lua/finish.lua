-- A5: how the entry ended; a success is always recorded, but it never opens a lane that a newer sender holds.
-- keys: ready, lane, infl, tries, outcomes, messages.
-- arguments: place, entry, epoch, next due, outcome, reason, message id or '', seconds to keep message ids, age of outcomes in ms.
local head = redis.call('ZRANGEBYLEX', KEYS[2], '[' .. ARGV[1] .. ':', '(' .. ARGV[1] .. ';', 'LIMIT', 0, 1)[1]
if head ~= ARGV[2] then return 0 end
redis.call('ZREM', KEYS[2], head)
local now = redis.call('TIME')
local oldest = string.format('%d', now[1] * 1000 - tonumber(ARGV[9]))
redis.call('XADD', KEYS[5], 'MINID', oldest, '*', 'entry', head, 'outcome', ARGV[5], 'reason', ARGV[6])
if ARGV[7] ~= '' then
  redis.call('HSETNX', KEYS[6], ARGV[1], ARGV[7])
  redis.call('EXPIRE', KEYS[6], ARGV[8])
end
local flight = redis.call('HGET', KEYS[3], ARGV[1])
local held, _, epoch = string.match(flight or '', '^(.*)|(%d+)|(%d+)$')
if not flight or (held == head and (epoch == '0' or epoch == ARGV[3])) then
  redis.call('HDEL', KEYS[3], ARGV[1])
  redis.call('HDEL', KEYS[4], ARGV[1])
  redis.call('ZADD', KEYS[1], ARGV[4], ARGV[1])
end
return 1
