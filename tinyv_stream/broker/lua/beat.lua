-- role: worker
-- A worker says that it is there; those silent for longer are forgotten, once nothing is leased to them any more.
-- KEYS: heartbeat, workers. ARGV: worker, what it says of itself, silence (ms), its host. Returns the version of the
-- pool's settings (0 = none), its tag, and 1 if the host is to be drained.
local hb, workers = KEYS[FIRST_OTHER], KEYS[FIRST_OTHER + 1]
local now = now_ms()
redis.call('ZADD', hb, now, ARGV[1])
redis.call('HSET', workers, ARGV[1], ARGV[2])
-- Who beat while the clock stood ahead for a moment would count as alive for so long.
for _, name in ipairs(redis.call('ZRANGEBYSCORE', hb, '(' .. now + 1000, '+inf')) do redis.call('ZADD', hb, now, name) end
for _, name in ipairs(redis.call('ZRANGEBYSCORE', hb, '-inf', now - tonumber(ARGV[3]), 'LIMIT', 0, 100)) do
  local holds = false
  for _, q in pairs(queue) do
    local pending = redis.pcall('XPENDING', q, GROUP, '-', '+', 1, name)
    if pending[1] then holds = true end
  end
  if not holds then
    for _, q in pairs(queue) do redis.pcall('XGROUP', 'DELCONSUMER', q, GROUP, name) end
    redis.call('ZREM', hb, name)
    redis.call('HDEL', workers, name)
  end
end
local version, tag, mark = unpack(redis.call('HMGET', meta, 'settings', 'settings_tag', 'drain:' .. ARGV[4]))
return { tonumber(version or 0), tag or '', string.match(mark or '', '^%d+ 1 ') and 1 or 0 }
