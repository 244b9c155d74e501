import { checkChallenge, makeChallenge } from '@lightspeed/security';
import type { ChallengedAddress } from '@lightspeed/security';
import type { ClientAddress } from './client-address.ts';
import type { RelayEnvironment } from './relay-options.ts';

/** Asks addresses whether they receive (docs/protocol.md, Path validation). It remembers nothing. */
export class PathChallenges {
  readonly #environment: Pick<RelayEnvironment, 'addresses' | 'challenges' | 'hmacSha256'>;

  constructor(environment: Pick<RelayEnvironment, 'addresses' | 'challenges' | 'hmacSha256'>) {
    this.#environment = environment;
  }

  /** The challenge for an address that wants to be a session's; 0 if the relay cannot make one. */
  for(sessionId: number, at: ClientAddress): bigint {
    const { challenges, hmacSha256 } = this.#environment;
    if (challenges === undefined || hmacSha256 === undefined) return 0n;
    return makeChallenge(challenges.key, this.#target(sessionId, at), challenges.slot(), hmacSha256);
  }

  /** Whether a challenge was sent to this address, for this session, not long ago. */
  isAnswered(challenge: bigint, sessionId: number, at: ClientAddress): boolean {
    const { challenges, hmacSha256 } = this.#environment;
    if (challenge === 0n || challenges === undefined || hmacSha256 === undefined) return false;
    return checkChallenge(challenge, challenges.key, this.#target(sessionId, at), challenges.slot(), hmacSha256);
  }

  #target(sessionId: number, { ip, port }: ClientAddress): ChallengedAddress {
    const address = new Uint8Array(16);
    this.#environment.addresses.write(ip, address, 0);
    return { sessionId, address, port };
  }
}
