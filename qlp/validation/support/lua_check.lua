-- Runs in the sandbox: compiles each Lua file that is named on standard input (each ended by a zero byte), runs none.
-- `lua_check.lua syntax` prints what does not compile; `lua_check.lua style` names that no file and no library defines,
-- as found in the compiler's own listing. JSON {files, findings, facts, broken} like qlp_report.py.
local MODE = arg[1]
local MAX = 4000000

local KNOWN = {}
for name in pairs(_G) do KNOWN[name] = true end
for name in ("unpack setfenv getfenv loadstring module bit bit32 jit ngx love vim redis KEYS ARGV awesome client screen root mp hs game "
  .. "workspace script Instance Vector3 task wait spawn minetest core describe it before_each after_each setup teardown "
  .. "pending assert spy stub mock finally insulate expose table_unpack"):gmatch("%S+") do KNOWN[name] = true end

local function quote(text)
  return '"' .. text:gsub('[%c"\\\128-\255]', function(c) return string.format("\\u%04x", c:byte()) end) .. '"'
end

local rows = {}
local function add(rule, severity, message, file, line)
  rows[#rows + 1] = string.format('{"rule":%s,"severity":%s,"message":%s,"file":%s,"line":%s,"column":null,"fix":null}',
    quote(rule), quote(severity), quote(message:sub(1, 500)), quote(file), line or "null")
end

local function read(path)
  local handle, problem = io.open(path, "rb")
  if not handle then add("unreadable", "high", problem or "cannot be read", path) return nil end
  local text = handle:read(MAX + 1) or ""
  handle:close()
  if #text > MAX then add("too-large", "high", "the file is larger than 4 MB and was not checked", path) return nil end
  if text:find("\0", 1, true) or text:sub(1, 4) == "\27Lua" then
    add("not-text", "high", "the file is binary, not source", path) return nil
  end
  if not utf8.len(text) then add("not-text", "high", "the file is not UTF-8", path) return nil end
  return text:gsub("^\239\187\191", ""):gsub("^#[^\n]*", "")
end

-- Globals by the compiler's listing: reads and writes of _ENV's fields, with their lines.
local function globals(path)
  local reads, writes = {}, {}
  local pipe = io.popen("luac5.4 -l -p -- '" .. path:gsub("'", "'\\''") .. "' 2>/dev/null")
  if not pipe then return reads, writes end
  local depth = ""
  for line in pipe:lines() do
    if line:match("^function <") then depth = "function" elseif line:match("^main <") then depth = "main" end
    local at, op, name = line:match("%[(%d+)%]%s+([GS]ETTABUP)%s.*_ENV \"([%a_][%w_]*)\"")
    if op == "GETTABUP" then reads[#reads + 1] = { name, at }
    elseif op == "SETTABUP" then writes[#writes + 1] = { name, at, depth } end
  end
  pipe:close()
  return reads, writes
end

local files = {}
for path in (io.read("a") or ""):gmatch("[^%z]+") do files[#files + 1] = path end
local seen = {}
for _, path in ipairs(files) do
  local text = read(path)
  if text then
    local _, problem = load(text, "=" .. path, "t", {})
    if problem and MODE == "syntax" then
      local line, message = problem:match(":(%d+): (.*)$")
      add("syntax-error", "critical", message or problem, path, line)
    elseif not problem and MODE == "style" then
      seen[#seen + 1] = { path, globals("./" .. path) }
    end
  end
end
if MODE == "style" then
  local defined = {}
  for _, entry in ipairs(seen) do for _, write in ipairs(entry[3]) do defined[write[1]] = true end end
  for _, entry in ipairs(seen) do
    local once = {}
    for _, read in ipairs(entry[2]) do
      if not KNOWN[read[1]] and not defined[read[1]] and not once[read[1]] then
        once[read[1]] = true
        add("undefined-global", "medium", "the global " .. read[1] .. " is never given a value", entry[1], read[2])
      end
    end
    for _, write in ipairs(entry[3]) do
      if write[3] == "function" and not once[write[1]] then
        once[write[1]] = true
        add("global-in-function", "info", write[1] .. " is assigned as a global inside a function; is `local` missing?", entry[1], write[2])
      end
    end
  end
end
local kept = {}
for i = 1, math.min(#rows, 200) do kept[i] = rows[i] end
io.write('{"files":', #files, ',"findings":[', table.concat(kept, ","), '],"facts":{},"broken":[]}')
