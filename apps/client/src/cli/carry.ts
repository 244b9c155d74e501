import type { MultipathMode, Protect } from '@lightspeed/session';
import type { EngineKind } from '@lightspeed/udp';
import type { Dialect, SocketAddress } from '@lightspeed/wire';
import type { RunningTunnel } from '../run/running-tunnel.ts';
import { startTunnel } from '../run/start-tunnel.ts';
import type { IngressSettings } from '../settings/ingress-settings.ts';
import type { GameTraffic } from '../profiles/known-games.ts';
import { labelOf } from '../profiles/label.ts';
import { listGames, trafficOf } from '../profiles/profiles.ts';
import { parseProtectSettings } from '../settings/protection-settings.ts';
import type { TunnelSettings } from '../settings/tunnel-settings.ts';
import { nodeName, requirePort, wayRules } from './endpoint.ts';
import type { NodeArgument, PageArgument, WayArgument } from './endpoint.ts';
import { Evidence, flowsTold } from './evidence.ts';
import type { Always } from './evidence.ts';
import type { NotCaught } from '../page/page-state.ts';
import { Interruption } from './interruption.ts';
import { openPage } from './live-page.ts';
import { PageView } from './page-view.ts';
import { registers, registrationOf } from './registration.ts';
import type { RegistrationOptions } from './registration.ts';
import { SessionFiles } from './session-files.ts';
import { sessionsFolder } from './state-folder.ts';
import { StartAttempts } from './start-attempts.ts';
import type { Terminal } from './terminal.ts';
import { carried, tellRefusedFiltering } from './tunnel-news.ts';
import { TunnelReport } from './tunnel-report.ts';
import { UsageError } from './usage-error.ts';
import type { EvidenceListener } from '../evidence/evidence-ways.ts';

/** What a command line says about a tunnel, whatever its ingress is. */
export interface CarryOptions extends RegistrationOptions {
  readonly node: readonly NodeArgument[];
  readonly path?: readonly string[];
  readonly via?: NodeArgument;
  readonly multipath: MultipathMode;
  readonly way?: readonly WayArgument[];
  readonly fec?: number;
  readonly protect?: Protect;
  readonly game?: string;
  readonly deadlineMs?: number;
  readonly budget?: number;
  readonly budgetKbps?: number;
  readonly source?: string;
  readonly io: 'auto' | EngineKind;
  readonly dialect: Dialect;
  readonly keepaliveMs?: number;
  readonly maxKeepaliveMisses: number;
  readonly egressFiltering: 'address-and-port-dependent' | 'endpoint-independent';
  readonly flowTimeoutSecs: number;
  readonly oversize: 'fragment' | 'drop';
  readonly always?: Always;
  readonly page?: PageArgument;
  readonly json?: boolean;
}

/** What a command does around a tunnel. */
export interface CarryHooks {
  /** Flows go directly unless a node is proved better. Otherwise they go by the node. */
  readonly isDecided?: boolean;
  /** Its name. */
  readonly command: string;
  /** Programs of which one may be the game's: its profile counts. */
  readonly programs?: readonly string[];
  /** For how long a flow is silent that the kernel carries. */
  readonly kernelSilenceMs?: EvidenceListener['kernelSilenceMs'];
  /** What goes its own way beside a capture; not rejecting. Missing where nothing is caught. */
  readonly notCaught?: () => Promise<readonly NotCaught[]>;
  /** The tunnel has its sockets. */
  started?(tunnel: RunningTunnel, report: TunnelReport): void;
  /** The node has answered. What it throws ends the tunnel. */
  established?(report: TunnelReport): Promise<void>;
  /** The tunnel is about to be closed. */
  ending?(report: TunnelReport): Promise<void>;
  /** Ends the tunnel as the user does. */
  readonly over?: Promise<unknown>;
}

/**
 * Carries what an ingress takes in until the user ends it.
 * @param ingressOf makes the ingress's settings, once the command line is known to make sense. Its ways count after those of the
 *   command line.
 * @returns the exit code.
 */
export async function carry(
  options: CarryOptions,
  ingressOf: () => Promise<Pick<TunnelSettings, 'ingresses' | 'socks' | 'capture' | 'ways'>>,
  terminal: Terminal,
  hooks: CarryHooks,
): Promise<number> {
  const registered = registers(options);
  const chosen = wayRules(options.way, options.node);
  const where = registered
    ? {
        register: { ...(await registrationOf(options, options.node, options.via, terminal)), sessions: new SessionFiles(sessionsFolder()) },
      }
    : { node: onlyNode(options) };
  using interruption = new Interruption(terminal);
  const attempts = new StartAttempts(terminal, interruption.signal);
  const { ways = [], ...ingress } = await attempts.run(ingressOf);
  const traffic = await gameTraffic(options.game, hooks.programs ?? [], ingress.ingresses ?? []);
  const settings: TunnelSettings = {
    ...where,
    ...ingress,
    ways: [...chosen, ...ways],
    paths: options.path,
    multipath: options.multipath,
    fecGroupSize: options.fec,
    protect: options.protect,
    deadlineMs: options.deadlineMs ?? traffic.deadlineMs,
    hints: traffic,
    flowsTold: registered ? flowsTold(hooks.isDecided ?? false, options.always) : undefined,
    budget: options.budget,
    budgetKbps: options.budgetKbps,
    dialect: options.dialect,
    token: options.token,
    source: options.source,
    io: options.io,
    keepaliveMs: options.keepaliveMs,
    maxKeepaliveMisses: options.maxKeepaliveMisses,
    egressFiltering: options.egressFiltering,
    flowTimeoutSecs: options.flowTimeoutSecs,
    oversize: options.oversize,
  };
  const { programs = [], kernelSilenceMs } = hooks;
  const gatherEvidence =
    settings.flowsTold === undefined
      ? undefined
      : await Evidence.prepare({ isDecided: settings.flowsTold === 'decided', programs, kernelSilenceMs }, (text) =>
          terminal.error(`warning: ${text}`),
        );
  const tunnel = await attempts.run(() => startTunnel(settings));
  const startedMs = performance.now();
  const report = new TunnelReport(terminal, options.json === true);
  const protect = parseProtectSettings(settings, settings.fecGroupSize);
  report.started(tunnel, protect);
  const evidence = gatherEvidence?.(tunnel, report);
  const page = await openPage(
    hooks.command,
    options.page,
    reportedSettings(options),
    terminal,
    settings.flowsTold === 'decided' ? evidence : undefined,
  ).catch(async (error: unknown) => {
    await tunnel.close();
    throw error;
  });
  if (page !== undefined) {
    report.event('page', `live page: ${page.url}`, { url: page.url });
    const program = programs.at(0)?.replace(/^.*[\\/]/s, '');
    report.watch(new PageView(page.model, { tunnel, evidence, program, always: options.always, notCaught: hooks.notCaught }));
  }
  hooks.started?.(tunnel, report);
  if (options.egressFiltering === 'endpoint-independent') tellRefusedFiltering(tunnel, report);
  const asked = hooks.over === undefined ? interruption.asked : Promise.race([interruption.asked, hooks.over.then(() => undefined)]);
  const failure = await carried(
    tunnel,
    { dialect: options.dialect, protect },
    report,
    { asked },
    () => hooks.established?.(report) ?? Promise.resolve(),
  );
  evidence?.[Symbol.dispose]();
  await hooks.ending?.(report);
  await page?.close();
  await tunnel.close();
  interruption.release();
  if (failure === undefined || tunnel.answered) {
    report.summary(tunnel.stats(), (performance.now() - startedMs) / 1_000);
  }
  if (failure === undefined) return 0;
  terminal.failed(failure.code, failure.message);
  return 1;
}

/** What is known of the game's datagrams: by its name or its program, or by the ports of its servers. */
async function gameTraffic(
  name: string | undefined,
  programs: readonly string[],
  ingresses: readonly IngressSettings[],
): Promise<GameTraffic> {
  const games = await listGames();
  if (name !== undefined) return trafficOf(games, name);
  const labels = [
    ...programs.map((program) => labelOf(games, program, 0)),
    ...ingresses.map(({ gameServer }) => labelOf(games, undefined, gameServer.port)),
  ];
  const label = labels.find((one) => one !== undefined);
  return games.find((game) => game.name === label)?.traffic ?? {};
}

/** What a report says of the settings: nothing that is secret. */
function reportedSettings({ node, multipath, game, io, dialect, oversize, flowTimeoutSecs }: CarryOptions): object {
  return { nodes: node.map(nodeName), multipath, game: game ?? null, io, dialect, oversize, flowTimeoutSecs };
}

/** The node of a command line that says not to register. */
function onlyNode({ node, path, via }: CarryOptions): SocketAddress {
  const extra = node.length > 1 ? 'several --node' : path !== undefined ? '--path' : via !== undefined ? '--via' : undefined;
  if (extra !== undefined) throw new UsageError(`${extra} needs a registration: leave out --no-register and --open`);
  return requirePort(node[0]);
}
