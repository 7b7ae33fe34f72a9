-- The states and told events of a rule that is gone.
-- keys: states of the rule, rules with states, told.  arguments: rule.
redis.call('DEL', KEYS[1], KEYS[3])
redis.call('SREM', KEYS[2], ARGV[1])
return 1
