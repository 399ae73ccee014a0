-- One multipart body per request, in turn; the result as one line of JSON.
--   wrk ... URL -- CONTENT_TYPE BODY_FILE...

local requests = {}
local turn = 0

function init(arguments)
  local headers = { ["Content-Type"] = arguments[1] }
  for i = 2, #arguments do
    local file = assert(io.open(arguments[i], "rb"))
    requests[#requests + 1] = wrk.format("POST", nil, headers, file:read("*a"))
    file:close()
  end
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\n{"num_requests": %d, "duration_us": %d, "p50_us": %d, "p99_us": %d, "refused": %d, "timeouts": %d, "broken": %d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.status, errors.timeout, errors.connect + errors.read + errors.write))
end
