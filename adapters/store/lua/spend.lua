-- Weight out of the present window of a bucket, unless it is used up or blocked; returns when to ask again, or 0.
-- keys: spent, then blocks.  arguments: weight, most, number of the window, its end, now, seconds to keep it.
local until_ = 0
for i = 2, #KEYS do
  local ends = tonumber(redis.call('GET', KEYS[i]) or '0')
  if ends > tonumber(ARGV[5]) and ends > until_ then until_ = ends end
end
if until_ > 0 then return until_ end
local number, spent = string.match(redis.call('GET', KEYS[1]) or '', '^(%d+) (%d+)$')
if number ~= ARGV[3] then spent = '0' end
if tonumber(spent) + tonumber(ARGV[1]) > tonumber(ARGV[2]) then return tonumber(ARGV[4]) end
redis.call('SET', KEYS[1], ARGV[3] .. ' ' .. (tonumber(spent) + tonumber(ARGV[1])), 'EX', ARGV[6])
return 0
