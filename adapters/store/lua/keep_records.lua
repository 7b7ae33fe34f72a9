-- What followed a question, in place of what was kept of it before.
-- keys: records of the question.  arguments: how long in ms, coin, records, and so on.
redis.call('DEL', KEYS[1])
for i = 2, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
if #ARGV > 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return 1
