local Stack = {}
Stack.__index = Stack

function Stack.new()
  return setmetatable({ items = {}, size = 0 }, Stack)
end

function Stack:push(...)
  for _, value in ipairs({ ... }) do
    self.size = self.size + 1
    self.items[self.size] = value
  end
  return self
end

function Stack:pop()
  if self.size == 0 then
    return nil, "empty"
  end
  local value = self.items[self.size]
  self.items[self.size] = nil
  self.size = self.size - 1
  return value
end

return Stack
