-- A draft under its token; those that have ended are dropped first. 0 where the place has as many as it may have.
-- keys: drafts.  arguments: token, draft, ends, now, most, seconds to keep.  A draft is stored behind its end.
local drafts = redis.call('HGETALL', KEYS[1])
local others = 0
for i = 1, #drafts, 2 do
  if tonumber(string.match(drafts[i + 1], '^(%d+) ')) <= tonumber(ARGV[4]) then
    redis.call('HDEL', KEYS[1], drafts[i])
  elseif drafts[i] ~= ARGV[1] then
    others = others + 1
  end
end
if others >= tonumber(ARGV[5]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3] .. ' ' .. ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[6])
return 1
