-- role: worker, operator
-- Sets pool settings in place of a known version. KEYS: heartbeat. ARGV: that version, who changes them, the new tag, how
-- long nobody may have been heard of that works or starts (ms; 0 = that does not matter), then names and values.
-- Returns the new version; 0 where another change was first, -1 where somebody works.
local hb = KEYS[FIRST_OTHER]
if tonumber(redis.call('HGET', meta, 'settings') or 0) ~= tonumber(ARGV[1]) then return 0 end
local silence, now = tonumber(ARGV[4]), now_ms()
if silence > 0 then
  for _, ms in pairs({ redis.call('HGET', meta, 'settings_at'), redis.call('ZRANGE', hb, -1, -1, 'WITHSCORES')[2] }) do
    if now - (tonumber(ms) or 0) < silence then return -1 end
  end
end
for i = 5, #ARGV, 2 do redis.call('HSET', meta, 's:' .. ARGV[i], ARGV[i + 1]) end
redis.call('HSET', meta, 'settings_by', ARGV[2], 'settings_tag', ARGV[3])
return redis.call('HINCRBY', meta, 'settings', 1)
