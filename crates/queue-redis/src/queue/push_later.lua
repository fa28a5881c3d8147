-- KEYS: later. ARGV: a message, its delay (ms). One that is there already keeps its time.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
return redis.call('ZADD', KEYS[1], 'NX', now + ARGV[2], ARGV[1])
