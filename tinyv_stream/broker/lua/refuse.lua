-- An order cannot be followed: everyone goes back to what was run before it. ARGV: number, who, why, 1 to refuse it
-- only while nobody runs it. 1 refused; 0 not (no longer) this order's turn; 2 it is itself a way back: nothing is left.
local got = redis.call('HMGET', meta, 'order', 'proven', 'model_before', 'revision_before', 'over_before')
if got[1] ~= ARGV[1] or (ARGV[4] == '1' and got[2] ~= '0') then return 0 end
if got[2] == '2' then return 2 end
redis.call('HSET', meta, 'model', got[3] or '', 'revision', got[4] or '', 'over', got[5] or '', 'proven', 2)
redis.call('HSET', meta, 'refused', ARGV[1], 'refused_by', ARGV[2], 'reason', ARGV[3])
redis.call('HINCRBY', meta, 'order', 1)
return 1
