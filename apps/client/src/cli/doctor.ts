import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { release } from 'node:os';
import { promisify } from 'node:util';
import { CaptureError, CaptureClient, startNamespaceHelper, testCapture } from '@lightspeed/capture';
import { whyNoProbes } from '@lightspeed/probe';
import { chooseEngine } from '@lightspeed/udp';
import { ClientError } from '../base/errors.ts';
import { explained } from '../catch/capture.ts';
import { prepareRootless } from '../catch/rootless-game.ts';
import { NodeLink } from '../control/node-link.ts';
import { resolveNode } from '../control/reach-node.ts';
import { familyOf } from '../settings/addresses.ts';
import { parseRegisterSettings } from '../settings/register-settings.ts';
import { findDefaultRoute } from './default-route.ts';
import type { NodeArgument } from './endpoint.ts';
import { registrationOf } from './registration.ts';
import type { RegistrationOptions } from './registration.ts';
import type { Terminal } from './terminal.ts';

/** The options of `doctor`. */
export interface DoctorOptions extends Omit<RegistrationOptions, 'register' | 'open' | 'token'> {
  readonly node?: readonly NodeArgument[];
  readonly helper: string;
  readonly json?: boolean;
}

/** What is found about one thing. */
type Finding = {
  readonly check: string;
  readonly found: string;
  readonly advice?: string;
  /** What needs it; other commands work without. */
  readonly neededFor?: string;
} & (
  | {
      /** `no` where something that the user needs does not work; `note` where it works, and there is something to know. */
      readonly state: 'ok' | 'no' | 'note';
    }
  | {
      /** Something optional is not there. */
      readonly state: 'absent';
      readonly neededFor: string;
    }
);

type Check = () => Finding | Promise<Finding>;

const LOOK_UP_MS = 3_000;
const TOOL_MS = 5_000;
/** A ticket's first and last minute are not what anybody should depend on. */
const MOST_CLOCK_MS = 60_000;
/** What a packet of 1,500 bytes leaves a game, behind the headers of IP, UDP and LSTP with a tag. */
const USUAL_MTU = 1_500;
const CATCHING = 'run, catch and gateway; play and socks work without';
const ONLY = { ipv4: 'networks that have IPv4 only', ipv6: 'networks that have IPv6 only' } as const;
type Family = keyof typeof ONLY;
const MARKS: Readonly<Record<Finding['state'], string>> = { ok: 'ok', no: 'no', note: 'note', absent: 'not there' };
const MARK_COLUMNS = 9;
const NAME_COLUMNS = 14;
const run = promisify(execFile);

/** `lightspeed doctor`. @returns the exit code: 1 if something does not work that is needed. */
export async function doctor(options: DoctorOptions, terminal: Terminal): Promise<number> {
  const findings: Finding[] = [];
  // On other systems nothing catches games. The helper is spoken to by the addon by which the batch engine works.
  const helpers = chooseEngine('auto').kind === 'batch' ? [() => helper(options.helper), rootless] : [];
  const isLinux = process.platform === 'linux';
  const catching = isLinux ? [nft, controlGroups, ...helpers] : [];
  for (const check of [system, engine, ...catching, probes, ...(isLinux ? [mtu] : []), clock, ...nodeChecks(options, terminal)]) {
    const finding = await check();
    findings.push(finding);
    if (options.json !== true) show(finding, terminal);
  }
  const isWell = findings.every(({ state }) => state !== 'no');
  if (options.json === true) terminal.json({ ok: isWell, findings });
  else terminal.line(isWell ? 'this machine can do what LightSpeed needs' : 'something that is needed does not work: see "no" above');
  return isWell ? 0 : 1;
}

function show({ check, state, found, advice, neededFor }: Finding, terminal: Terminal): void {
  const mark = MARKS[state].padEnd(MARK_COLUMNS);
  terminal.line(`${state === 'no' ? terminal.bad(mark) : mark}  ${check.padEnd(NAME_COLUMNS)}  ${found}`);
  const below = [advice, neededFor && `${state === 'absent' ? 'only ' : ''}needed for ${neededFor}`];
  for (const line of below) if (line !== undefined) terminal.line(`${' '.repeat(MARK_COLUMNS + NAME_COLUMNS + 4)}${line}`);
}

function system(): Finding {
  const found = `${process.platform} ${release()}, ${process.arch}`;
  if (process.platform === 'linux') return { check: 'system', state: 'ok', found };
  return {
    check: 'system',
    state: 'note',
    found,
    advice: 'only Linux catches games; on other systems use lightspeed socks (docs/playing.md)',
  };
}

function engine(): Finding {
  const { kind, reason, fellBack } = chooseEngine('auto');
  const check = 'engine';
  if (kind === 'batch') return { check, state: 'ok', found: reason };
  if (fellBack) return { check, state: 'no', found: reason, advice: 'datagrams move one by one until then', neededFor: CATCHING };
  return { check, state: 'absent', found: `${reason}; datagrams move one by one`, neededFor: CATCHING };
}

async function nft(): Promise<Finding> {
  try {
    const { stdout } = await run('nft', ['--version'], { timeout: TOOL_MS, env: { PATH: '/usr/sbin:/sbin:/usr/bin:/bin' } });
    return { check: 'nftables', state: 'ok', found: stdout.trim() };
  } catch {
    const advice = 'install it, for example: sudo apt install nftables';
    return { check: 'nftables', state: 'no', found: 'there is no nft', advice, neededFor: CATCHING };
  }
}

function controlGroups(): Finding {
  const check = 'control groups';
  if (existsSync('/sys/fs/cgroup/cgroup.controllers')) return { check, state: 'ok', found: 'version 2' };
  if (existsSync('/sys/fs/cgroup/unified/cgroup.procs')) return { check, state: 'ok', found: 'version 2 beside version 1' };
  const advice = 'start the system with systemd.unified_cgroup_hierarchy=1';
  return { check, state: 'no', found: 'no version 2', advice, neededFor: CATCHING };
}

async function helper(path: string): Promise<Finding> {
  const check = 'helper';
  try {
    await testCapture(CaptureClient.connect(path));
    return { check, state: 'ok', found: 'it catches, and a trial has passed' };
  } catch (error) {
    if (!(error instanceof CaptureError)) throw error;
    const advice = error.code === 'trial_failed' ? 'allow what this rule drops, or games cannot be caught' : undefined;
    return { check, state: 'no', found: error.message, ...(advice === undefined ? {} : { advice }), neededFor: CATCHING };
  }
}

/** A trial in namespaces of its own, as of a game. */
async function rootless(): Promise<Finding> {
  const check = 'run --rootless';
  try {
    const game = await prepareRootless(['true']);
    try {
      await explained(() => testCapture(startNamespaceHelper(game.pid), { kind: 'namespace' }));
    } finally {
      game.end();
      await game.exited;
    }
    return { check, state: 'ok', found: 'it catches without setup, and a trial has passed' };
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    return { check, state: 'absent', found: error.message, neededFor: 'run --rootless' };
  }
}

/** Measuring by ICMP echo, to which most servers answer. */
function probes(): Finding {
  const check = 'probes';
  const why = whyNoProbes('icmp');
  if (why === undefined) return { check, state: 'ok', found: 'this user may ping servers' };
  return { check, state: 'note', found: `no ICMP echo: ${why}`, advice: 'servers are measured by TCP, A2S and TTL until then' };
}

function mtu(): Finding {
  const check = 'MTU';
  const route = findDefaultRoute();
  if (route === undefined) return { check, state: 'note', found: 'there is no default route over IPv4' };
  const { device, mtuBytes } = route;
  if (mtuBytes === undefined) return { check, state: 'note', found: `the system does not say that of ${device}` };
  const found = `${mtuBytes} bytes at ${device}`;
  if (mtuBytes >= USUAL_MTU) return { check, state: 'ok', found };
  return {
    check,
    state: 'note',
    found,
    advice: 'large datagrams of games are sent in two parts; that is slower, and some networks lose them',
  };
}

/** Tickets have dates. */
async function clock(): Promise<Finding> {
  const check = 'clock';
  try {
    const { stdout } = await run('timedatectl', ['show', '--property=NTPSynchronized', '--value'], { timeout: TOOL_MS });
    if (stdout.trim() === 'yes') return { check, state: 'ok', found: 'it is synchronized' };
  } catch {
    // Nothing says so here.
  }
  const setClock = process.platform === 'linux' ? 'sudo timedatectl set-ntp true' : 'let the system set it by the network';
  const found = `${new Date().toISOString()}, and nothing says that it is synchronized`;
  return { check, state: 'note', found, advice: `if it is wrong, tickets look expired: ${setClock}` };
}

/** Milliseconds by which the node's clock is ahead of ours; 0 if it does not tell. */
async function clockOffsetOf(link: NodeLink): Promise<number> {
  const measured = once(link, 'measured', { signal: AbortSignal.timeout(LOOK_UP_MS) });
  link.check();
  await measured.catch(() => undefined);
  return link.clockOffsetMs ?? 0;
}

/** Those over which a node may be reached; an address has one. */
function familiesOf({ host }: NodeArgument): readonly Family[] {
  const family = familyOf(host);
  return family === undefined ? ['ipv4', 'ipv6'] : [family];
}

function nodeChecks({ node: nodes = [], pin: pins, ...options }: DoctorOptions, terminal: Terminal): Check[] {
  return nodes.flatMap((node, index) =>
    familiesOf(node).map((family) => async (): Promise<Finding> => {
      const check = `node, ${family === 'ipv4' ? 'IPv4' : 'IPv6'}`;
      try {
        const addresses = await resolveNode(node.host, LOOK_UP_MS, node.host);
        const address = addresses[family];
        if (address === undefined) return { check, state: 'absent', found: `${node.host} has no such address`, neededFor: ONLY[family] };
        const settings = await registrationOf(
          { ...options, pin: pins?.slice(index, index + 1), register: true },
          [node],
          undefined,
          terminal,
        );
        const register = parseRegisterSettings(settings, 'standard');
        const only = { ipv4: undefined, ipv6: undefined, [family]: address };
        await using link = new NodeLink({ ...register.nodes[0], addresses: only }, register);
        const { nodeId } = await link.start();
        const found = `${nodeId} lets you in at ${address}`;
        const aheadMs = await clockOffsetOf(link);
        if (Math.abs(aheadMs) <= MOST_CLOCK_MS) return { check, state: 'ok', found };
        const advice = `your clock is ${Math.round(Math.abs(aheadMs) / 1_000)} s ${aheadMs > 0 ? 'behind' : 'ahead of'} the node's: tickets have dates`;
        return { check, state: 'no', found, advice };
      } catch (error) {
        if (!(error instanceof ClientError)) throw error;
        return { check, state: 'no', found: error.message };
      }
    }),
  );
}
