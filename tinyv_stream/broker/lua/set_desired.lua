-- role: trainer, operator
-- Sets the model for TinyV's workers. ARGV: model ('' = as configured), revision, whose settings it replaces.
-- Returns the number of the desired state. What to go back to is the last model that a worker has run.
local model, revision, proven, over = unpack(redis.call('HMGET', meta, 'model', 'revision', 'proven', 'over'))
if proven ~= '0' then
  redis.call('HSET', meta, 'model_before', model or '', 'revision_before', revision or '', 'over_before', over or '')
end
redis.call('HSET', meta, 'model', ARGV[1], 'revision', ARGV[2], 'over', ARGV[3], 'proven', 0)
return redis.call('HINCRBY', meta, 'desired', 1)
