import type { Found } from '../report/page.ts';
import type { Row } from '../report/table.ts';
import type { Way } from './carried-line.ts';
import { BURSTS, CLEAN, OUTAGES, RANDOM, SETTINGS } from './lines.ts';
import { playPeer } from './peer-line.ts';
import type { PeerTunnel } from './peer-line.ts';
import { claimsOf } from './loss-claims.ts';
import { DEADLINE_MS, USUAL_HZ, WAYS, play } from './play-setting.ts';
import type { WayFigures } from './play-line.ts';

/** Datagrams a second. */
const RATES = [60, 128, 20];
const LINES = [CLEAN, ...RANDOM, BURSTS, OUTAGES];

/** How long cells are played, in seconds: those of tables, those of claims, and those where few events decide. */
const FULL = { cell: 300, peer: 60, claim: 1_000, pooled: 3_000, congested: 600, seeds: 10 };
const QUICK = { cell: 30, peer: 5, claim: 300, pooled: 1_000, congested: 0, seeds: 0 };

/** Plays games over emulated lines on a virtual clock, with the real relay and the real tunnel: what comes when under each setting. */
export async function measureLoss(quick: boolean, progress: (text: string) => void, peers: readonly PeerTunnel[] = []): Promise<Found> {
  const lengths = quick ? QUICK : FULL;
  const figures: Record<string, Row[]> = {};
  for (const hz of quick ? [USUAL_HZ] : RATES) {
    progress(`${hz} datagrams a second`);
    const rows = SETTINGS.map((setting) => ({ setting, cells: LINES.map((line) => play(setting, line, hz, lengths.cell)) }));
    figures[`Missing ${DEADLINE_MS} ms past the undisturbed delay, ${hz} datagrams a second, up / down, in %`] = rows.map(missingRow);
    if (hz === USUAL_HZ)
      figures['What became of payloads at random 5 %, 60 datagrams a second, up, in %'] = rows.map(({ setting, cells }) =>
        kindsRow(setting, cells[1].up),
      );
  }
  for (const peer of peers) {
    progress(`the tunnel of ${peer.name}`);
    const cells: Readonly<Record<Way, WayFigures>>[] = [];
    for (const { lines } of LINES)
      cells.push(await playPeer({ lines, hz: USUAL_HZ, seconds: lengths.peer, seed: 1, deadlineMs: DEADLINE_MS }, peer));
    figures[`The tunnel of ${peer.name}, in real time, ${USUAL_HZ} datagrams a second, up / down, in %`] = [
      missingRow({ setting: peer.name, cells }),
    ];
  }
  progress('claims');
  return { figures, claims: claimsOf(lengths), faults: [] };
}

function missingRow({ setting, cells }: { readonly setting: string; readonly cells: readonly Readonly<Record<Way, WayFigures>>[] }): Row {
  const missing = cells.map((cell, nth) => [LINES[nth].name, WAYS.map((way) => percent(cell[way].missing)).join(' / ')] as const);
  const bytes = WAYS.map((way) => `+${(100 * cells[1][way].addedBytes).toFixed(0)} %`).join(' / ');
  return { setting, 'bytes at random 5 %': bytes, ...Object.fromEntries(missing) };
}

function kindsRow(setting: string, { missing, late, outOfOrder, lost }: WayFigures): Row {
  const inTime = 1 - missing - outOfOrder;
  return { setting, 'in time, in order': percent(inTime), late: percent(late), 'out of order': percent(outOfOrder), lost: percent(lost) };
}

function percent(share: number): string {
  return (100 * share).toFixed(2);
}
