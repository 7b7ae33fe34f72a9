-- What a venue says is spent in a window; a smaller number than ours changes nothing.
-- keys: spent in the window.  arguments: weight, ms to keep.
local spent = tonumber(redis.call('GET', KEYS[1]) or '0')
if tonumber(ARGV[1]) > spent then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
return 1
