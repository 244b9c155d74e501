import { NetemLink, Simulation } from '@lightspeed/netem';
import type { Impairments } from '@lightspeed/netem';
import { PeerCapability } from '@lightspeed/session';
import type { ProtectionTerms, RelayOptions, TunnelOptions } from '@lightspeed/session';
import type { Endpoint } from '@lightspeed/wire';
import { endpoint } from './lstp-client.ts';
import { RelayHost } from './relay-host.ts';
import type { EgressDatagram } from './datagram.ts';
import { TunnelHost } from './tunnel-host.ts';

export interface WorldOptions {
  readonly seed: number;
  readonly tunnels: number;
  readonly link: Impairments;
  readonly relay?: Partial<RelayOptions>;
  readonly tunnel?: Partial<TunnelOptions>;
  /** Registers each tunnel first, so that it can prove its session. */
  readonly registered?: boolean;
  /** What registered clients and the relay have agreed on for protection. */
  readonly terms?: ProtectionTerms;
  /** Whether registered clients say that they can tag packets. */
  readonly canTag?: boolean;
}

/** How long a message takes over a control connection. */
const CONTROL_MS = 60;
const FIRST_SESSION_ID = 1_000;

/** One way between a tunnel and the relay; its address may change in the middle. */
export interface WorldPath {
  address: Endpoint;
  readonly link: NetemLink<Uint8Array>;
}

export interface WorldTunnel {
  readonly host: TunnelHost;
  readonly paths: WorldPath[];
  readonly link: NetemLink<Uint8Array>;
  /** The address from which it registers. */
  readonly home: Endpoint;
  /** The registration's token; 0 without one. */
  readonly token: number;
}

/** A relay, tunnels that reach it over an emulated network each, and game servers next to it; on a virtual clock. */
export class World {
  readonly simulation: Simulation;
  /** The one that runs now, see {@link World.restart}. */
  relay: RelayHost;
  readonly tunnels: WorldTunnel[] = [];
  readonly #options: WorldOptions;
  /** What arrives at the game servers; `answer` sends something back at once. */
  onServer: (datagram: EgressDatagram, answer: (bytes: Uint8Array) => void) => void = () => undefined;

  constructor(options: WorldOptions) {
    this.simulation = new Simulation({ startMs: 1_000 });
    this.#options = options;
    this.relay = this.#makeRelay();
    this.#drive(() => this.relay, 1_000);
    for (let i = 0; i < options.tunnels; i++) this.#addTunnel(i, options);
  }

  /** Lets the time pass. */
  run(ms: number): void {
    this.simulation.runUntil(this.simulation.nowMs + ms);
  }

  /** Another relay goes on with the sessions of registered tunnels, from a snapshot. The former one sends nothing any more. */
  restart(): void {
    const former = this.relay;
    former.onFlush = undefined;
    const saved = former.relay.snapshots.takeAll();
    this.relay = this.#makeRelay();
    this.relay.nowMs = this.simulation.nowMs;
    this.relay.tick();
    for (const snapshot of saved) {
      const index = snapshot.sessionId - FIRST_SESSION_ID;
      const { home, token } = this.tunnels[index];
      this.relay.relay.register({ ...this.#registrationOf(index), ...this.relay.prefixOf(home.ip), token, nonces: snapshot.nonces });
      if (!this.relay.relay.snapshots.restore(structuredClone(snapshot))) throw new Error('a session was not restored');
    }
  }

  #makeRelay(): RelayHost {
    const relay = new RelayHost(this.#options.relay);
    relay.onFlush = () => this.#collectFromRelay();
    relay.onTagging = (sessionId) => this.#later(() => this.tunnels[sessionId - FIRST_SESSION_ID].host.startTags());
    return relay;
  }

  #addTunnel(index: number, options: WorldOptions): void {
    const paths = Array.from({ length: options.tunnel?.paths ?? 1 }, (_, path) => ({
      address: endpoint(`203.0.113.${index * 4 + path + 1}:40000`),
      link: new NetemLink<Uint8Array>({ ...options.link, seed: options.seed * 100 + index * 4 + path }),
    }));
    const registered = options.registered === true ? this.#register(index, paths[0]) : undefined;
    const host = new TunnelHost({ ...options.tunnel, ...registered });
    this.tunnels.push({ host, paths, link: paths[0].link, home: paths[0].address, token: registered?.token ?? 0 });
    host.onAttacked = () => this.#later(() => void this.relay.relay.tag(FIRST_SESSION_ID + index));
    this.#drive(() => host, 1_000);
    host.onPacket = (path, bytes) => paths[path].link.aToB.send(bytes, bytes.length, this.simulation.nowMs);
    paths.forEach((path, number) => {
      this.simulation.attach(path.link.aToB, (bytes, nowMs) => {
        this.relay.nowMs = nowMs;
        this.relay.fromClient(bytes, path.address.ip, path.address.port);
      });
      this.simulation.attach(path.link.bToA, (bytes, nowMs) => {
        host.nowMs = nowMs;
        host.fromNode(bytes, undefined, number);
      });
    });
  }

  /** Does something when a message has come over a control connection. */
  #later(action: () => void): void {
    this.simulation.at(this.simulation.nowMs + CONTROL_MS, action);
  }

  #register(index: number, { address }: WorldPath) {
    const registration = this.#registrationOf(index);
    const token = this.relay.register({ ...registration, ip: address.ip });
    return { token, registration, terms: this.#options.terms };
  }

  #registrationOf(index: number) {
    const { canTag, terms } = this.#options;
    return {
      sessionId: FIRST_SESSION_ID + index,
      secret: new Uint8Array(16).fill(index + 1),
      dialect: 'standard' as const,
      protection: terms,
      capabilities: PeerCapability.challenges | (canTag === true ? PeerCapability.tags : 0),
    };
  }

  /** Calls a host's tick when it is due. */
  #drive(current: () => RelayHost | TunnelHost, startMs: number): void {
    let nextMs = startMs;
    this.simulation.add({
      nextWakeMs: () => {
        const host = current();
        const soonerMs = (host instanceof RelayHost ? host.relay : host.tunnel).msUntilSooner();
        if (soonerMs >= 0) nextMs = Math.min(nextMs, host.nowMs + soonerMs);
        return nextMs;
      },
      wake: (nowMs) => {
        const host = current();
        host.nowMs = nowMs;
        nextMs = nowMs + Math.max(1, Math.min(host.tick(), 20));
      },
    });
  }

  #collectFromRelay(): void {
    for (const { bytes, ip, port } of this.relay.takeToClients()) {
      const paths = this.tunnels.flatMap((tunnel) => tunnel.paths);
      const path = paths.find(({ address }) => address.ip === ip && address.port === port);
      path?.link.bToA.send(bytes, bytes.length, this.simulation.nowMs);
    }
    for (const datagram of this.relay.takeToServers()) {
      const { egress, ip, port } = datagram;
      this.onServer(datagram, (bytes) => {
        this.simulation.at(this.simulation.nowMs + 1, () => {
          if (this.relay.openEgressSockets.has(egress)) this.relay.fromServer(egress, bytes, ip, port);
        });
      });
    }
  }
}
