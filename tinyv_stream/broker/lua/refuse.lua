-- role: trainer, worker, operator
-- A desired state cannot be applied: everyone goes back to the model before it. ARGV: number, who, why, 1 to refuse it
-- only while nobody runs it. 1 refused; 0 it does not hold (any more); 2 it is itself a way back: nothing is left.
local kept = { 'desired', 'proven', 'model_before', 'revision_before', 'over_before' }
local number, proven, model, revision, over = unpack(redis.call('HMGET', meta, unpack(kept)))
if number ~= ARGV[1] or (ARGV[4] == '1' and proven ~= '0') then return 0 end
if proven == '2' then return 2 end
redis.call('HSET', meta, 'model', model or '', 'revision', revision or '', 'over', over or '', 'proven', 2)
redis.call('HSET', meta, 'refused', ARGV[1], 'refused_by', ARGV[2], 'reason', ARGV[3])
redis.call('HINCRBY', meta, 'desired', 1)
return 1
