-- Sends the requests of a file, one after the other: wrk -s drive.lua URL -- FILE [once]
-- The file holds whole HTTP requests, each ended by a zero byte. With "once" the run ends when all were sent.
local requests, at, once = {}, 0, false

function init(args)
  local file = assert(io.open(args[1], "rb"))
  for one in file:read("*a"):gmatch("([^%z]+)") do
    requests[#requests + 1] = one
  end
  file:close()
  once = args[2] == "once"
end

function request()
  at = at + 1
  if at > #requests then
    if once then
      wrk.thread:stop()
    end
    at = 1
  end
  return requests[at]
end

function done(summary, latency, _)
  local wrong = summary.errors
  io.write(string.format(
    '\nRESULT {"requests": %d, "microseconds": %d, "refused": %d, "broken": %d, "p50": %d, "p99": %d, "bytes": %d}\n',
    summary.requests, summary.duration, wrong.status,
    wrong.connect + wrong.read + wrong.write + wrong.timeout,
    latency:percentile(50), latency:percentile(99), summary.bytes))
end
