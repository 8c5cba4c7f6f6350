-- role: worker
-- Returns cached verdicts. ARGV: cache fields. Per field: the verdict, or 0.
local out = {}
for i = 1, #ARGV do out[i] = cached(ARGV[i]) or 0 end
return out
