-- role: worker
-- A worker has applied the desired state: it runs that model. A server that lost the state learns it
-- again. ARGV: number, model, revision, whose settings it replaces. Returns the number that holds now.
local number = tonumber(redis.call('HGET', meta, 'desired') or 0)
if number < tonumber(ARGV[1]) then
  redis.call('HSET', meta, 'desired', ARGV[1], 'model', ARGV[2], 'revision', ARGV[3], 'over', ARGV[4], 'proven', 2)
elseif number == tonumber(ARGV[1]) and redis.call('HGET', meta, 'proven') == '0' then
  redis.call('HSET', meta, 'proven', 1)
end
return math.max(number, tonumber(ARGV[1]))
