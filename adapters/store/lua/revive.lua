-- A dead letter back at the end of its lane, marked so that it does not expire; asked again it changes nothing.
-- keys: dead letters, lane, ready, seq, body, wake.  arguments: number of the letter, place, alert id, now, s to keep the body.
-- Returns 1, or 0 where there is no such letter any more.
local letter = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])[1]
if not letter then return 0 end
for i = 1, #letter[2], 2 do
  if letter[2][i] == 'body' and letter[2][i + 1] ~= '' then
    redis.call('SET', KEYS[5], letter[2][i + 1], 'EX', ARGV[5])
  end
end
redis.call('XDEL', KEYS[1], ARGV[1])
local seq = string.format('%012x', redis.call('INCR', KEYS[4]))
redis.call('ZADD', KEYS[2], 0, ARGV[2] .. ':' .. seq .. 'r:' .. ARGV[3])
redis.call('ZADD', KEYS[3], 'NX', ARGV[4], ARGV[2])
redis.call('XADD', KEYS[6], 'MAXLEN', 1, '*', 'new', 1)
return 1
