-- A stream written anew: what is only deleted from one stays in its bytes. Its last id stays, so that none comes twice.
-- keys: stream.  arguments: the first entry that stays, name of a mark or '', then entries that do not stay.
-- The mark takes the next whole number where no other entry stays: readers of numbered entries count them.
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
if not last then return 0 end
local gone, stays, said = {}, false, redis.call('XINFO', 'STREAM', KEYS[1])
for i = 3, #ARGV do gone[ARGV[i]] = true end
local rest = redis.call('XRANGE', KEYS[1], ARGV[1], '+')
redis.call('DEL', KEYS[1])
for _, entry in ipairs(rest) do
  if not gone[entry[1]] then
    redis.call('XADD', KEYS[1], entry[1], unpack(entry[2]))
    stays = true
  end
end
if ARGV[2] == '' then
  for i = 1, #said, 2 do
    if said[i] == 'last-generated-id' and (not stays or gone[last[1]] or said[i + 1] ~= last[1]) then
      redis.call('XADD', KEYS[1], said[i + 1], 'erased', '')
      redis.call('XDEL', KEYS[1], said[i + 1])
    end
  end
elseif not stays then
  redis.call('XADD', KEYS[1], string.format('%d-0', tonumber(string.match(last[1], '^(%d+)')) + 1), ARGV[2], '')
end
return 1
