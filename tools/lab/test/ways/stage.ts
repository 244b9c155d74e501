import { fileURLToPath } from 'node:url';
import { formatTicket } from '@lightspeed/security';
import { startChild } from '../../src/child-program.ts';
import { ForeignProcess } from '../../src/foreign-process.ts';
import { temporaryFolder } from '../../src/leftovers.ts';
import { defineRun } from '../../src/runs.ts';
import type { Figures, Means, Run } from '../../src/runs.ts';
import { openDelayedInternet } from './delayed-internet.ts';
import type { PlayerProgram } from './player-main.ts';
import type { ServerProgram } from './server-main.ts';

const SOURCE = '--conditions=@lightspeed/source';
const CLIENT = fileURLToPath(new URL('../../../../apps/client/src/main.ts', import.meta.url));
const GAME_PORT = 27_015;
const PROXY_PORT = 1_080;
const START_MS = 30_000;
const ANSWER_MS = 60_000;
/** After so many seconds of silence a flow is over. */
const FLOW_TIMEOUT_SECS = 1;

/** What the client says of a match. */
interface WayEvent {
  readonly event: string;
  readonly server: string;
  readonly way: string;
  readonly reason?: string;
  readonly evidence?: string;
  readonly gainMs?: number | null;
  readonly isVetoed?: boolean;
}

/** What a match came to. */
interface Match {
  /** Each thing that the client said of it. */
  readonly events: readonly WayEvent[];
  /** Addresses that its server saw, in order. */
  readonly sources: readonly string[];
  readonly sent: number;
  readonly answered: number;
  readonly medianMs: number;
}

/** The ways of a scenario. */
export interface StagePlan {
  readonly nodes: readonly string[];
  /** Addresses of game servers, at 8.8.0.0/16. */
  readonly servers: readonly string[];
  /** Whether the client serves its live page. */
  readonly hasPage?: boolean;
  /** Round trips in milliseconds between `home`, the nodes and `servers`: from, to, time, and loss from the first to the second. */
  readonly ways: readonly (readonly [from: string, to: string, ms: number, loss?: number])[];
}

/** As much of the live page as scenarios look at. */
export interface PageState {
  readonly words: { readonly headline: string };
  readonly ways: readonly { readonly parts: readonly { readonly ms: number }[] }[];
  readonly lossCompared: { readonly direct: number | null; readonly nodeAfter: number | null } | null;
  readonly flows: readonly { readonly server: string; readonly packetsUp: number | null; readonly packetsDown: number | null }[];
}

type Stage = Awaited<ReturnType<typeof openStage>>;

/** Nodes, game servers, and a player whose games go by `lightspeed socks`. All of it ends with `started`. */
async function openStage(started: AsyncDisposableStack, { nodes: names, servers: ips, hasPage = false, ways }: StagePlan) {
  const internet = await openDelayedInternet(started, names);
  const { scene, home, servers, roundTrip, pass } = internet;
  for (const [from, to, ms, loss] of ways) await roundTrip(from, to, ms, loss);
  await internet.serveAt(ips);
  const server = started.use(
    startChild<ServerProgram>({ program: new URL('./server-main.ts', import.meta.url), name: 'the game servers', within: servers.within }),
  );
  await server.serve(ips, GAME_PORT);
  const player = started.use(
    startChild<PlayerProgram>({
      program: new URL('./player-main.ts', import.meta.url),
      name: 'the player',
      within: home.in.within,
      timeoutMs: ANSWER_MS,
    }),
  );
  const nodes = await Promise.all(names.map((name) => internet.node(name)));
  const { path } = started.use(await temporaryFolder());
  const env = { ...process.env, HOME: path, XDG_CONFIG_HOME: undefined, XDG_STATE_HOME: undefined };
  const lightspeed = (words: readonly string[]) => {
    const [first, ...rest] = [...home.in.within, process.execPath, SOURCE, CLIENT, ...words];
    return started.use(new ForeignProcess(first, rest, env, path));
  };
  const known = nodes.flatMap(({ address, program }) => ['--node', `${address}:4433`, '--pin', program.pinText]);
  const ticket = ['--ticket', formatTicket(scene.ticket())];
  const where = ['--page', hasPage ? '0' : 'off'];
  const client = lightspeed(['socks', ...known, ...ticket, '--flow-timeout-secs', String(FLOW_TIMEOUT_SECS), ...where, '--json']);
  await client.line(/"event":"established"/, START_MS);
  // All nodes have registered, and have been measured.
  await pass(2);

  const nameOf = new Map(nodes.map(({ address }, at) => [`${address}:4433`, names[at]]));
  const events = (ip: string) =>
    client.lines
      .filter((line) => line.includes(`"server":"${ip}:${GAME_PORT}"`))
      .map((line) => JSON.parse(line) as WayEvent)
      .map((event) => ({ ...event, way: nameOf.get(event.way) ?? event.way }));
  /**
   * Plays a match. @param during resolves when it is to end
   * @returns what came of it, when its flow is over
   */
  const match = async (ip: string, during: (said: () => readonly WayEvent[]) => Promise<unknown>): Promise<Match> => {
    const before = events(ip).length;
    const said = () => events(ip).slice(before);
    await player.play(ip, GAME_PORT, PROXY_PORT);
    await during(said);
    const report = await player.stop(ip);
    await pass(2 * FLOW_TIMEOUT_SECS + 1);
    return { ...report, events: said(), sources: (await server.sources(ip)).map((source) => sourceName(source)) };
  };
  const addresses = new Map([[home.address, 'direct'], ...nodes.map(({ address }, at) => [address, names[at]] as const)]);
  const sourceName = (source: string) => addresses.get(source.replace(/:.*/, '')) ?? source;
  /** Plays without LightSpeed. */
  const withoutClient = async (ip: string, seconds: number) => {
    await player.play(ip, GAME_PORT);
    await pass(seconds);
    return player.stop(ip);
  };
  /** What is kept of matches. */
  const history = async () => {
    const program = lightspeed(['history', '--json']);
    await program.exitCode();
    return program.lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
  };
  /** What the live page shows now: as it is sent to browsers, and as a terminal shows it. */
  const page = async () => {
    const [state, text] = [lightspeed(['status', '--json']), lightspeed(['status'])];
    await Promise.all([state.exitCode(), text.exitCode()]);
    return { state: JSON.parse(state.lines[0]) as PageState, text: text.lines };
  };
  /** What `lightspeed probe` says of a server. */
  const probe = async (ip: string) => {
    const program = lightspeed(['probe', `${ip}:${GAME_PORT}`, ...known, ...ticket, '--json']);
    const line = await program.line(/^\{/, ANSWER_MS);
    return JSON.parse(line) as Readonly<Record<string, unknown>>;
  };
  return { probe, page, match, withoutClient, history, roundTrip, pass, servers };
}

/** What a scenario of ways works with. */
export interface WayMeans extends Means {
  readonly stage: Stage;
  /** A match must have gone this way from its beginning to its end, for this reason. */
  readonly went: (what: string, match: Match, way: string, reason?: string) => void;
}

/** A run in an internet with times of its own. */
export function defineWays(name: string, about: string, plan: StagePlan, carryOut: (means: WayMeans) => Promise<Figures>): Run {
  return defineRun(name, about, {}, async (means) => {
    const { expect, progress } = means;
    const went: WayMeans['went'] = (what, { events, sources, sent, answered, medianMs }, way, reason) => {
      progress(`${what}: ${answered} of ${sent} answered, ${medianMs.toFixed(1)} ms, seen from ${sources.join(', ')}`);
      for (const { event, ...said } of events) progress(`  ${event} ${JSON.stringify(said)}`);
      const decision = events.findLast(({ event }) => event === 'way');
      expect.that(decision?.way === way, `${what}: ${decision?.way} instead of ${way}`);
      expect.that(sources.length === 1 && sources[0] === way, `${what}: its server saw ${sources.join(', ')} instead of ${way} alone`);
      if (reason !== undefined) expect.that(decision?.reason === reason, `${what}: because of ${decision?.reason}, not ${reason}`);
    };
    return carryOut({ ...means, went, stage: await openStage(means.started, plan) });
  });
}
