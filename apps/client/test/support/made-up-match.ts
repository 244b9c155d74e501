import type { PageVerdict } from '../../src/page/page-state.ts';
import { notCaughtBy } from '../../src/cli/page-not-caught.ts';
import { PageModel } from '../../src/page/page-model.ts';

const STARTED_MS = Date.UTC(2026, 10, 28, 19, 30);
const SECONDS = 300;
/** What the page of {@link madeUpMatch} says. */
export const SAVES: PageVerdict = {
  kind: 'saves',
  way: 'fra-1',
  because: 'probes show that the node is faster',
  gainMs: 18,
  intervalMs: [15, 21],
  pairs: 240,
  neededPairs: 10,
};

/** Five minutes of a match, as a page would have them: by `fra-1`, with some loss and spikes. The same each time. */
export function madeUpMatch(): { readonly model: PageModel; readonly atMs: number } {
  const model = new PageModel({ command: 'run', version: '1.0.0', startedAtMs: STARTED_MS });
  model.beginSeries({ measures: 'server', target: '203.0.113.9:27015', node: 'fra-1' });
  const random = randomOf(7);
  for (let second = 1; second <= SECONDS; second++) {
    const spike = second > 120 && second < 150 ? 22 : 0;
    const directMs = random() < 0.03 ? null : 60 + 7 * random() + spike + (random() < 0.04 ? 30 : 0);
    const nodeMs = random() < 0.005 ? null : 42 + 3 * random();
    model.addPoint({ atMs: STARTED_MS + second * 1_000, directMs, nodeMs });
  }
  const flow = { program: 'cs2', evidence: 'measurements before the match', evidenceAgeS: 1 };
  model.update({
    phase: 'connected',
    verdict: SAVES,
    nodes: [
      { name: 'fra-1', address: '192.0.2.10:4433', region: 'Frankfurt', used: true, up: true, rttMs: 14.2, loadPercent: 23 },
      { name: 'ams-2', address: '192.0.2.20:4433', region: 'Amsterdam', used: false, up: true, rttMs: 19.8, loadPercent: 8 },
    ],
    ways: [
      {
        way: 'direct',
        parts: [
          { kind: 'home', name: 'your home', ms: 2 },
          { kind: 'provider', name: 'the line to your provider', ms: 9 },
          { kind: 'route', name: 'to the server', ms: 48 },
          { kind: 'server', name: 'the server’s network', ms: 4 },
        ],
      },
      {
        way: 'fra-1',
        parts: [
          { kind: 'home', name: 'your home', ms: 2 },
          { kind: 'provider', name: 'the line to your provider', ms: 9 },
          { kind: 'route', name: 'to the node', ms: 3 },
          { kind: 'route', name: 'from the node to the server', ms: 29 },
        ],
      },
    ],
    waysNote: 'Not measured on its own, so part of the piece beside it: the node itself.',
    lossCompared: { node: 'fra-1', probes: 600, direct: 0.048, nodeBefore: 0.029, nodeAfter: 0.001, note: null },
    loss: {
      up: {
        before: 0.021,
        after: 0.001,
        afterError: 0.0004,
        packets: 9_120,
        meanRun: 1.1,
        protection: 'each datagram is sent again in one of the next packets',
      },
      down: { before: 0.008, after: 0.0, afterError: 0, packets: 9_240, meanRun: 1, protection: null },
    },
    flows: [
      {
        ...flow,
        game: 'Counter-Strike 2',
        server: '203.0.113.9:27015',
        way: 'fra-1',
        region: 'Frankfurt',
        reason: 'probes show that the node is faster',
        packetsUp: 18_204,
        packetsDown: 18_377,
      },
      {
        ...flow,
        program: 'xonotic-sdl',
        game: 'Xonotic',
        server: '198.51.100.20:26000',
        region: null,
        way: 'direct',
        reason: 'no node is clearly better',
        packetsUp: null,
        packetsDown: null,
      },
    ],
    notCaught: notCaughtBy({ kind: 'run' }, ['192.0.2.10', '192.0.2.20'], { caught: 18_204, direct: 420, peers: 64, answersRefused: 0 }),
    matrix: {
      servers: ['203.0.113.9', '198.51.100.20', '192.0.2.77'],
      rows: [
        { way: 'direct', medianMs: [62, 28, 91] },
        { way: 'fra-1', medianMs: [44, 33, 88] },
        { way: 'ams-2', medianMs: [51, 30, null] },
      ],
    },
    matches: [
      {
        startedAtMs: STARTED_MS - 3_600_000,
        game: 'Counter-Strike 2',
        server: '203.0.113.31:27015',
        way: 'fra-1',
        gainMs: 17,
        intervalMs: [14, 19],
        harmed: false,
      },
      {
        startedAtMs: STARTED_MS - 7_200_000,
        game: 'Xonotic',
        server: '198.51.100.20:26000',
        way: 'direct',
        gainMs: null,
        intervalMs: null,
        harmed: false,
      },
      {
        startedAtMs: STARTED_MS - 86_400_000,
        game: 'Counter-Strike 2',
        server: '192.0.2.77:27015',
        way: 'ams-2',
        gainMs: -12,
        intervalMs: [-16, -9],
        harmed: true,
      },
    ],
    seenAs: '192.0.2.10',
    rules: [],
    decisions: [{ by: 'measurements before the match', direct: 1, node: 1 }],
  });
  model.warn('node ams-2 will stop in 20 minutes');
  return { model, atMs: STARTED_MS + SECONDS * 1_000 };
}

/** A small generator of numbers from 0 to 1. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
