-- A4: the head of the next due lane, under a lease. The same call gives the same answer.
-- keys: epoch, ready, lane, infl, last, tries.  arguments: epoch, call, now, until.
-- Returns {'fenced'}, {'idle', due or ''}, or {'go', place, entry, ambiguous, tries}.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return {'fenced'} end
local stamp = ARGV[1] .. ':' .. ARGV[2]
local last = redis.call('HMGET', KEYS[5], 'stamp', 'answer')
if last[1] == stamp then return cmsgpack.unpack(last[2]) end
local answer
while not answer do
  local place, due = unpack(redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES'))
  if not place then
    answer = {'idle', ''}
  elseif tonumber(due) > tonumber(ARGV[3]) then
    answer = {'idle', due}
  else
    local entry = redis.call('ZRANGEBYLEX', KEYS[3], '[' .. place .. ':', '(' .. place .. ';', 'LIMIT', 0, 1)[1]
    if not entry then
      redis.call('ZREM', KEYS[2], place)
      redis.call('HDEL', KEYS[4], place)
      redis.call('HDEL', KEYS[6], place)
    else
      local ambiguous = 0
      local head, count, epoch = string.match(redis.call('HGET', KEYS[4], place) or '', '^(.*)|(%d+)|(%d+)$')
      if head == entry then ambiguous = tonumber(count) + (epoch ~= '0' and 1 or 0) end
      redis.call('ZADD', KEYS[2], ARGV[4], place)
      redis.call('HSET', KEYS[4], place, entry .. '|' .. ambiguous .. '|' .. ARGV[1])
      answer = {'go', place, entry, tostring(ambiguous), redis.call('HGET', KEYS[6], place) or '0'}
    end
  end
end
-- Nothing was taken where it is idle: asking again is harmless, and a quiet sender writes nothing.
if answer[1] == 'go' then redis.call('HSET', KEYS[5], 'stamp', stamp, 'answer', cmsgpack.pack(answer)) end
return answer
