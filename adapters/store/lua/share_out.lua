-- The coins shared out to another number of parts, which all begin where the former ones left; asked again it changes
-- nothing, for then there are not so many as before any more.
-- keys: parts, then judged and mark of each new part.  arguments: parts before, parts now, at or '', mark.
if (redis.call('GET', KEYS[1]) or '1') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
for i = 2, #KEYS, 2 do
  if ARGV[3] == '' then
    redis.call('DEL', KEYS[i], KEYS[i + 1])
  else
    redis.call('SET', KEYS[i], ARGV[3])
    redis.call('SET', KEYS[i + 1], ARGV[4])
  end
end
return 1
