import { left, markdownTable, right } from '../report/markdown.ts';
import { fixed, mebibytes, percent, whole } from '../report/numbers.ts';
import { DIRECT } from './entrants.ts';
import type { Claim, ControlCost, LoadData, MacroData, RelayRow } from './macro-data.ts';
import { REFERENCES } from './relay-rows.ts';

/** The macro benchmark as Markdown. */
export function renderMacro(data: MacroData): string {
  const parts = [
    '### What is claimed',
    renderClaims(data.claims),
    '### Who takes part',
    renderRelays(data),
    renderSetting(data),
    '### What control connections cost',
    renderControl(data.control),
    ...data.loads.flatMap((load) => [`### ${titleOf(load)}`, renderLoad(load)]),
  ];
  if (data.highest.length > 0) {
    parts.push(
      '### Highest rate',
      [
        'Round trips a second with at most 0.1 % lost, within 3 %.',
        'A rate that the load generator does not reach without a relay is out of reach for every relay.',
      ].join(' '),
      markdownTable(
        [left('relay'), right('per second')],
        data.highest.map(({ relay, ratePps }) => [relay, ratePps === 0 ? 'none that was tried' : whole(ratePps)]),
      ),
    );
  }
  return parts.join('\n\n');
}

function renderClaims(claims: readonly Claim[]): string {
  return markdownTable(
    [left('claim'), right('measured'), right('bound'), left('holds')],
    claims.map(({ what, measured, bound, kind, holds }) => {
      const verdict = holds === undefined ? 'not measured' : holds ? 'yes' : 'no';
      return [what, fixed(measured, 2), `${kind} ${bound.toFixed(2)}`, verdict];
    }),
  );
}

function renderRelays({ relays, missing }: MacroData): string {
  const rows = [
    ...relays.map(({ name, about, version, command }) => [name, about, version, command === '' ? '' : `\`${command}\``]),
    ...missing.map(({ name, why }) => [name, `did not take part: ${why}`, '', '']),
  ];
  return markdownTable([left('relay'), left('what it is'), left('version'), left('command')], rows);
}

function renderSetting({ layout, payloadBytes }: MacroData): string {
  return `Payloads of ${payloadBytes} bytes. ${layout}. Each relay has exactly as many clients as the load.`;
}

function renderControl(control: readonly ControlCost[]): string {
  const about = [
    'Registered clients of ours stay connected and send a Ping every 10 s. CPU time of the node with these connections, less that',
    'without them; part of our costs below. One takes more the more there are: the QUIC library looks at every connection each',
    'time that it wakes up.',
  ].join(' ');
  const table = markdownTable(
    [right('clients'), right('µs a second, each'), right('ms a second, all')],
    control.map(({ clients, usPerSecond }) => [whole(clients), fixed(usPerSecond / clients, 0), fixed(usPerSecond / 1_000, 2)]),
  );
  return `${about}\n\n${table}`;
}

function titleOf({ plan: { clients, ratePps, grainUs } }: LoadData): string {
  const ticks = grainUs === 0 ? '' : `, in ticks of ${grainUs / 1_000} ms`;
  return `${clients.toLocaleString('en')} ${clients === 1 ? 'client' : 'clients'}, ${ratePps.toLocaleString('en')} round trips a second${ticks}`;
}

function renderLoad({ plan, rows }: LoadData): string {
  const references = REFERENCES.filter((name) => rows.some(({ ratios }) => ratios[name] !== undefined));
  const columns = [
    left('relay'),
    right('lost'),
    right('p50 µs'),
    right('p90'),
    right('p99'),
    right('p99.9'),
    right('added p50'),
    right('added p99'),
    right('CPU µs per round trip'),
    ...references.map((name) => right(`÷ ${name}`)),
    right('RSS MiB'),
  ];
  const table = markdownTable(
    columns,
    rows.map((row) => renderRow(row, references)),
  );
  return `Medians of ${plan.rounds} windows of ${plan.measureMs} ms.\n\n${table}`;
}

function renderRow(row: RelayRow, references: readonly string[]): string[] {
  const direct = row.relay === DIRECT;
  return [
    row.relay,
    percent(row.loss),
    ...[row.p50Us, row.p90Us, row.p99Us, row.p999Us].map(whole),
    ...(direct ? ['', ''] : [row.addedP50Us, row.addedP99Us].map(whole)),
    direct ? '' : fixed(row.cpuUsPerRoundTrip, 2),
    ...references.map((name) => (row.ratios[name] === undefined ? '' : fixed(row.ratios[name], 2))),
    direct ? '' : mebibytes(row.residentBytes),
  ];
}
