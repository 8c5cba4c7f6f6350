-- role: worker, operator
-- Somebody starts to work by the settings; until its first heartbeat this stands for one. ARGV: version, the model that
-- it found for `auto` as JSON ('' = none). Returns 1, or 0 where the settings are others by now, and the pool's model.
if ARGV[1] ~= redis.call('HGET', meta, 'settings') then return { 0, '' } end
redis.call('HSET', meta, 'settings_at', now_ms())
if ARGV[2] ~= '' and redis.call('HGET', meta, 's:tinyv.model') == '"auto"' then
  redis.call('HSET', meta, 's:tinyv.model', ARGV[2])
end
return { 1, redis.call('HGET', meta, 's:tinyv.model') or '' }
