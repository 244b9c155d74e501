import type { Latencies } from './latency-counts.ts';
import type { ScaleReport, ScaleResult } from './measure-scale.ts';

/** The results as tables in Markdown. */
export function renderScale({ results, relay }: ScaleReport): string {
  return `${[...memoryTable(results), '', ...loadTable(results), '', ...latencyTable(results), '', ...relayTable(relay)].join('\n')}\n`;
}

function memoryTable(results: readonly ScaleResult[]): string[] {
  return [
    '| sessions | let in | opened | RSS without any, MB | RSS idle, MB | bytes per idle session | RSS after load, MB |',
    '|--:|---|--:|--:|--:|--:|--:|',
    ...results.map(({ sessions, authentication, opened, empty, idle, loaded, bytesPerSession }) => {
      const who = authentication ? 'registered, as restored from a state folder' : 'anybody, by HANDSHAKE';
      return row(
        whole(sessions),
        who,
        whole(opened),
        megabytes(empty.rssBytes),
        megabytes(idle.rssBytes),
        whole(bytesPerSession),
        megabytes(loaded.rssBytes),
      );
    }),
  ];
}

function loadTable(results: readonly ScaleResult[]): string[] {
  return [
    '| sessions | let in | round trips per second | each | lost | CPU of the node | µs per round trip |',
    '|--:|---|--:|--:|--:|--:|--:|',
    ...results.map(({ sessions, authentication, ratePps, load }) => {
      const lost = load.sent === 0 ? 0 : (100 * (load.sent - load.received)) / load.sent;
      return row(
        whole(sessions),
        authentication ? 'registered' : 'anybody',
        whole(ratePps),
        (ratePps / sessions).toFixed(1),
        `${lost.toFixed(2)} %`,
        `${(load.cpu * 100).toFixed(0)} %`,
        load.cpuUsPerRoundTrip.toFixed(1),
      );
    }),
  ];
}

function latencyTable(results: readonly ScaleResult[]): string[] {
  return [
    '| sessions | let in | round trip in µs | p50 | p99 | p99.9 | longest |',
    '|--:|---|---|--:|--:|--:|--:|',
    ...results.flatMap(({ sessions, authentication, load, sweeps, expiry }) => {
      const line = (what: string, { p50Us, p99Us, p999Us, maxUs }: Latencies): string => {
        return row(
          whole(sessions),
          authentication ? 'registered' : 'anybody',
          what,
          whole(p50Us),
          whole(p99Us),
          whole(p999Us),
          whole(maxUs),
        );
      };
      return [line('of all', load.latencies), line('of 50 while all others are idle', sweeps), line('of 50 while all others end', expiry)];
    }),
  ];
}

function relayTable(relay: ScaleReport['relay']): string[] {
  return [
    '| sessions in one relay, in memory | bytes each | longest call while idle, ms | longest call while all end, ms |',
    '|--:|--:|--:|--:|',
    ...relay.map(({ sessions, bytesPerSession, longestIdleMs, longestExpiryMs }) => {
      return row(whole(sessions), whole(bytesPerSession), longestIdleMs.toFixed(2), longestExpiryMs.toFixed(2));
    }),
  ];
}

function row(...cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en');
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}
