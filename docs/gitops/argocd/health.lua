-- What Argo CD says of MailServers, OrganizationMailSettings and LicenseExpiryNotices. It is the same for all three.
-- Objects that are being deleted are not asked: Argo CD says "Pending deletion" of them.
local function condition(type)
  if obj.status ~= nil and obj.status.conditions ~= nil then
    for _, candidate in ipairs(obj.status.conditions) do
      if candidate.type == type then
        return candidate
      end
    end
  end
  return {status = "Unknown", reason = "Pending", message = "the operator has not looked at it yet"}
end

local function health(status, message)
  return {status = status, message = message}
end

local function said(by)
  local test = obj.status.testSend
  if test ~= nil and test.failedStep == by.reason then
    return by.message -- which begins with the step already
  end
  return by.reason .. ": " .. by.message
end

local annotations = obj.metadata.annotations or {}
local ready = condition("Ready")
local stalled = condition("Stalled")

if annotations["postrider.dev/paused"] == "true" then
  return health("Suspended", "Paused: Postrider leaves it alone until the annotation postrider.dev/paused is removed")
end
if ready.reason == "Pending" then
  return health("Progressing", "Pending: the operator has not looked at it yet; if that stays, see whether it runs")
end
if obj.status.observedGeneration ~= obj.metadata.generation then
  return health("Progressing", "Changed: the operator has not looked at the change yet")
end
if stalled.status == "True" then
  return health("Degraded", said(stalled))
end
if ready.reason == "Inactive" or ready.reason == "SendingDisabled" then
  return health("Suspended", said(ready))
end
if ready.status == "True" then
  return health("Healthy", said(ready))
end
return health("Progressing", said(ready))
