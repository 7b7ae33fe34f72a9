-- The weight out of a bucket's window, where nothing is blocked and no more than the most is spent.
-- Asked twice it is taken twice: too much is counted rather than too little.
-- keys: spent in the window, then the blocks that hold.  arguments: weight, most, now, end of the window, ms to keep.
-- Returns '', or when to ask again.
local again = 0
for i = 2, #KEYS do
  local ends = tonumber(redis.call('GET', KEYS[i]) or '0')
  if ends > tonumber(ARGV[3]) then again = math.max(again, ends) end
end
local spent = tonumber(redis.call('GET', KEYS[1]) or '0') + tonumber(ARGV[1])
if spent > tonumber(ARGV[2]) then again = math.max(again, tonumber(ARGV[4])) end
if again > 0 then return string.format('%d', again) end
redis.call('SET', KEYS[1], string.format('%d', spent), 'PX', ARGV[5])
return ''
