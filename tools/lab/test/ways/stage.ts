import { formatTicket } from '@lightspeed/security';
import { startChild } from '../../src/child-program.ts';
import { temporaryFolder } from '../../src/leftovers.ts';
import { defineRun } from '../../src/runs.ts';
import type { Figures, Means, Run } from '../../src/runs.ts';
import { openDelayedInternet } from './delayed-internet.ts';
import { startGameClient, startPlayer } from './game-client.ts';
import type { GameCommand } from './game-client.ts';
import type { ServerProgram } from './server-main.ts';

const GAME_PORT = 27_015;
const START_MS = 30_000;
const ANSWER_MS = 60_000;
/** After so many seconds of silence a flow is over. */
const FLOW_TIMEOUT_SECS = 1;
/** A busy machine adds noise to what is measured. More of it is asked for, until a node is proved better. */
const MOST_MATCHES = 10;
/** Why a match is direct before a node is proved better. */
const WITHOUT_PROOF = ['no-evidence', 'not-better'];
/** Of a match that is for evidence alone. */
const EVIDENCE_SECS = 10;

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

/** What is taken of `lightspeed status --json`. */
interface ClientStatus {
  readonly verdict: { readonly kind: string; readonly way: string };
  readonly flows: readonly { readonly server: string; readonly way: string; readonly reason: string | null }[];
}

/** What a match came to. */
interface Match {
  /** Each thing that the client said of it. */
  readonly events: readonly WayEvent[];
  /** Addresses that its server saw, in order. */
  readonly sources: readonly string[];
  readonly sent: number;
  readonly answered: number;
  /** Answers that were not what was sent. */
  readonly damaged: number;
  readonly medianMs: number;
}

/** The ways of a scenario. */
export interface StagePlan {
  readonly nodes: readonly string[];
  /** Addresses of game servers, at 8.8.0.0/16. */
  readonly servers: readonly string[];
  /** Round trips in milliseconds between `home`, the nodes and `servers`: from, to, time, and loss from the first to the second. */
  readonly ways: readonly (readonly [from: string, to: string, ms: number, loss?: number, lossBack?: number])[];
  /** Whether the client is started at a terminal, and serves its live page. */
  readonly hasPage?: boolean;
  /** `socks` when left out. */
  readonly by?: GameCommand;
  /** Milliseconds between two datagrams of a game. */
  readonly pauseMs?: number;
}

type Stage = Awaited<ReturnType<typeof openStage>>;

/** Nodes, game servers, and a player whose games go by `lightspeed socks`. All of it ends with `started`. */
async function openStage(
  started: AsyncDisposableStack,
  { nodes: names, servers: ips, ways, hasPage = false, by = 'socks', pauseMs }: StagePlan,
) {
  const internet = await openDelayedInternet(started, names);
  const { scene, home, servers, roundTrip, carried, pass } = internet;
  for (const way of ways) await roundTrip(...way);
  await internet.serveAt(ips);
  const server = started.use(
    startChild<ServerProgram>({ program: new URL('./server-main.ts', import.meta.url), name: 'the game servers', within: servers.within }),
  );
  await server.serve(ips, GAME_PORT);
  const nodes = await Promise.all(names.map((name) => internet.node(name)));
  const { path } = started.use(await temporaryFolder());
  const known = nodes.flatMap(({ address, program }) => ['--node', `${address}:4433`, '--pin', program.pinText]);
  const ticket = ['--ticket', formatTicket(scene.ticket())];
  const words = [...known, ...ticket, '--flow-timeout-secs', String(FLOW_TIMEOUT_SECS), '--json'];
  const { client, lightspeed, player } = await startGameClient(started, {
    by,
    internet: scene.internet,
    home,
    folder: path,
    words: by === 'socks' && !hasPage ? [...words, '--page', 'off'] : words,
    isAtTerminal: hasPage,
    pauseMs,
  });
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
    await player.play(ip, GAME_PORT);
    await during(said);
    const report = await player.stop(ip);
    await pass(2 * FLOW_TIMEOUT_SECS + 1);
    return { ...report, events: said(), sources: (await server.sources(ip)).map((source) => sourceName(source)) };
  };
  /**
   * Plays matches until one goes by a node. Those before must be direct, for want of proof.
   * @param during resolves when the match that goes by the node is to end
   * @throws {Error} if none does, or one goes another way
   */
  const matchBy = async (way: string, ip: string, during: (said: () => readonly WayEvent[]) => Promise<unknown>): Promise<Match> => {
    const decisions: (WayEvent | undefined)[] = [];
    while (decisions.length < MOST_MATCHES) {
      let decision: WayEvent | undefined;
      const one = await match(ip, async (said) => {
        decision = await firstOf(said, pass);
        await (decision?.way === way ? during(said) : pass(EVIDENCE_SECS));
      });
      if (decision?.way === way) return one;
      decisions.push(decision);
      if (decision?.way !== 'direct' || !WITHOUT_PROOF.includes(decision.reason ?? '')) break;
    }
    throw new Error(`no match goes by ${way}: ${JSON.stringify(decisions)}`);
  };
  const addresses = new Map([[home.address, 'direct'], ...nodes.map(({ address }, at) => [address, names[at]] as const)]);
  const sourceName = (source: string) => addresses.get(source.replace(/:.*/, '')) ?? source;
  /** Plays without LightSpeed. */
  const withoutClient = async (ip: string, seconds: number) => {
    const plain = started.use(startPlayer(home.in.within));
    await plain.play(ip, GAME_PORT);
    await pass(seconds);
    return plain.stop(ip);
  };
  /** What is kept of matches. */
  const history = async () => {
    const program = lightspeed(['history', '--json']);
    await program.exitCode();
    return program.lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
  };
  /** What `lightspeed status` says while the client runs. */
  const status = async () => {
    const program = lightspeed(['status', '--json']);
    await program.exitCode();
    return JSON.parse(program.lines[0]) as ClientStatus;
  };
  /** What `lightspeed probe` says of a server. */
  const probe = async (ip: string) => {
    const program = lightspeed(['probe', `${ip}:${GAME_PORT}`, ...known, ...ticket, '--json']);
    const line = await program.line(/^\{/, ANSWER_MS);
    return JSON.parse(line) as Readonly<Record<string, unknown>>;
  };
  /** The address of the live page, as the client has printed it for a person. */
  const pageUrl = async () => {
    const line = await client.line(/"event":"page"/, START_MS);
    return (JSON.parse(line) as { readonly url: string }).url;
  };
  const nodeNames = new Map(names.map((name, at) => [name, `${nodes[at].address}:4433`]));
  /** How the game on a server goes, while it is played. */
  const report = (ip: string) => player.report(ip);
  return {
    report,
    status,
    probe,
    match,
    matchBy,
    withoutClient,
    history,
    roundTrip,
    carried,
    pass,
    servers,
    pageUrl,
    home: home.in,
    nodeNames,
    folder: path,
  };
}

/** How a match goes, as soon as that is said. */
async function firstOf(said: () => readonly WayEvent[], pass: (seconds: number) => Promise<unknown>): Promise<WayEvent | undefined> {
  for (let waited = 0; waited < ANSWER_MS; waited += 100) {
    const decision = said().find(({ event }) => event === 'way');
    if (decision !== undefined) return decision;
    await pass(0.1);
  }
  return undefined;
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
    const went: WayMeans['went'] = (what, { events, sources, sent, answered, damaged, medianMs }, way, reason) => {
      progress(`${what}: ${answered} of ${sent} answered, ${medianMs.toFixed(1)} ms, seen from ${sources.join(', ')}`);
      for (const { event, ...said } of events) progress(`  ${event} ${JSON.stringify(said)}`);
      expect.equal(`${what}: damaged answers`, damaged, 0);
      const decision = events.findLast(({ event }) => event === 'way');
      expect.that(decision?.way === way, `${what}: ${decision?.way} instead of ${way}`);
      expect.that(sources.length === 1 && sources[0] === way, `${what}: its server saw ${sources.join(', ')} instead of ${way} alone`);
      if (reason !== undefined) expect.that(decision?.reason === reason, `${what}: because of ${decision?.reason}, not ${reason}`);
    };
    return carryOut({ ...means, went, stage: await openStage(means.started, plan) });
  });
}
