-- role: trainer, worker, operator
-- Returns the desired state of TinyV's workers: number, model ('' = as configured), revision, whose settings it
-- replaces, 0 if nobody has run it yet, sleep that is left (ms), number of the last refused one, by whom, why.
local names = { 'desired', 'model', 'revision', 'over', 'proven', 'asleep_until', 'refused', 'refused_by', 'reason' }
local got = redis.call('HMGET', meta, unpack(names))
for i, name in ipairs(names) do
  got[i] = got[i] or ''
  if name == 'asleep_until' then got[i] = math.max(0, (tonumber(got[i]) or 0) - now_ms()) end
end
return got
