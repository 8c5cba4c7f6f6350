-- role: worker
-- Says how TinyV is doing. KEYS: heartbeat, workers. ARGV: silence (ms). Returns how many entries its queue holds,
-- waiting and running, and how many of its workers that were heard of since judge, or pause on purpose. One that
-- starts is no capacity yet, and one that drains or waits on a drained host takes nothing.
local hb, workers = KEYS[FIRST_OTHER], KEYS[FIRST_OTHER + 1]
local no_help = { new = true, starting = true, draining = true, drained = true }
local able, mark = 0, STAGE.tinyv .. '-'
for _, name in ipairs(redis.call('ZRANGEBYSCORE', hb, now_ms() - tonumber(ARGV[1]), '+inf')) do
  if string.sub(name, 1, #mark) == mark then
    local is_read, about = pcall(cjson.decode, redis.call('HGET', workers, name) or '')
    if is_read and not no_help[about['state']] then able = able + 1 end
  end
end
return { redis.call('XLEN', queue[STAGE.tinyv]), able }
