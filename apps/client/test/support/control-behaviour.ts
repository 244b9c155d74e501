import { capabilitiesExtension } from '@lightspeed/control';
import type { DisconnectReason, Extension, Register } from '@lightspeed/control';
import { PeerCapability } from '@lightspeed/session';

/** What a test wants of the control plane. */
export interface Behaviour {
  /** Asked for each Register: a refusal's reason and words, or nothing. */
  refuse?: (register: Register) => { reason: DisconnectReason; text?: string; code?: string } | undefined;
  /** Whether Pings are left unanswered. */
  mute?: boolean;
  /** How far its clock is ahead of everybody else's; 0 if nothing is said. */
  clockAheadMs?: number;
  /** What a RegisterAck says; without secret, as nodes of the Rust implementation do. */
  bare?: boolean;
  /** Where its data plane is, if not at the control connection's address. */
  dataAddresses?: readonly Extension[];
}

/** Capabilities that a registration gets: tags and challenges always; any source if it asks, where the node allows that. */
export function grantedTo(register: Register, anySource: boolean): number {
  const asked = register.dialect === 'standard' ? (capabilitiesExtension.find(register.extensions) ?? 0) : 0;
  return PeerCapability.challenges | PeerCapability.tags | PeerCapability.reports | (anySource ? asked & PeerCapability.anySource : 0);
}
