/** What a node may be asked to measure with, by the code in a `Probe` (docs/protocol.md, Probes). */
export const PROBE_KIND_CODES = {
  /** ICMP echo. */
  icmp: 1,
  /** A TCP connection to the server's port, refused or not. */
  tcp: 2,
  /** UDP datagrams that end at the last router before the server. */
  ttl: 3,
  /** A2S_INFO, which servers of Valve's kind answer. */
  a2s: 4,
} as const;

/** Why a node does not measure, by the code in a `ProbeResult` (docs/protocol.md, Probes). */
export const PROBE_REFUSAL_CODES = {
  /** The operator has switched probes off. */
  disabled: 1,
  /** A field has a value that is not allowed. */
  invalid: 2,
  /** The node does not relay there, or probes no such port. */
  destination_denied: 3,
  /** The ticket has asked for too many servers within a second, or too often. */
  rate: 4,
  /** The ticket has asked for too many different servers within ten minutes. */
  targets: 5,
  /** The ticket has asked for too many ports of one address within ten minutes. */
  ports: 6,
  /** The node measures as much as it may for all. */
  busy: 7,
  /** The node's system does not allow this kind of probe. */
  unavailable: 8,
} as const;

/** Name of a refusal. */
export type ProbeRefusal = keyof typeof PROBE_REFUSAL_CODES;

/** A sample of a probe that was lost. */
export const PROBE_LOST = 0xffff_ffff;

/** Name of a refusal's code, for people; undefined for one that this version does not know. */
export function probeRefusalName(code: number): ProbeRefusal | undefined {
  for (const [name, known] of Object.entries(PROBE_REFUSAL_CODES)) if (known === code) return name as ProbeRefusal;
  return undefined;
}
