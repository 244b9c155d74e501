import { count, milliseconds, percent } from '../figures.ts';
import type { DirectionReport, CarriedReport } from '../game/carried-game.ts';

/** One line that says everything, for output that is kept. */
function reportLine(report: CarriedReport): string {
  const { seconds, toServer, toBots, tunnelRttMs, gameRttMs, protectionUp } = report;
  const trips = `RTT tunnel ${milliseconds(tunnelRttMs)}, game ${milliseconds(gameRttMs)}`;
  const line = `${seconds.toFixed(0)} s | to the server ${directionLine(toServer)} | to the bots ${directionLine(toBots)} | ${trips}`;
  return protectionUp === '' ? line : `${line} | protection to the server: ${protectionUp}`;
}

function directionLine({ sent, lost, linkPackets, linkLost, inTime, late, outOfOrder }: DirectionReport): string {
  const link = `link lost ${count(linkLost)} of ${count(linkPackets)} (${percent(linkLost / linkPackets)})`;
  return `${count(sent)} sent, ${link}, in time ${count(inTime)}, late ${count(late)}, out of order ${count(outOfOrder)}, lost ${count(lost)} (${percent(lost / sent)})`;
}

const LABEL_COLUMNS = 26;
const VALUE_COLUMNS = 20;

/** The same as a table of several lines. */
function reportTable(report: CarriedReport): string[] {
  const { toServer, toBots } = report;
  const both = (label: string, value: (direction: DirectionReport) => string) => row(label, value(toServer), value(toBots));
  return [
    row(`${report.seconds.toFixed(0)} s, ${report.joined} of ${report.bots} bots play`, 'to the server', 'to the bots'),
    both('sent by the game', ({ sent }) => count(sent)),
    both('packets on the link', ({ linkPackets }) => count(linkPackets)),
    both('lost on the way', ({ linkLost, linkPackets }) => share(linkLost, linkPackets)),
    both('in time and in order', ({ inTime, sent }) => share(inTime, sent)),
    both('late by 30 ms', ({ late, sent }) => share(late, sent)),
    both('out of order', ({ outOfOrder, sent }) => share(outOfOrder, sent)),
    both('lost', ({ lost, sent }) => share(lost, sent)),
    row('round trip', `tunnel ${milliseconds(report.tunnelRttMs)}`, `game ${milliseconds(report.gameRttMs)}`),
    ...(report.protectionUp === '' ? [] : [`protection to the server: ${report.protectionUp}`]),
  ];
}

function share(part: number, whole: number): string {
  return `${count(part)}  ${percent(part / whole).padStart(8)}`;
}

function row(label: string, ...values: readonly string[]): string {
  return label.padEnd(LABEL_COLUMNS) + values.map((value) => value.padStart(VALUE_COLUMNS)).join('');
}

/** Shows reports as they come: in place on a terminal, else line by line. */
export function createDisplay(out: NodeJS.WriteStream) {
  let drawn = 0;
  const draw = (lines: readonly string[]) => {
    const up = drawn === 0 ? '' : `\x1b[${drawn}A`;
    // Each line is cleared to its end, so that a shorter one leaves nothing of the longer one before it.
    out.write(`${up}\r${lines.map((line) => `${line}\x1b[K\n`).join('')}`);
    drawn = lines.length;
  };
  return {
    show: (report: CarriedReport) => {
      if (out.isTTY) draw(reportTable(report));
      else out.write(`${reportLine(report)}\n`);
    },
    /** The last word: stays where it is. */
    finish: (report: CarriedReport, verdict: string) => {
      const lines = [...reportTable(report), '', verdict];
      if (out.isTTY) draw(lines);
      else out.write(`${['', ...lines].join('\n')}\n`);
    },
  };
}
