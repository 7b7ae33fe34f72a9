-- What a venue says is spent in this window; the larger number counts.
-- keys: spent.  arguments: weight, number of the window, seconds to keep it.
local number, spent = string.match(redis.call('GET', KEYS[1]) or '', '^(%d+) (%d+)$')
if number ~= ARGV[2] then spent = '0' end
if tonumber(ARGV[1]) > tonumber(spent) then spent = ARGV[1] end
redis.call('SET', KEYS[1], ARGV[2] .. ' ' .. spent, 'EX', ARGV[3])
return 1
