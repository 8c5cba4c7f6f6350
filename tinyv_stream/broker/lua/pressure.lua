-- Says how TinyV is doing. KEYS: heartbeat. ARGV: silence (ms). Returns how many entries its queue holds, waiting and
-- running, and how many of its workers were heard of since.
local heard = 0
for _, name in ipairs(redis.call('ZRANGEBYSCORE', KEYS[FIRST_OTHER], now_ms() - tonumber(ARGV[1]), '+inf')) do
  if string.sub(name, 1, 6) == 'tinyv-' then heard = heard + 1 end
end
return { redis.call('XLEN', queue.tinyv), heard }
