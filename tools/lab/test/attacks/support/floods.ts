import { randomBytes } from 'node:crypto';
import { Capability } from '@lightspeed/control';
import type { Endpoint } from '@lightspeed/wire';
import type { RegisteredSession } from '../../../src/load/registrant.ts';
import type { Burst } from './attacker-main.ts';
import { DUPLICATE, data, destinations, fin, forEachToken, handshake, proof } from './forgery.ts';
import type { Stage } from './stage.ts';

const ROUNDS = 8;
const DESTINATIONS = 12;
const VICTIM_PORTS = [7_000, 7_001, 7_002];

/** What an attacker sends over and over. */
export interface Flood {
  readonly name: string;
  readonly about: string;
  /** Whether it guesses a player's token, which draws tags. */
  readonly guesses?: boolean;
  readonly bursts: (stage: Stage, player: Endpoint) => readonly Burst[] | Promise<readonly Burst[]>;
}

function many(count: number, make: (index: number) => Uint8Array): Uint8Array[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** HANDSHAKEs without proof and with token 0. */
export function handshakesWithoutToken(from: Endpoint): Burst[] {
  return [{ from, packets: many(500, (index) => handshake(0, index)) }];
}

/** With every token: data with numbers far ahead, FINs, and HANDSHAKEs without proof. */
export function allTokens({ gameServer }: Stage, from: Endpoint): Burst[] {
  const rounds = many(ROUNDS, () => new Uint8Array(0)).flatMap((_, round) => [
    ...forEachToken((token) => data(token, 30_000 + round, gameServer)),
    ...forEachToken((token) => fin(token, 30_000 + round)),
    ...forEachToken((token) => handshake(token, 30_000 + round)),
  ]);
  return [{ from, packets: rounds }];
}

/** As {@link allTokens}. Each HANDSHAKE says that the client starts over, in front of data with other numbers. */
export function allStarts({ gameServer }: Stage, from: Endpoint): Burst[] {
  const rounds = many(ROUNDS, () => new Uint8Array(0)).flatMap((_, round) => [
    ...forEachToken((token) => handshake(token, 0, 1_000_000_000 + round)),
    ...forEachToken((token) => data(token, 30_000 + round, gameServer)),
    ...forEachToken((token) => fin(token, 30_000 + round)),
  ]);
  return [{ from, packets: rounds }];
}

/** With every token: data to destinations that nobody has asked for before. */
export function newDestinations({ gameServer }: Stage, from: Endpoint): Burst[] {
  const packets = destinations(gameServer.ip, DESTINATIONS, 10_000).flatMap((to, index) =>
    forEachToken((token) => data(token, 30_000 + index, to)),
  );
  return [{ from, packets }];
}

/** Proofs that were made with no secret of the node's, and name no session of its. */
export function junkProofs(from: Endpoint, count = 1_000): Burst[] {
  const session = (index: number): RegisteredSession => {
    return { sessionId: randomBytes(4).readUInt32BE(), token: 1 + (index % 255), secret: randomBytes(16) };
  };
  return [{ from, packets: many(count, (index) => proof(session(index), { nonce: index })) }];
}

/** True proofs of another session, with a path for each of some ports. */
export function trueProofs(session: RegisteredSession, from: readonly Endpoint[], count: number): Burst[] {
  return from.map((source, lane) => {
    const nonceOf = (index: number) => 1 + index * from.length + lane;
    return { from: source, packets: many(count, (index) => proof(session, { nonce: nonceOf(index), path: lane, mode: DUPLICATE })) };
  });
}

/** The floods under which players go on playing. */
export const floods: readonly Flood[] = [
  {
    name: 'handshakes',
    about: "HANDSHAKEs with token 0, from a player's address",
    bursts: (_stage, player) => handshakesWithoutToken(player),
  },
  { name: 'tokens', about: "data, FINs and HANDSHAKEs with every token, from a player's address", guesses: true, bursts: allTokens },
  {
    name: 'destinations',
    about: "data to new destinations with every token, from a player's address",
    guesses: true,
    bursts: newDestinations,
  },
  { name: 'junk-proofs', about: "proofs that are not true, from a player's address", bursts: (_stage, player) => junkProofs(player) },
  {
    name: 'true-proofs',
    about: "true proofs of another session, from a player's address",
    bursts: async (stage, player) => trueProofs(await stage.registration(), [player], 10_000),
  },
  {
    name: 'victim-paths',
    about: "true proofs of the attacker's session, from a victim's ports",
    bursts: async (stage) => trueProofs(await stage.registration(), VICTIM_PORTS.map(stage.victimAt), 5_000),
  },
  {
    name: 'asking-paths',
    about: "the same of a session whose client answers challenges, from a victim's ports",
    bursts: async (stage) => {
      const session = await stage.registration(stage.scene.ticket(), Capability.challenge);
      return trueProofs(session, VICTIM_PORTS.map(stage.victimAt), 5_000);
    },
  },
  {
    name: 'strangers',
    about: "data, FINs and HANDSHAKEs with every token, from a victim's address",
    bursts: (stage) => allTokens(stage, stage.victimAt(7_000)),
  },
];
