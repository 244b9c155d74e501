import {
  AmplificationGuard,
  BanTable,
  DestinationPolicy,
  PROOF_PACKET_BYTES,
  RateLimiter,
  ReflectionGuard,
  UnboundRateLimiter,
  encodeProof,
  verifyProof,
} from '@lightspeed/security';
import { hmacSha256 } from '@lightspeed/security/node';
import { FLAG_HANDSHAKE, writeControlHeader } from '@lightspeed/wire';
import { MemoryRelay } from './memory-relay.ts';
import type { Piece } from './time-piece.ts';

const SLOTS = 10_000;
const CALLS = 100;
const CLIENTS = 100;

/** Whether a packet may pass: each check for itself, and all of them in the relay up to the last. */
export function admissionPieces(): Piece[] {
  return [...guards(), proof(), allChecks()];
}

function guards(): Piece[] {
  const bans = new BanTable({ hashSeed: 7 });
  for (let ip = 0; ip < 1_000; ip++) bans.ban(0, 0x0c00_0000 + ip, 0);
  const unbound = new UnboundRateLimiter({ ratePps: 1_000_000, hashSeed: 7 });
  const rates = new RateLimiter(SLOTS, 1_000_000, 1_000_000_000);
  const amplification = new AmplificationGuard(SLOTS);
  const reflection = new ReflectionGuard(SLOTS);
  const policy = new DestinationPolicy();
  for (let slot = 0; slot < SLOTS; slot++) {
    rates.reset(slot, 0);
    amplification.reset(slot);
    amplification.setVerified(slot);
    reflection.reset(slot, 0);
  }
  return [
    repeated('admission: ban table of 1,000, not banned', (i) => bans.isBanned(0, 0x0b00_0000 + i, 0)),
    repeated('admission: rate of an address without a session', (i, nowMs) => unbound.admit(0, 0x0b00_0000 + i, nowMs)),
    repeated('admission: rate of a session, packets and bytes', (i, nowMs) => rates.admit(i * 97, 140, nowMs)),
    repeated('admission: amplification', (i) => amplification.allowSend(i * 97, 140)),
    repeated('admission: a new destination', (i, nowMs) => reflection.admitDestination(i * 97, nowMs)),
    repeated('admission: destination policy, built-in rules', (i) => policy.verdict(0x0808_0000 + i, 27_015)),
  ];
}

/** @param check a check of the i-th client at a time in ms that moves on. */
function repeated(name: string, check: (i: number, nowMs: number) => unknown): Piece {
  let nowMs = 0;
  return {
    name,
    operations: CALLS,
    run: () => {
      nowMs = (nowMs + 1) & 0x3fff_ffff;
      let passed = 0;
      for (let i = 0; i < CALLS; i++) if (check(i, nowMs)) passed++;
      return passed;
    },
  };
}

function proof(): Piece {
  const bytes = new Uint8Array(PROOF_PACKET_BYTES);
  const secret = new Uint8Array(16).fill(7);
  writeControlHeader(bytes, 0, FLAG_HANDSHAKE, 7, 0, 1);
  encodeProof(bytes, 0, 1, 1n, secret, hmacSha256);
  return { name: 'admission: the proof of a HANDSHAKE', operations: 1, run: () => verifyProof(bytes, 0, secret, hmacSha256) };
}

/** A packet that was here before passes every check of a session's packets before it is refused. */
function allChecks(): Piece {
  const relay = new MemoryRelay({ clients: CLIENTS });
  relay.roundTrips(CLIENTS);
  return {
    name: 'admission: all checks of a packet, up to the duplicate window, 100 sessions',
    operations: CLIENTS,
    run: () => relay.repeat(),
  };
}
