-- role: trainer, worker, operator
-- An order cannot be followed: everyone goes back to what was run before it. ARGV: number, who, why, 1 to refuse it
-- only while nobody runs it. 1 refused; 0 not (no longer) this order's turn; 2 it is itself a way back: nothing is left.
local kept = { 'order', 'proven', 'model_before', 'revision_before', 'over_before' }
local number, proven, model, revision, over = unpack(redis.call('HMGET', meta, unpack(kept)))
if number ~= ARGV[1] or (ARGV[4] == '1' and proven ~= '0') then return 0 end
if proven == '2' then return 2 end
redis.call('HSET', meta, 'model', model or '', 'revision', revision or '', 'over', over or '', 'proven', 2)
redis.call('HSET', meta, 'refused', ARGV[1], 'refused_by', ARGV[2], 'reason', ARGV[3])
redis.call('HINCRBY', meta, 'order', 1)
return 1
