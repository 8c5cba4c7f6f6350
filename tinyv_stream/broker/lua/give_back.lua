-- Returns untouched work to its queue, at once claimable and with no delivery counted. ARGV: stage, consumer, entries.
local stage, given = ARGV[1], 0
for i = 3, #ARGV do
  local entry = ARGV[i]
  local mine = redis.call('XPENDING', queue[stage], GROUP, entry, entry, 1, ARGV[2])
  local found = mine[1] and redis.call('XRANGE', queue[stage], entry, entry)
  if found and found[1] then
    local f = found[1][2]
    local uid, ckey = f[2], f[6]
    local place = redis.call('HGET', at, uid) or ''
    drop(stage, entry)
    if string.match(place, '^%S+ (%S+)') == entry then
      enqueue(stage, uid, f[4], ckey, string.match(place, '^%S+ %S+ (%S+)$') ~= nil)
      given = given + 1
    end
  end
end
return given
