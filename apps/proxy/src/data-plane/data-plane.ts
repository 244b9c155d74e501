import { FecMemory } from '@lightspeed/fec';
import { CHALLENGE_SLOT_SECONDS, DestinationPolicy } from '@lightspeed/security';
import type { ProofNoncesState } from '@lightspeed/security';
import { hmacSha256 } from '@lightspeed/security/node';
import { Relay, relayCountersIn, snapshotsIn, unpackTerms } from '@lightspeed/session';
import type { ClientAddress, RefusedAccount, RelayLimits, RelayOutput, SessionReport, StepName } from '@lightspeed/session';
import type { DatagramEngine, DatagramHandler, DatagramSocket } from '@lightspeed/udp';
import type { AddressHandle, ArenaOffset, ByteLength, EgressId, Milliseconds, Port } from '@lightspeed/wire';
import { ON_BIND_ADDRESS, ON_OWN_ADDRESS } from './data-sockets.ts';
import type { DataSockets } from './data-sockets.ts';
import { EgressSockets } from './egress-sockets.ts';
import { FORWARDING_PREFIX_BYTES, WorkerForwarding } from './worker-forwarding.ts';
import type { Ban, DestinationRules, FromWorker, RegisteredClient, SnapshotScope, WorkerStart } from './messages.ts';
import { unpack } from './chunks.ts';
import { randomSource } from './random-source.ts';
import { SharedSessionClaims } from './session-claims.ts';
import { SharedSessionQuota } from './session-quota.ts';
import { NEXT_STEP_MS, SnapshotTeller } from './snapshots.ts';

/** The tag of the socket that other workers talk to; egress sockets are tagged with their numbers. */
const FORWARDING = -3;

/**
 * The relay asks to be called when an open FEC group gets too old, but a group may open right after it was asked. So it
 * is called this often while datagrams come. Without any it is left to sleep: a node that idles takes no processor.
 */
const MAX_TICK_MS = 25;

/**
 * A worker's packet path, in both directions:
 *
 *  1. onDatagrams    a batch of one socket: from clients if it is the data plane's, or by way of another worker, else from
 *                    a game server
 *  2. relay          decides about each datagram (`upstream.ts` and `downstream.ts` of @lightspeed/session)
 *  3. toServer, toClient, forward     queue what it lets through, in place
 *  4. onSent         the engine has sent it all; the relay's blocks are free again
 */
export class DataPlane implements DatagramHandler, RelayOutput {
  readonly #engine: DatagramEngine;
  readonly #relay: Relay;
  readonly #data: DataSockets;
  readonly #egress: EgressSockets;
  readonly #forwardToOwner: WorkerForwarding;
  readonly #snapshots: SnapshotTeller;
  readonly #takeMessages: () => void;
  readonly #tell: (message: FromWorker) => void;
  /** What the clients of sessions are to be told, from this tick. */
  #reports: SessionReport[] = [];
  /** Whether datagrams came since the last tick. */
  #isBusy = false;
  /** Whether the datagrams at hand came by way of another worker: two that disagree must not play ball with them. */
  #isForwarded = false;

  /**
   * @param data the open sockets of the data plane.
   * @param forward the open socket to which other workers forward; null if there are none.
   * @param takeMessages called when the main thread has something to say.
   * @param tell posts to the main thread.
   */
  constructor(
    engine: DatagramEngine,
    data: DataSockets,
    forward: DatagramSocket | null,
    start: WorkerStart,
    takeMessages: () => void,
    tell: (message: FromWorker) => void,
  ) {
    const { relay: options, policy, shared } = start;
    this.#engine = engine;
    this.#data = data;
    if (forward !== null) forward.tag = FORWARDING;
    const random = randomSource();
    const { addresses } = engine;
    this.#forwardToOwner = new WorkerForwarding(engine, forward, addresses, start.index, start.workers);
    const claims = new SharedSessionClaims(shared.claims, start.index, (sessionId) => this.#released(sessionId));
    this.#egress = new EgressSockets(engine, start.egress);
    this.#takeMessages = takeMessages;
    this.#tell = tell;
    const { reserve, memory } = engine.arena;
    this.#relay = new Relay(options, {
      memory: new FecMemory(memory, reserve.start, reserve.lengthBytes),
      policy: new DestinationPolicy(policy),
      addresses,
      counters: relayCountersIn(shared.relayCounters),
      output: this,
      random,
      hmacSha256,
      challenges: { key: start.challengeKey, slot: () => Math.floor(Date.now() / (CHALLENGE_SLOT_SECONDS * 1_000)) },
      claims,
      limitsMemory: shared.limits,
      quota: new SharedSessionQuota(shared.sessions, start.index, options.maxClients),
    });
    this.#snapshots = new SnapshotTeller(this.#relay.snapshots, tell);
    // The engine's own reading of this clock starts with its run.
    const nowUs = engine.nowUs();
    this.#relay.advance((nowUs / 1_000) | 0, nowUs | 0);
    for (const ban of start.bans) this.ban(ban);
    for (const client of unpack(start.registrations)) this.register(client);
    // Taken out, since what a thread is started with stays in its memory.
    for (let records = start.snapshots.shift(); records !== undefined; records = start.snapshots.shift()) {
      for (const snapshot of snapshotsIn(records)) this.#relay.snapshots.restore(snapshot);
    }
  }

  onDatagrams(socket: DatagramSocket, count: number): void {
    const { offsets, lengths, ips, ports, locals } = this.#engine.received;
    const relay = this.#relay;
    relay.advance(this.#engine.clockMs, this.#engine.clockUs);
    if (!this.#isBusy) {
      this.#isBusy = true;
      this.#engine.tickWithin(MAX_TICK_MS);
    }
    const { tag } = socket;
    if (tag === ON_OWN_ADDRESS) {
      const { localIp } = socket;
      for (let i = 0; i < count; i++) relay.handleClientDatagram(offsets[i], lengths[i], ips[i], ports[i], localIp);
    } else if (tag === ON_BIND_ADDRESS) {
      for (let i = 0; i < count; i++) relay.handleClientDatagram(offsets[i], lengths[i], ips[i], ports[i], locals[i]);
    } else if (tag === FORWARDING) {
      this.#takeForwarded(count);
    } else {
      for (let i = 0; i < count; i++) relay.handleServerDatagram(tag, offsets[i], lengths[i], ips[i], ports[i]);
    }
    const soonerMs = relay.msUntilSooner();
    if (soonerMs >= 0) this.#engine.tickWithin(soonerMs);
  }

  onSent(): void {
    this.#relay.sent();
  }

  onWake(): void {
    this.#relay.advance(this.#engine.clockMs, this.#engine.clockUs);
    this.#takeMessages();
  }

  onTick(): number {
    this.#relay.advance(this.#engine.clockMs, this.#engine.clockUs);
    const wasBusy = this.#isBusy;
    this.#isBusy = false;
    const dueInMs = this.#relay.handleTimeout();
    this.#tellReports();
    return this.#snapshots.advance(wasBusy ? Math.min(MAX_TICK_MS, dueInMs) : dueInMs);
  }

  /** All of a tick in one message. */
  #tellReports(): void {
    if (this.#reports.length === 0) return;
    this.#tell({ type: 'reports', reports: this.#reports });
    this.#reports = [];
  }

  #takeForwarded(count: number): void {
    const { offsets, lengths, ips, ports } = this.#engine.received;
    const forward = this.#forwardToOwner;
    this.#isForwarded = true;
    for (let i = 0; i < count; i++) {
      const offset = offsets[i];
      if (!forward.accepts(lengths[i], ips[i], ports[i])) continue;
      const length = lengths[i] - FORWARDING_PREFIX_BYTES;
      const start = offset + FORWARDING_PREFIX_BYTES;
      this.#relay.handleClientDatagram(start, length, forward.clientIp(offset), forward.clientPort(offset), forward.localIp(offset));
    }
    this.#isForwarded = false;
  }

  toClient(offset: ArenaOffset, length: ByteLength, to: ClientAddress): void {
    this.#data.send(offset, length, to);
  }

  toServer(egress: EgressId, offset: ArenaOffset, length: ByteLength, ip: AddressHandle, port: Port): void {
    this.#egress.send(egress, offset, length, ip, port);
  }

  forward(worker: number, offset: ArenaOffset, length: ByteLength, ip: AddressHandle, port: Port, local: AddressHandle): void {
    if (!this.#isForwarded) this.#forwardToOwner.send(worker, offset, length, ip, port, local);
  }

  openEgress(port: Port): number {
    return this.#egress.open(port);
  }

  egressPort(egress: EgressId): number {
    return this.#egress.portOf(egress);
  }

  closeEgress(egress: EgressId): void {
    this.#egress.close(egress);
  }

  flush(): void {
    this.#engine.flush();
    this.#relay.sent();
  }

  banned(prefixHigh: number, prefixLow: number, durationMs: Milliseconds): void {
    this.#tell({ type: 'banned', prefixHigh, prefixLow, durationMs });
  }

  misused(sessionId: number): void {
    this.#tell({ type: 'misused', sessionId });
  }

  protectionChanged(sessionId: number | undefined, step: StepName, reason: string): void {
    this.#tell({ type: 'protection', sessionId, step, reason });
  }

  overShare(who: RefusedAccount): void {
    this.#tell({ type: 'over-share', who });
  }

  reported(report: SessionReport): void {
    this.#reports.push(report);
  }

  attacked(sessionId: number): void {
    this.#tell({ type: 'attacked', sessionId });
  }

  tagging(sessionId: number): void {
    this.#tell({ type: 'tagging', sessionId });
  }

  /** Another worker's ban. */
  ban({ prefixHigh, prefixLow, durationMs }: Ban): void {
    this.#relay.ban(prefixHigh, prefixLow, durationMs);
  }

  /** The machine's IPv4 addresses are others now: nothing is relayed to them any more, flows that are open included. */
  setOwnAddresses(ips: readonly number[]): void {
    this.#relay.setOwnAddresses(ips);
  }

  /** The operator has other limits, and other rules for destinations. */
  setLimits(limits: RelayLimits, rules: DestinationRules): void {
    this.#relay.setLimits(limits);
    this.#relay.setDestinationRules(rules);
  }

  /** Where other workers are reached now. */
  setPeers(ports: readonly number[]): void {
    this.#forwardToOwner.setPorts(ports);
  }

  register(client: RegisteredClient): void {
    const { secretHex } = client;
    this.#relay.register({ ...client, secret: secretHex === undefined ? undefined : Buffer.from(secretHex, 'hex') });
  }

  unregister(sessionId: number): void {
    this.#relay.unregister(sessionId);
  }

  /** The client of a registration has registered again. @param terms see `packTerms`. */
  agree(sessionId: number, terms: number): void {
    this.#relay.agree(sessionId, unpackTerms(terms));
  }

  /** The client of a registration wants tags on the packets of its session. */
  tag(sessionId: number): void {
    this.#relay.tag(sessionId);
  }

  /** Tells of sessions of registrations, some at a time. */
  takeSnapshots(request: number, scope: SnapshotScope): void {
    this.#snapshots.take(request, scope);
    this.#engine.tickWithin(NEXT_STEP_MS);
  }

  /** Tells for how long clients have sent nothing. */
  tellIdle(request: number, sessionIds: readonly number[]): void {
    this.#tell({ type: 'idle', request, idleMs: sessionIds.map((sessionId) => this.#relay.idleMsOf(sessionId)) });
  }

  /** The client of a registration has had the node measure a game server that is new to it. */
  readonly countDestination = (sessionId: number): void => this.#relay.countDestination(sessionId);

  /** Another worker had the session, and accepted these proofs. */
  noteNonces(sessionId: number, nonces: ProofNoncesState): void {
    this.#relay.noteNonces(sessionId, nonces);
  }

  /** A proof that was accepted here must not be new to the worker that has the session next. */
  #released(sessionId: number): void {
    const nonces = this.#relay.noncesOf(sessionId);
    if (nonces !== undefined) this.#tell({ type: 'released', sessionId, nonces });
  }

  /** Tells of all sessions of registrations and ends the engine's run, without a word to anybody else. */
  suspend(): void {
    this.#snapshots.tellAll();
    this.#engine.stop();
  }

  /** Says goodbye to every client and ends the engine's run. */
  stop(): void {
    this.#relay.shutdown();
    this.#engine.stop();
  }
}
