import { setTimeout as pause } from 'node:timers/promises';
import { PROBE_KINDS, whyNoProbes } from '@lightspeed/probe';
import type { ProbeKind } from '@lightspeed/probe';
import { formatIpv4, formatSocketAddress } from '@lightspeed/wire';
import type { SocketAddress } from '@lightspeed/wire';
import { ClientError } from '../base/errors.ts';
import { NodeLink } from '../control/node-link.ts';
import { requireServer } from '../ingress/game-server-name.ts';
import { NodeProber } from '../probes/node-prober.ts';
import { PairProber } from '../probes/pair-prober.ts';
import type { Pair } from '../probes/pair-prober.ts';
import { summarizePairs, summarizeWay } from '../probes/pair-summary.ts';
import type { PairSummary, WaySummary } from '../probes/pair-summary.ts';
import { parseRegisterSettings } from '../settings/register-settings.ts';
import type { NodeArgument } from './endpoint.ts';
import { registrationOf } from './registration.ts';
import type { RegistrationOptions } from './registration.ts';
import type { Terminal } from './terminal.ts';

/** The options of `probe`, as the command line gives them. */
export interface ProbeCommandOptions extends Omit<RegistrationOptions, 'register' | 'open' | 'token'> {
  readonly node: readonly NodeArgument[];
  readonly count: number;
  readonly json?: boolean;
}

/** So many pairs are sent at once, and then two a second, as nodes allow. */
const BURST = 10;
const PAUSE_MS = 500;
const LABEL_COLUMNS = 28;

/** A node that lets us in, or why it does not. */
interface Asked {
  readonly name: string;
  readonly prober: NodeProber | undefined;
  readonly fault: ClientError | undefined;
}

/** `lightspeed probe`. @returns the exit code: 1 if nothing could be compared. */
export async function probe(server: SocketAddress, options: ProbeCommandOptions, terminal: Terminal): Promise<number> {
  const target = { ip: formatIpv4(await requireServer(server.host, 'HOST:PORT')), port: server.port };
  await using links = new AsyncDisposableStack();
  const asked = await reach(options, links, terminal);
  const probers = asked.flatMap(({ prober }) => prober ?? []);
  const pairs = new PairProber();
  const first = await pairs.best(target, probers, { count: Math.min(options.count, BURST) });
  const name = formatSocketAddress({ host: target.ip, port: target.port });
  const byNode: Pair[][] = first.map((pair) => [pair]);
  const kind = first.at(0)?.kind;
  const isCompared = first.some(({ comparable }) => comparable !== undefined);
  if (kind !== undefined && isCompared) {
    for (let sent = Math.min(options.count, BURST); sent < options.count; sent++) {
      await pause(PAUSE_MS);
      for (const [at, pair] of (await pairs.pairs(target, probers, kind, { count: 1 })).entries()) byNode[at].push(pair);
    }
  }
  const direct = summarizeWay(byNode[0]?.flatMap(({ directMs }) => directMs) ?? []);
  let next = 0;
  const results = asked.map(({ name: node, prober, fault }) => ({
    node,
    summary: prober === undefined || kind === undefined ? undefined : summarizePairs(byNode[next++]),
    fault,
  }));
  if (options.json === true) terminal.json({ server: name, kind: kind ?? null, direct, nodes: results.map(forPrograms) });
  else for (const line of forPeople(name, kind, direct, results)) terminal.line(line);
  return isCompared ? 0 : 1;
}

async function reach(options: ProbeCommandOptions, links: AsyncDisposableStack, terminal: Terminal): Promise<Asked[]> {
  const settings = await registrationOf({ ...options, register: true }, options.node, undefined, terminal);
  const register = parseRegisterSettings(settings, 'standard');
  return Promise.all(
    register.nodes.map(async (node): Promise<Asked> => {
      const link = links.use(new NodeLink(node, register));
      try {
        await link.start();
        return { name: node.name, prober: links.use(new NodeProber(link)), fault: undefined };
      } catch (error) {
        if (!(error instanceof ClientError)) throw error;
        return { name: node.name, prober: undefined, fault: error };
      }
    }),
  );
}

interface Result {
  readonly node: string;
  readonly summary: PairSummary | undefined;
  readonly fault: ClientError | undefined;
}

function forPrograms({ node, summary, fault }: Result): object {
  const error = fault === undefined ? null : { code: fault.code, message: fault.message };
  if (summary === undefined) return { node, error };
  return { node, byNode: summary.byNode, gainMs: summary.gainMs ?? null, verdict: summary.verdict, why: summary.why, error };
}

function forPeople(name: string, kind: ProbeKind | undefined, direct: WaySummary, results: readonly Result[]): string[] {
  const faults = results.flatMap(({ node, fault }) => (fault === undefined ? [] : [`${node}: ${fault.message}`]));
  if (kind === undefined) return ['no node lets you in', ...faults];
  const lines = [`${name}, measured by ${kind}`, wayLine('direct', direct)];
  for (const { node, summary } of results) {
    if (summary === undefined) continue;
    const gain =
      summary.gainMs === undefined ? '' : `${Math.abs(summary.gainMs).toFixed(1)} ms ${summary.gainMs < 0 ? 'worse' : 'better'}; `;
    lines.push(wayLine(`by ${node}`, summary.byNode), `  ${gain}${VERDICTS[summary.verdict]}: ${summary.why}`);
  }
  const obstacles = direct.answered > 0 ? [] : PROBE_KINDS.flatMap((one) => whyNoProbes(one) ?? []);
  return [...lines, ...obstacles, ...faults];
}

const VERDICTS = { node: 'play by this node', direct: 'play directly', unknown: 'not known' } as const;

function wayLine(label: string, { sent, answered, medianMs, p10Ms, p90Ms }: WaySummary): string {
  const ms = (value: number | undefined) => value?.toFixed(1) ?? '-';
  return `${label.padEnd(LABEL_COLUMNS)} median ${ms(medianMs)} ms, p10 to p90 ${ms(p10Ms)} to ${ms(p90Ms)} ms, ${answered} of ${sent} answered`;
}
