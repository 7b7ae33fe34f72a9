-- A4: the next due lane under a lease: its head, or its first entries as one where many wait. The same call gives the
-- same answer. Where nothing is due, a few of those that wait behind all alerts enter their lanes.
-- keys: epoch, ready, lane, infl, last, tries, missed, low, seq.
-- arguments: epoch, call, now, until, how many become one from, how many at most, how many enter at once, after how
-- many ms that its turn has not come a lane is late, how many become one from then.
-- Returns {'fenced'}, {'idle', due or ''}, or {'go', place, ambiguous, tries, missed, first claimed at, entry, ...}.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return {'fenced'} end
local stamp = ARGV[1] .. ':' .. ARGV[2]
local last = redis.call('HMGET', KEYS[5], 'stamp', 'answer')
if last[1] == stamp then return cmsgpack.unpack(last[2]) end

local function enter()
  local low = redis.call('ZRANGE', KEYS[8], 0, tonumber(ARGV[7]) - 1)
  for _, waiting in ipairs(low) do
    local place, id = string.match(waiting, '^(.*):([^:]*)$')
    local seq = string.format('%012x', redis.call('INCR', KEYS[9]))
    redis.call('ZREM', KEYS[8], waiting)
    redis.call('ZADD', KEYS[3], 0, place .. ':' .. seq .. ':' .. id)
    redis.call('ZADD', KEYS[2], 'NX', ARGV[3], place)
  end
  return #low > 0
end

local answer, entered
while not answer do
  local place, due = unpack(redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES'))
  if not place or tonumber(due) > tonumber(ARGV[3]) then
    if entered or not enter() then answer = {'idle', due or ''} end
    entered = true
  else
    local range = {'[' .. place .. ':', '(' .. place .. ';'}
    local queue = redis.call('ZRANGEBYLEX', KEYS[3], range[1], range[2], 'LIMIT', 0, ARGV[6])
    local tries = redis.call('HGET', KEYS[6], place) or '0'
    if #queue == 0 then
      redis.call('ZREM', KEYS[2], place)
      redis.call('HDEL', KEYS[4], place)
      redis.call('HDEL', KEYS[6], place)
    else
      local ambiguous, many, since = 0, 1, ARGV[3]
      local least = tonumber(ARGV[3]) - tonumber(due) > tonumber(ARGV[8]) and ARGV[9] or ARGV[5]
      if #queue >= tonumber(least) and tries == '0' then many = #queue end
      local flight = redis.call('HGET', KEYS[4], place) or ''
      local head, count, epoch, size, began = string.match(flight, '^([^|]*)|(%d+)|(%d+)|?(%d*)|?(%d*)$')
      if head == queue[1] then
        ambiguous = tonumber(count) + (epoch ~= '0' and 1 or 0)
        if began ~= '' then since = began end
      end
      if ambiguous > 0 then many = tonumber(size) or 1 end
      redis.call('ZADD', KEYS[2], ARGV[4], place)
      redis.call('HSET', KEYS[4], place, table.concat({queue[1], ambiguous, ARGV[1], many, since}, '|'))
      local missed = redis.call('HGET', KEYS[7], place) or '0'
      answer = {'go', place, tostring(ambiguous), tries, missed, since, unpack(queue, 1, math.min(many, #queue))}
    end
  end
end
-- Nothing was taken where it is idle: asking again is harmless, and a quiet sender writes nothing.
if answer[1] == 'go' then redis.call('HSET', KEYS[5], 'stamp', stamp, 'answer', cmsgpack.pack(answer)) end
return answer
