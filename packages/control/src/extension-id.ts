/** The ids that this project uses, all of them from 0x40 up (docs/protocol.md, Extensions). */
export const ExtensionId = {
  sessionSecret: 0x40,
  reasonText: 0x41,
  dataAddress: 0x42,
  keepaliveInterval: 0x43,
  ticket: 0x44,
  observedAddress: 0x45,
  egressAddress: 0x46,
  limits: 0x47,
  load: 0x48,
  draining: 0x49,
  resume: 0x4a,
  capabilities: 0x4c,
  dataAddressV6: 0x4d,
  observedAddressV6: 0x4e,
  refusalCode: 0x4f,
} as const;
