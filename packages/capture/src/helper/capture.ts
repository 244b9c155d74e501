import { setTimeout } from 'node:timers/promises';
import type { CaptureCounts, CaptureTarget, CapturedFlow, FlowAddress } from '../protocol.ts';
import { gatewayRule, marksOf } from '../rules/marks.ts';
import type { Marks } from '../rules/marks.ts';
import {
  addPeersCommand,
  countersCommand,
  getCaughtCommand,
  getDirectCommand,
  openGateCommands,
  readCounts,
  readSilence,
  tableCommand,
} from '../rules/table.ts';
import type { TableSettings } from '../rules/table.ts';
import type { ControlGroups } from './control-groups.ts';
import { startForwarding } from './forwarding.ts';
import { KnownProcess, NotAllowed } from './known-process.ts';
import { Nft } from './nft.ts';
import { addGatewayRule, addRouting } from './routing.ts';
import { SocketError, closeFd, openPlain, openRaw, openTransparent, portOf, sendAs } from './sockets.ts';
import { TRIAL_INTERFACES, addTrialInterfaces, findObstacle, removeTrialInterfaces, tryDevice, tryProgram } from './trial.ts';

/** Flows that move are seen within it. */
const OBSERVE_MS = 1_000;

/** What a capture is made for. */
export interface CaptureOrder {
  /** From 1; no other capture has it. */
  readonly number: number;
  readonly uid: number;
  readonly target: CaptureTarget;
  readonly nodes: readonly string[];
}

/** The datagrams of some programs or devices, caught: its rules, and the sockets that only root may open. */
export class Capture {
  /** The socket that what is caught comes to; closed by {@link listenerTaken}. */
  readonly listener: number;
  readonly port: number;
  readonly #order: CaptureOrder;
  readonly #marks: Marks;
  readonly #nft: Nft;
  readonly #groups: ControlGroups | undefined;
  readonly #group: string | undefined;
  readonly #raw: number;
  readonly #ending: (() => unknown)[];
  readonly #startMs = performance.now();
  #isOver = false;

  private constructor(
    order: CaptureOrder,
    nft: Nft,
    groups: ControlGroups | undefined,
    group: string | undefined,
    listener: number,
    ending: (() => unknown)[],
  ) {
    this.#order = order;
    this.#marks = marksOf(order.number, order.target.kind === 'gateway');
    this.#nft = nft;
    this.#groups = groups;
    this.#group = group;
    this.listener = listener;
    this.port = portOf(listener);
    this.#raw = openRaw(this.#marks.resent);
    this.#ending = [...ending, () => closeFd(this.#raw)];
  }

  /**
   * Makes the rules: with a gate that only the trial passes.
   * @throws {NotAllowed} if the user may not catch that. {Error} if this machine cannot.
   */
  static async start(order: CaptureOrder, groups: ControlGroups | undefined): Promise<Capture> {
    const ending: (() => unknown)[] = [];
    try {
      const { number, target, uid, nodes } = order;
      const isGateway = target.kind === 'gateway';
      const marks = marksOf(number, isGateway);
      await addRouting();
      let group: string | undefined;
      let rules: TableSettings['target'];
      if (isGateway) {
        await addTrialInterfaces();
        ending.push(removeTrialInterfaces);
        const forwarding = startForwarding(target.lan, gatewayRule(marks));
        ending.push(() => forwarding.end());
        await addGatewayRule(marks);
        const isIp = (device: string) => !device.includes(':');
        const ips = target.devices.filter(isIp);
        const macs = target.devices.filter((device) => !isIp(device));
        // A trial's datagram comes from an address that no device has.
        rules = {
          kind: 'gateway',
          lan: [target.lan, TRIAL_INTERFACES[1]],
          ips: ips.length + macs.length > 0 ? [...ips, '192.0.2.2'] : [],
          macs,
        };
      } else if (target.kind === 'namespace') {
        rules = target;
      } else {
        if (groups === undefined) throw new Error('this system has no control groups of version 2, by which programs are told apart');
        group = target.kind === 'run' ? groups.take(uid) : groups.existing(target.path, uid);
        if (target.kind === 'run') {
          const taken = group;
          ending.push(() => groups.giveBack(taken));
        }
        rules = { kind: 'cgroup', ...groups.nftPath(group) };
      }
      const listener = openTransparent({ ip: '127.0.0.1', port: 0 }, marks.answer);
      ending.push(() => closeFd(listener));
      const nft = new Nft();
      ending.push(() => nft.end());
      nft.command(tableCommand({ number, marks, port: portOf(listener), nodes, target: rules }));
      return new Capture(order, nft, groups, group, listener, ending);
    } catch (error) {
      await runAll(ending);
      throw error;
    }
  }

  /** Sends a datagram the whole way, and opens the gate if its answer came. @returns what stands in its way otherwise */
  async trial(): Promise<string | undefined> {
    const { target } = this.#order;
    const passed = target.kind === 'gateway' ? await tryDevice() : await tryProgram(this.#openCaught());
    if (!passed) return (await findObstacle()) ?? 'a datagram does not come through, and no rule of nftables says why';
    if (target.kind === 'gateway') await removeTrialInterfaces();
    // What flows already is seen first, and stays direct.
    if (target.kind === 'cgroup' || target.kind === 'gateway') await setTimeout(OBSERVE_MS - (performance.now() - this.#startMs));
    for (const command of openGateCommands(this.#order.number)) this.#nft.command(command);
    return undefined;
  }

  /** @throws {NotAllowed} unless the process is the user's. */
  place(pid: number): void {
    if (this.#order.target.kind !== 'run') throw new NotAllowed('only what is started by run can be placed');
    this.#needGroups().place(new KnownProcess(pid), this.#order.uid, this.#needGroup());
  }

  /**
   * A socket with a server's address: only answers to flows that were caught leave it. The rules say nothing of what comes to it. So
   * nobody gets one with an address of this machine, or a port of its services.
   * @returns its descriptor: whoever gets it closes it
   * @throws {NotCaught} unless the flow was caught.
   */
  answer(flow: CapturedFlow): number {
    try {
      this.#nft.command(getCaughtCommand(this.#order.number, flow));
    } catch {
      throw notCaught(flow);
    }
    return openTransparent(flow.server, this.#marks.answer);
  }

  /** Sends a datagram in a program's name. From then on the kernel carries the flow. @throws {NotCaught} unless the flow was caught. */
  direct(flow: CapturedFlow, datagram: Uint8Array): void {
    try {
      sendAs(this.#raw, flow, datagram);
    } catch (error) {
      // The rules have dropped it.
      if (!(error instanceof SocketError) || error.errno !== 'EPERM') throw error;
      throw notCaught(flow);
    }
  }

  /**
   * For how many milliseconds nothing has come from the program of a flow that the kernel carries.
   * @throws {NotCaught} if it carries no such flow, or has forgotten it.
   */
  silentMs(flow: CapturedFlow): number {
    try {
      const silentMs = readSilence(this.#nft.command(getDirectCommand(this.#order.number, flow)));
      if (silentMs !== undefined) return silentMs;
    } catch {
      // Then it is not there.
    }
    throw notCaught(flow);
  }

  /** From now on the kernel carries what a program's socket begins. */
  peers(source: FlowAddress): void {
    this.#nft.command(addPeersCommand(this.#order.number, source));
  }

  counts(): CaptureCounts {
    const counts = readCounts(this.#nft.command(countersCommand(this.#order.number)));
    const of = (name: string) => counts.get(name) ?? 0;
    return {
      caught: of('caught_datagrams'),
      direct: of('direct_datagrams'),
      peers: of('peer_datagrams'),
      answersRefused: of('answers_refused'),
    };
  }

  /** Takes everything away. Harmless when repeated. */
  async end(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    await runAll(this.#ending);
  }

  /** A socket like that of a program that is caught. */
  #openCaught(): number {
    return this.#order.target.kind === 'namespace' ? openPlain() : this.#needGroups().within(this.#needGroup(), openPlain);
  }

  #needGroups(): ControlGroups {
    if (this.#groups === undefined) throw new Error('this capture has no control groups');
    return this.#groups;
  }

  #needGroup(): string {
    if (this.#group === undefined) throw new Error('this capture has no control group');
    return this.#group;
  }
}

/** A request about a flow that was not caught. */
export class NotCaught extends Error {
  override readonly name = 'NotCaught';
}

function notCaught({ source, server }: CapturedFlow): NotCaught {
  return new NotCaught(`nothing was caught from ${source.ip}:${source.port} to ${server.ip}:${server.port}`);
}

/** The latest first: rules go before what they need. */
async function runAll(ending: (() => unknown)[]): Promise<void> {
  for (let end = ending.pop(); end !== undefined; end = ending.pop()) await end();
}
