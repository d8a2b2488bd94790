-- For wrk: posts the bodies of a file in turn, each connection from a place of its own.
local bodies = {}
for line in io.lines(os.getenv("BODIES")) do bodies[#bodies + 1] = line end

local threads = 0
function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

local place = 0
function init()
  place = (number * 389) % #bodies
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
end

function request()
  place = place % #bodies + 1
  return wrk.format(nil, "/translate", nil, bodies[place])
end

function done(summary, latency)
  io.write(string.format(
    "RESULT %d %f %f %f %f %d\n",
    summary.requests, summary.duration / 1e6,
    latency:percentile(50) / 1e3, latency:percentile(95) / 1e3, latency:percentile(99) / 1e3,
    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout))
end
