/** A session as it is kept between two runs of a program. */
export interface KeptSession {
  /** Unsigned. */
  readonly sessionId: number;
  readonly token: number;
  /** 16 bytes. */
  readonly secret: Uint8Array;
  /** The first nonce of this run. A store gives no run one that an earlier run may have used (docs/protocol.md, Registered clients). */
  readonly nonces: bigint;
}

/** A place in a {@link SessionStore}, which nobody else has while this run lasts. */
export interface SessionPlace {
  /** What an earlier run has left; undefined if there is nothing that may still be good. */
  readonly kept: KeptSession | undefined;
  /** Keeps the session that the node has given. Never rejects: a session that cannot be kept is as good until the end. */
  keep(session: KeptSession): Promise<void>;
  /** Gives the place back. @param isOver whether the session is over, so that nothing is left to keep. */
  leave(isOver: boolean): Promise<void>;
}

/** Keeps sessions, so that the next run of a program goes on with that of a run that was killed. */
export interface SessionStore {
  /**
   * @param node the node's name, `HOST:PORT` of its control plane.
   * @param ticket as it is given to the node.
   * @returns the place of this node and ticket; undefined if another program has it, or nothing can be kept. Never rejects.
   */
  take(node: string, ticket: Uint8Array | undefined): Promise<SessionPlace | undefined>;
}
