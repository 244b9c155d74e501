import { existsSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import type { SocketAddress } from '@lightspeed/wire';
import { homeFolder } from '../base/home-folder.ts';
import { readConfigFile } from '../config/config-file.ts';
import type { NodeConfig } from '../config/node-config.ts';
import { OPTIONS } from '../config/options.ts';
import type { Field } from '../config/options.ts';
import { ADMIN_SOCKET } from '../state/admin-socket.ts';
import { parseConfig } from '../config/parse-config.ts';
import type { Given, GivenByField } from '../config/parse-config.ts';

/** Flags as they come from the command line. */
export interface ServeFlags {
  readonly config?: string;
  readonly dataBind?: string;
  readonly controlBind?: string;
  readonly stateDir?: string;
  readonly certificate?: string;
  readonly privateKey?: string;
  readonly issuerKey?: readonly string[];
  readonly revocationList?: string;
  readonly egressBind?: string;
  readonly egressPorts?: string;
  readonly httpBind?: string;
  readonly open?: boolean;
  readonly allowOpen?: boolean;
  readonly allowDestination?: readonly string[];
  readonly onlyAllowedDestinations?: boolean;
  readonly denyDestination?: readonly string[];
  readonly workers?: string;
  readonly io?: string;
  readonly pin?: string;
  readonly busyPoll?: string;
  readonly dialect?: string;
  readonly tags?: string;
  readonly protect?: string;
  readonly deadlineMs?: string;
  readonly budget?: string;
  readonly budgetKbps?: string;
  readonly nodeId?: string;
  readonly region?: string;
  readonly check?: boolean;
  readonly trial?: boolean;
  readonly logLevel?: string;
  readonly logFormat?: string;
}

interface Flag {
  readonly name: string;
  readonly field: Field;
  /** What the flag's value would be in a file. */
  readonly value: (flags: ServeFlags) => unknown;
}

const FLAGS: readonly Flag[] = [
  { name: '--data-bind', field: 'dataBind', value: ({ dataBind }) => dataBind },
  { name: '--control-bind', field: 'controlBind', value: ({ controlBind }) => controlBind },
  { name: '--state-dir', field: 'stateDir', value: ({ stateDir }) => stateDir },
  { name: '--certificate', field: 'certificate', value: ({ certificate }) => certificate },
  { name: '--private-key', field: 'privateKey', value: ({ privateKey }) => privateKey },
  { name: '--issuer-key', field: 'issuerKeys', value: ({ issuerKey }) => issuerKey },
  { name: '--revocation-list', field: 'revocationList', value: ({ revocationList }) => revocationList },
  { name: '--egress-bind', field: 'egressBind', value: ({ egressBind }) => egressBind },
  { name: '--egress-ports', field: 'egressPorts', value: ({ egressPorts }) => egressPorts },
  { name: '--http-bind', field: 'httpBind', value: ({ httpBind }) => httpBind },
  { name: '--open', field: 'requireAuth', value: ({ open }) => (open === true ? false : undefined) },
  { name: '--allow-open', field: 'allowOpen', value: ({ allowOpen }) => allowOpen },
  { name: '--allow-destination', field: 'allowDestinations', value: ({ allowDestination }) => allowDestination },
  {
    name: '--only-allowed-destinations',
    field: 'onlyAllowedDestinations',
    value: ({ onlyAllowedDestinations }) => onlyAllowedDestinations,
  },
  { name: '--deny-destination', field: 'denyDestinations', value: ({ denyDestination }) => denyDestination },
  { name: '--workers', field: 'workers', value: ({ workers }) => numberIn(workers) },
  { name: '--io', field: 'io', value: ({ io }) => io },
  { name: '--pin', field: 'pin', value: ({ pin }) => pin },
  { name: '--busy-poll', field: 'busyPollUs', value: ({ busyPoll }) => numberIn(busyPoll) },
  { name: '--dialect', field: 'dialect', value: ({ dialect }) => dialect },
  { name: '--tags', field: 'tags', value: ({ tags }) => tags },
  { name: '--protect', field: 'protect', value: ({ protect }) => protect },
  { name: '--deadline-ms', field: 'deadlineMs', value: ({ deadlineMs }) => numberIn(deadlineMs) },
  { name: '--budget', field: 'budget', value: ({ budget }) => budget },
  { name: '--budget-kbps', field: 'budgetKbps', value: ({ budgetKbps }) => numberIn(budgetKbps) },
  { name: '--node-id', field: 'nodeId', value: ({ nodeId }) => nodeId },
  { name: '--region', field: 'region', value: ({ region }) => region },
  { name: '--log-level', field: 'logLevel', value: ({ logLevel }) => logLevel },
  { name: '--log-format', field: 'logFormat', value: ({ logFormat }) => logFormat },
];

/** As the unit of the packages names it. */
const PACKAGED_STATE_DIR = '/var/lib/lightspeed';

/**
 * The configuration that file and flags give together. A flag goes before the file.
 * @throws {ConfigError}
 */
export function configFromFlags(flags: ServeFlags): NodeConfig {
  const fromFile = flags.config === undefined ? new Map<Field, Given>() : readConfigFile(flags.config);
  const given: Partial<Record<Field, Given>> = Object.fromEntries(fromFile);
  for (const { name, field, value } of FLAGS) {
    const own = value(flags);
    if (own === undefined) continue;
    given[field] = { value: own, source: name };
  }
  const config = parseConfig(given satisfies GivenByField);
  if (given.stateDir !== undefined || config.controlBind === undefined) return config;
  const stateDir = defaultStateDir(config.controlBind);
  return stateDir === undefined ? config : parseConfig({ ...given, stateDir: { value: stateDir, source: '--state-dir' } });
}

/**
 * The folder that a service manager gives (systemd: StateDirectory=), else one of the user's own for each port, as a folder
 * is one node's only. None for a port that is another one each time.
 */
export function defaultStateDir({ port }: Pick<SocketAddress, 'port'>, environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const [given] = (environment.STATE_DIRECTORY ?? '').split(':');
  if (given !== '') return given;
  if (port === 0) return undefined;
  const base = environment.XDG_STATE_HOME;
  return join(base !== undefined && isAbsolute(base) ? base : join(homeFolder(), '.local', 'state'), 'lightspeed-proxy', String(port));
}

/**
 * The folder of the node that runs on this machine, when nobody names it. It is {@link defaultStateDir} for the usual port. If no node of
 * this user's own runs, it is that of the packages' service.
 * @param packaged the folder of the packages' service.
 */
export function runningStateDir(packaged = PACKAGED_STATE_DIR, environment: NodeJS.ProcessEnv = process.env): string {
  const own = defaultStateDir(OPTIONS.controlBind.fallback ?? { port: 0 }, environment) ?? '.';
  const isGiven = (environment.STATE_DIRECTORY ?? '') !== '';
  return !isGiven && !existsSync(join(own, ADMIN_SOCKET)) && existsSync(packaged) ? packaged : own;
}

/** A text that is no number stays what it is, to be refused by its name. */
function numberIn(text: string | undefined): unknown {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : text;
}
