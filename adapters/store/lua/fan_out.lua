-- A2: the next page of places of an event, each with one entry at the end of its lane.
-- keys: expanded, subscribers, lane, ready, seq, body, applied, wake.
-- arguments: event id, page, now, event, its change, seconds to keep the event, seconds to keep the cursor.
if tonumber(redis.call('GET', KEYS[7]) or '0') < tonumber(ARGV[5]) then return 'wait' end
local cursor = redis.call('GET', KEYS[1])
if cursor == 'done' then return 'done' end
local from = cursor and '(' .. string.sub(cursor, 2) or '-'
local places = redis.call('ZRANGEBYLEX', KEYS[2], from, '+', 'LIMIT', 0, ARGV[2])
if #places > 0 then
  if not cursor then redis.call('SET', KEYS[6], ARGV[4], 'EX', ARGV[6]) end
  local first = redis.call('INCRBY', KEYS[5], #places) - #places
  local entries, due = {}, {}
  for i, place in ipairs(places) do
    entries[2 * i - 1], entries[2 * i] = 0, place .. ':' .. string.format('%012x', first + i) .. ':' .. ARGV[1]
    due[2 * i - 1], due[2 * i] = ARGV[3], place
  end
  redis.call('ZADD', KEYS[3], unpack(entries))
  redis.call('ZADD', KEYS[4], 'NX', unpack(due))
  redis.call('XADD', KEYS[8], 'MAXLEN', 1, '*', 'new', #places)
end
if #places < tonumber(ARGV[2]) then
  redis.call('SET', KEYS[1], 'done', 'EX', ARGV[7])
  return 'done'
end
redis.call('SET', KEYS[1], '>' .. places[#places], 'EX', ARGV[7])
return 'more'
