import { Issuer, LOOPBACK, LabError, NodeProgram, startRegistrants, watch } from '@lightspeed/lab';
import type { Registrants } from '@lightspeed/lab';
import type { Entrant } from './relay.ts';

/** Limits that are looked at for every packet and that one client alone does not reach with all of the load. */
const RATE_LIMIT = { packetsPerSecond: 1_000_000, bytesPerSecond: 1_000_000_000 };
/** Longer than any run: sessions may go on without their control connections. */
const LIFETIME = { graceSecs: 3_600, sessionTimeoutSecs: 3_600 };
const FLOW_TIMEOUT_SECS = 3_600;
/** Registrations under way at a time. */
const AT_ONCE = 16;
/** Longer than the idle timeout of a control connection. */
const GONE_MS = 40_000;

/** How a node of ours is started. */
export interface OurNodeOptions {
  readonly io: 'batch' | 'portable';
  /** The file of its program, if it is not this checkout's. */
  readonly program?: string;
  /** To what its sockets are bound, if not to 127.0.0.1: all of them, then. */
  readonly dataBind?: string | undefined;
  /** Whether control connections are closed before the load. Sessions go on without. */
  readonly hangsUp?: boolean;
}

/**
 * `lightspeed-proxy serve` as operators run it, with clients that have registered over QUIC with tickets.
 * @param forms how it is spoken to, by name: with packets of version 1 (0), or of version 2 with FEC groups of so many.
 */
export function ourNode({ io, dataBind, hangsUp = false, ...program }: OurNodeOptions, forms: Readonly<Record<string, number>>): Entrant {
  const names = Object.keys(forms);
  const [registrations] = names;
  const start: Entrant['start'] = async ({ folder, gameServer, within, clients, load }, undo) => {
    const issuer = new Issuer();
    const node = await NodeProgram.start({
      ...{ allow: [gameServer], issuer, stateDir: folder, rateLimit: RATE_LIMIT, ...LIFETIME, within, ...program },
      flowTimeoutSecs: program.program === undefined ? FLOW_TIMEOUT_SECS : undefined,
      ...(dataBind === undefined ? { egressIp: LOOPBACK } : { dataBind }),
      flags: ['--io', io, '--workers', '1'],
    });
    undo.use(node);
    const registrants = undo.use(startRegistrants());
    const plan = { control: node.control, pin: node.pinText, ticket: issuer.ticket(), atOnce: AT_ONCE, clients };
    const { sessions, failures } = await registrants.register(plan);
    if (failures.length > 0) {
      throw new LabError('ERR_LAB_PROCESS', `${registrations} does not register all clients: ${failures.join('; ')}`);
    }
    await load.takeSessions(registrations, sessions);
    if (hangsUp) await hangUp(registrants, node);
    return Object.entries(forms).map(([name, groupSize]) => {
      const target = { framing: { kind: 'lstp', groupSize, registrations }, address: node.data } as const;
      return { name, target, pids: [node.pid], lines: node.lines };
    });
  };
  return { names, whyNot: () => undefined, start };
}

/** Resolves when the node knows that the connections are closed. */
async function hangUp(registrants: Registrants, node: NodeProgram): Promise<void> {
  await registrants.hangUp();
  const areClosed = async () => (await node.metric('control_connections')) === 0;
  if (!(await watch(areClosed, GONE_MS))) throw new LabError('ERR_LAB_PROCESS', 'a node keeps control connections that are closed');
  await registrants[Symbol.asyncDispose]();
}
