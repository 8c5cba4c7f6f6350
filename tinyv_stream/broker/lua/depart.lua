-- Forgets a consumer that holds nothing; one that still does is kept, or its entries would be lost. ARGV: stage, consumer.
local q = queue[ARGV[1]]
if redis.call('XPENDING', q, GROUP, '-', '+', 1, ARGV[2])[1] then return 0 end
redis.call('XGROUP', 'DELCONSUMER', q, GROUP, ARGV[2])
return 1
