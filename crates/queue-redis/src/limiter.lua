-- The generic cell rate algorithm (ITU-T I.371 annex A) in microseconds. KEYS: what is counted. ARGV: the time in which
-- one comes free, how many there are, and the time now, or nothing for the server's own. Answers 0 if it was counted,
-- else in how many microseconds one comes free.
local interval, times, now = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end
local free_at = tonumber(redis.call('GET', KEYS[1]) or now)
-- No further ahead than everything to come free: else the clock was set back, and all begins anew.
if free_at < now or free_at > now + interval * times then free_at = now end
free_at = free_at + interval
local wait = free_at - interval * times - now
if wait > 0 then return wait end
-- The key goes a minute after it says nothing any more.
redis.call('SET', KEYS[1], string.format('%.0f', free_at), 'PX', math.ceil((free_at - now) / 1000) + 60000)
return 0
