-- One rule change into the platform's own list, in order.
-- keys: applied, subscribers.  arguments: number, place id, or '' where the rule is gone, or '-' where it is another platform's.
if tonumber(ARGV[1]) <= tonumber(redis.call('GET', KEYS[1]) or '0') then return 0 end
if ARGV[2] == '' then
  redis.call('DEL', KEYS[2])
elseif ARGV[2] ~= '-' then
  redis.call('ZADD', KEYS[2], 0, ARGV[2])
end
redis.call('SET', KEYS[1], ARGV[1])
return 1
