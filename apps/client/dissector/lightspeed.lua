-- Shows the packets of LightSpeed's tunnel in Wireshark and tshark. docs/protocol.md describes them.
--
-- Packets of a node's data port are dissected (4434; the preferences name others). On other ports, a packet that hardly looks
-- so by chance claims its conversation.

local lightspeed = Proto("lightspeed", "LightSpeed tunnel protocol")

local DIALECTS = { { 1, "standard", 0 }, { 2, "reference", 1 } }
lightspeed.prefs.ports = Pref.range("Data ports", "4434", "UDP ports of nodes, on which all datagrams are packets", 65535)
lightspeed.prefs.dialect = Pref.enum("Dialect", 0, "The form of version 2 packets", DIALECTS, true)

local HEADER, TAG, BLOCK_HEAD = 20, 4, 4
local KEEPALIVE, HANDSHAKE, FIN = 1, 2, 4
local REPEAT, XOR, REPORT, REQUEST = 1, 2, 3, 4
local MAX_GROUP, MAX_BLOCKS = 64, 8
local TYPES = { [REPEAT] = "repeat", [XOR] = "XOR", [REPORT] = "report", [REQUEST] = "request" }

local VERSIONS = { [1] = "plain", [2] = "with FEC extension", [3] = "plain, with a tag", [4] = "with FEC extension and a tag" }

local field, list = {}, {}
local function declare(make, name, label, ...)
  field[name] = make("lightspeed." .. name, label, ...)
  list[#list + 1] = field[name]
end
declare(ProtoField.uint8, "version", "Version", base.DEC, VERSIONS, 0xf0)
declare(ProtoField.uint8, "flags", "Flags", base.HEX_DEC, nil, 0x0f)
declare(ProtoField.uint8, "token", "Token")
declare(ProtoField.uint16, "sequence", "Sequence number")
declare(ProtoField.uint32, "timestamp", "Timestamp (µs of the sender's clock)")
declare(ProtoField.ipv4, "source_ip", "Original source address")
declare(ProtoField.ipv4, "destination_ip", "Original destination address")
declare(ProtoField.uint16, "source_port", "Original source port")
declare(ProtoField.uint16, "destination_port", "Original destination port")
declare(ProtoField.uint16, "fec_group", "FEC group")
declare(ProtoField.uint8, "packet_index", "Index in the group")
declare(ProtoField.uint8, "group_size", "Group size")
declare(ProtoField.uint8, "fec_flags", "FEC flags", base.DEC, { [0] = "data", [1] = "parity" })
declare(ProtoField.uint8, "reserved", "Reserved")
declare(ProtoField.uint32, "tag", "Tag (not checked)", base.DEC)
declare(ProtoField.bytes, "payload", "Payload")
declare(ProtoField.bytes, "parity_content", "XOR of the group's payloads")
declare(ProtoField.uint16, "xor_of_lengths", "XOR of lengths")
declare(ProtoField.uint16, "own_length", "Length of the own payload")
declare(ProtoField.uint8, "zero", "Zero")
declare(ProtoField.uint8, "blocks", "Blocks")
declare(ProtoField.uint8, "block_flags", "Flags of blocks", base.DEC, { [2] = "carries blocks", [3] = "blocks alone" })
declare(ProtoField.uint8, "block_type", "Type", base.DEC, TYPES)
declare(ProtoField.uint8, "distance", "Distance")
declare(ProtoField.uint16, "length", "Length")
declare(ProtoField.bytes, "repeated_payload", "Repeated payload")
declare(ProtoField.uint16, "mask", "Mask", base.HEX_DEC)
declare(ProtoField.bytes, "xor_content", "XOR of payloads")
declare(ProtoField.uint16, "highest", "Highest judged number")
declare(ProtoField.uint16, "received", "Received up to it")
declare(ProtoField.uint16, "loss_runs", "Runs of losses up to it")
declare(ProtoField.uint8, "queueing_delay", "Delay in queues (ms)")
declare(ProtoField.uint8, "epoch", "Epoch")
declare(ProtoField.uint16, "base", "First missing number")
declare(ProtoField.uint16, "about", "About packet number")
declare(ProtoField.bytes, "content", "Content")
declare(ProtoField.bytes, "rest", "Bytes behind the last block")
declare(ProtoField.bytes, "terms", "Terms of protection")
declare(ProtoField.uint8, "terms_version", "Version of the terms")
declare(ProtoField.uint8, "forms", "Forms (1 repeats, 2 XOR, 4 requests, 8 reports)")
declare(ProtoField.uint8, "deadline", "Deadline (ms)")
declare(ProtoField.uint8, "budget", "Budget (% of payloads)")
declare(ProtoField.uint64, "challenge", "Challenge", base.DEC)
declare(ProtoField.uint64, "opening_nonce", "Opening nonce", base.DEC)
declare(ProtoField.uint32, "session_id", "Session id")
declare(ProtoField.uint64, "nonce", "Nonce", base.DEC)
declare(ProtoField.bytes, "proof", "Proof (not checked)")
declare(ProtoField.bytes, "cut_short", "Field that is cut short")
declare(ProtoField.string, "refusal", "Receivers drop it as")
lightspeed.fields = list

local malformed = ProtoExpert.new("lightspeed.malformed", "Receivers drop this packet", expert.group.MALFORMED, expert.severity.ERROR)
lightspeed.experts = { malformed }

local function bit_is_set(value, bit) return math.floor(value / 2 ^ bit) % 2 == 1 end
local function byte(tvb, at) return tvb(at, 1):uint() end
local function is_standard() return lightspeed.prefs.dialect == 0 end

-- Where the extension's bytes are, what is behind them, and whether a tag is there.
local function layout(tvb)
  local version = math.floor(byte(tvb, 0) / 16)
  local tagged = is_standard() and (version == 3 or version == 4)
  local extended = version == 2 or (tagged and version == 4)
  local extension = extended and (is_standard() and 6 or 4) or 0
  return version, tagged, extended, extension
end

local function refusal_of_extension(tvb)
  local index, size = byte(tvb, HEADER + 2), byte(tvb, HEADER + 3)
  if size == 0 or size > MAX_GROUP then return "bad_group_size" end
  if not is_standard() then return nil end
  local flags = byte(tvb, HEADER + 4)
  if byte(tvb, HEADER + 5) ~= 0 then return "reserved_not_zero" end
  if flags > 1 then return "bad_fec_flags" end
  if flags == 0 and index >= size then return "bad_data_index" end
  if flags == 1 and index ~= size then return "bad_parity_index" end
  return nil
end

-- Why receivers without agreed blocks drop a packet (docs/protocol.md, Validity); nil if they take it.
local function refusal_of_header(tvb)
  if tvb:len() < HEADER then return "too_short" end
  local version, tagged, extended, extension = layout(tvb)
  if version < 1 or version > (is_standard() and 4 or 2) then return "bad_version" end
  if version == 3 and tvb:len() < HEADER + TAG then return "too_short" end
  if not extended then return nil end
  if tvb:len() < HEADER + extension + (tagged and TAG or 0) then return "extension_cut_short" end
  return refusal_of_extension(tvb)
end

local function has_blocks(tvb, refusal)
  if not is_standard() or tvb:len() < HEADER + 6 then return false end
  local version, tagged, extended = layout(tvb)
  local flags = byte(tvb, HEADER + 4)
  if not extended or tvb:len() < HEADER + 6 + (tagged and TAG or 0) or (flags ~= 2 and flags ~= 3) then return false end
  if refusal == "bad_fec_flags" then return true end
  local size = byte(tvb, HEADER + 3)
  local is_reference = version == 2 and size >= 1 and size <= MAX_GROUP
  return (refusal == "reserved_not_zero" or refusal == "bad_group_size") and not is_reference
end

local function is_sound(kind, distance, length)
  if kind == REPEAT then return distance > 0 end
  if kind == XOR then return distance > 0 and length >= 4 end
  return distance == 0 and ((kind == REPORT and length == 8) or (kind == REQUEST and length == 4))
end

-- Why receivers drop a packet with blocks (docs/protocol.md, Blocks); nil if they take it.
local function refusal_of_blocks(tvb, start)
  if byte(tvb, HEADER + 2) ~= 0 or byte(tvb, HEADER + 5) ~= 0 then return "reserved_not_zero" end
  local own, count = tvb(HEADER, 2):uint(), byte(tvb, HEADER + 3)
  if own > 0 and byte(tvb, HEADER + 4) == 3 then return "bad_block" end
  if count == 0 or count > MAX_BLOCKS then return "bad_block" end
  local at = start + own
  for _ = 1, count do
    if at + BLOCK_HEAD > tvb:len() then return "bad_block" end
    local length = tvb(at + 2, 2):uint()
    if at + BLOCK_HEAD + length > tvb:len() or not is_sound(byte(tvb, at), byte(tvb, at + 1), length) then return "bad_block" end
    at = at + BLOCK_HEAD + length
  end
  return at ~= tvb:len() and "bad_block" or nil
end

-- Adds fields one behind the other, as far as there are bytes.
local function reader(tvb, at)
  local self = { at = at or 0 }
  function self.left() return tvb:len() - self.at end
  function self.add(tree, name, length)
    if self.left() < length then
      if self.left() > 0 then tree:add(field.cut_short, tvb(self.at)) end
      self.at = tvb:len()
      return 0
    end
    if length == 0 then return 0 end
    local range = tvb(self.at, length)
    tree:add(field[name], range)
    self.at = self.at + length
    return length <= 4 and range:uint() or 0
  end
  -- A game's bytes, which go on to other dissectors as data.
  function self.payload(tree, pinfo, name, length)
    if length == 0 then return end
    tree:add(field[name], tvb(self.at, length))
    Dissector.get("data"):call(tvb(self.at, length):tvb(), pinfo, tree)
    self.at = self.at + length
  end
  return self
end

local function add_about(tree, numbers)
  for _, number in ipairs(numbers) do tree:add(field.about, number % 65536):set_generated() end
end

local function with_mask(first, step, mask)
  local numbers = { first }
  for bit = 0, 15 do
    if bit_is_set(mask, bit) then numbers[#numbers + 1] = first + step * (bit + 1) end
  end
  return numbers
end

local function add_content(read, tree, pinfo, kind, length, first)
  if kind == REPEAT then
    read.payload(tree, pinfo, "repeated_payload", length)
    add_about(tree, { first })
  elseif kind == XOR and length >= 4 then
    local mask = read.add(tree, "mask", 2)
    read.add(tree, "xor_content", length - 4)
    read.add(tree, "xor_of_lengths", 2)
    add_about(tree, with_mask(first, -1, mask))
  elseif kind == REPORT and length == 8 then
    for _, one in ipairs({ { "highest", 2 }, { "received", 2 }, { "loss_runs", 2 }, { "queueing_delay", 1 }, { "epoch", 1 } }) do
      read.add(tree, one[1], one[2])
    end
  elseif kind == REQUEST and length == 4 then
    local missing = read.add(tree, "base", 2)
    add_about(tree, with_mask(missing, 1, read.add(tree, "mask", 2)))
  else
    read.add(tree, "content", length)
  end
end

local function add_blocks(read, tvb, tree, pinfo, sequence)
  read.payload(tree, pinfo, "payload", math.min(tvb(HEADER, 2):uint(), read.left()))
  for nth = 1, byte(tvb, HEADER + 3) do
    if read.left() < BLOCK_HEAD then break end
    local length = math.min(tvb(read.at + 2, 2):uint(), read.left() - BLOCK_HEAD)
    local kind = byte(tvb, read.at)
    local text = string.format("Block %d: %s", nth, TYPES[kind] or "unknown")
    local block = tree:add(lightspeed, tvb(read.at, BLOCK_HEAD + length), text)
    read.add(block, "block_type", 1)
    local distance = read.add(block, "distance", 1)
    read.add(block, "length", 2)
    add_content(read, block, pinfo, kind, length, sequence - distance)
  end
  if read.left() > 0 then read.add(tree, "rest", read.left()) end
end

-- Terms of protection, a challenge, or a proof (docs/protocol.md, Blocks, Path validation, Registered clients).
local function add_handshake(read, tvb, tree)
  local left = read.left()
  if left == 8 and tvb(read.at, 5):bytes():tohex() == "4C53525001" then
    read.add(tree, "terms", 4)
    for _, name in ipairs({ "terms_version", "forms", "deadline", "budget" }) do read.add(tree, name, 1) end
  elseif left == 8 or left == 16 then
    read.add(tree, "challenge", 8)
    read.add(tree, "opening_nonce", left - 8)
  elseif left == 28 or left == 36 then
    read.add(tree, "session_id", 4)
    read.add(tree, "nonce", 8)
    read.add(tree, "challenge", left - 28)
    read.add(tree, "proof", 16)
  end
end

local function kind_of(tvb, flags, extended)
  if bit_is_set(flags, 3) then return "fragment" end
  if bit_is_set(flags, 2) then return "FIN" end
  if bit_is_set(flags, 1) then return "HANDSHAKE" end
  if bit_is_set(flags, 0) then return "KEEPALIVE" end
  return extended and byte(tvb, HEADER + 2) >= byte(tvb, HEADER + 3) and "parity" or "data"
end

local function add_header(read, tvb, tree)
  tree:add(field.version, tvb(0, 1))
  tree:add(field.flags, tvb(0, 1))
  read.at = 1
  read.add(tree, "token", 1)
  local sequence = read.add(tree, "sequence", 2)
  read.add(tree, "timestamp", 4)
  read.add(tree, "source_ip", 4)
  read.add(tree, "destination_ip", 4)
  read.add(tree, "source_port", 2)
  read.add(tree, "destination_port", 2)
  return sequence
end

local function add_extension(read, tree, blocks)
  local names = { "fec_group", "packet_index", "group_size", "fec_flags", "reserved" }
  if blocks then names = { "own_length", "zero", "blocks", "block_flags", "zero" } end
  for nth = 1, is_standard() and 5 or 3 do read.add(tree, names[nth], nth == 1 and 2 or 1) end
end

local function add_body(read, tvb, tree, pinfo, kind)
  if kind == "parity" and read.left() >= 2 then
    read.add(tree, "parity_content", read.left() - 2)
    read.add(tree, "xor_of_lengths", 2)
  else
    if kind == "HANDSHAKE" then add_handshake(read, tvb, tree) end
    if read.left() > 0 then read.payload(tree, pinfo, "payload", read.left()) end
  end
end

function lightspeed.dissector(tvb, pinfo, root)
  if tvb:len() == 0 then return 0 end
  pinfo.cols.protocol = "LightSpeed"
  local tree = root:add(lightspeed, tvb())
  local read = reader(tvb)
  local refusal = refusal_of_header(tvb)
  local version, tagged, extended = layout(tvb)
  local flags = byte(tvb, 0) % 16
  local blocks = has_blocks(tvb, refusal)
  local sequence = add_header(read, tvb, tree)
  if extended and tvb:len() > HEADER then add_extension(read, tree, blocks) end
  if tagged and read.left() > 0 then read.add(tree, "tag", TAG) end
  local kind = refusal == nil and kind_of(tvb, flags, extended) or "malformed"
  if blocks then
    kind = byte(tvb, HEADER + 4) == 3 and "blocks" or "data and blocks"
    refusal = refusal_of_blocks(tvb, read.at)
    add_blocks(read, tvb, tree, pinfo, sequence)
  else
    local plain = kind ~= "HANDSHAKE" or not extended
    add_body(read, tvb, tree, pinfo, plain and kind or "data")
    if refusal == nil and bit_is_set(flags, 3) then refusal = "fragment" end
  end
  local info = string.format("%s, version %d, sequence %d, %d bytes", kind, version, sequence, tvb:len())
  if refusal ~= nil then
    tree:add(field.refusal, refusal):set_generated()
    tree:add_proto_expert_info(malformed, "Receivers drop this packet: " .. refusal)
    info = info .. " (" .. refusal .. ")"
  end
  pinfo.cols.info = info
  return tvb:len()
end

-- Whether bytes are a packet that hardly looks so by chance: no addresses in a control packet, or a sound extension.
local function is_unlikely_by_chance(tvb)
  if tvb:len() < HEADER then return false end
  local refusal = refusal_of_header(tvb)
  local _, tagged, extended, extension = layout(tvb)
  local flags = byte(tvb, 0) % 16
  local start = HEADER + extension + (tagged and TAG or 0)
  if has_blocks(tvb, refusal) then return flags == 0 and refusal_of_blocks(tvb, start) == nil end
  if refusal ~= nil then return false end
  if flags == 0 then return extended and is_standard() end
  if tvb(8, 4):uint() ~= 0 or tvb(12, 4):uint() ~= 0 then return false end
  local rest = tvb:len() - start
  if flags == HANDSHAKE then return rest == 0 or rest == 8 or rest == 16 or rest == 28 or rest == 36 end
  return (flags == KEEPALIVE or flags == FIN) and rest == 0
end

lightspeed:register_heuristic("udp", function(tvb, pinfo, root)
  if not is_unlikely_by_chance(tvb) then return false end
  pinfo.conversation = lightspeed
  lightspeed.dissector(tvb, pinfo, root)
  return true
end)

local ports = DissectorTable.get("udp.port")
local registered = lightspeed.prefs.ports
ports:add(registered, lightspeed)
function lightspeed.prefs_changed()
  if registered == lightspeed.prefs.ports then return end
  ports:remove(registered, lightspeed)
  registered = lightspeed.prefs.ports
  ports:add(registered, lightspeed)
end
