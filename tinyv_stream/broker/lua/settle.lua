-- role: worker, operator
-- Settles the pool's settings: what stands first, holds. A server that lost them learns them again from whoever works
-- by them. KEYS: heartbeat. ARGV: version that the caller works by (0 = none; -1 only looks), who it is, a tag, names
-- and values in turn. The tag tells versions of one number apart: after lost data there may be two.
-- Returns the version, its tag, who set it, for how long nobody was heard of that works or starts (ms), then names and values.
local hb, mark = KEYS[FIRST_OTHER], 's:'
local version = tonumber(redis.call('HGET', meta, 'settings') or 0)
local now, last = now_ms(), 0
for _, ms in pairs({ redis.call('HGET', meta, 'settings_at'), redis.call('ZRANGE', hb, -1, -1, 'WITHSCORES')[2] }) do
  last = math.max(last, tonumber(ms) or 0)
end
local theirs = tonumber(ARGV[1])
if theirs >= 0 and (version == 0 or version < theirs) then
  version = math.max(1, theirs)
  redis.call('HSET', meta, 'settings', version, 'settings_by', ARGV[2], 'settings_tag', ARGV[3])
  for i = 4, #ARGV, 2 do redis.call('HSET', meta, mark .. ARGV[i], ARGV[i + 1]) end
end
local found = { version, redis.call('HGET', meta, 'settings_tag') or '', redis.call('HGET', meta, 'settings_by') or '', now - last }
local all = redis.call('HGETALL', meta)
for i = 1, #all, 2 do
  if string.sub(all[i], 1, #mark) == mark then
    found[#found + 1] = string.sub(all[i], #mark + 1)
    found[#found + 1] = all[i + 1]
  end
end
return found
