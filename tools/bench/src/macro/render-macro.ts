import { left, markdownTable, right } from '../report/markdown.ts';
import { fixed, mebibytes, percent, whole } from '../report/numbers.ts';
import { DIRECT } from './entrants.ts';
import { arrivalOf } from './plan.ts';
import type { Claim, ControlCost, LoadData, MacroData, RelayRow } from './macro-data.ts';
import { REFERENCES } from './relay-rows.ts';
import type { WorkerScaling } from './worker-scaling.ts';

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
  if (data.workers !== undefined) parts.push('### More workers', renderWorkers(data.workers));
  return parts.join('\n\n');
}

function renderWorkers(workers: WorkerScaling): string {
  if ('why' in workers) return `Not measured: ${workers.why}.`;
  const about = [
    `Highest rate of nodes whose workers have ${fixed(workers.share, 2)} of the relays' core each, by the kernel's quota. What`,
    "one sees is whether workers get in each other's way. With a whole core each they would have to take one from the load",
    'generator, which needs as much for a round trip as a relay.',
  ].join(' ');
  const [first] = workers.rates;
  const table = markdownTable(
    [right('workers'), right('per second'), right(`÷ ${first.workers}`)],
    workers.rates.map(({ workers: count, ratePps }) => [whole(count), whole(ratePps), fixed(ratePps / first.ratePps, 2)]),
  );
  return `${about}\n\n${table}`;
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
    'Registered clients of ours stay connected and send keepalives and Pings. CPU time of the node with these connections, less that',
    'without them; part of our costs below. One takes more the more there are: the QUIC library looks at every connection each',
    'time that it wakes up.',
  ].join(' ');
  const table = markdownTable(
    [right('clients'), right('µs a second, each'), right('ms a second, all')],
    control.map(({ clients, usPerSecond }) => [whole(clients), fixed(usPerSecond / clients, 0), fixed(usPerSecond / 1_000, 2)]),
  );
  return `${about}\n\n${table}`;
}

function titleOf({ plan }: LoadData): string {
  const { clients, ratePps } = plan;
  return `${whole(clients)} ${clients === 1 ? 'client' : 'clients'}, ${whole(ratePps)} round trips a second${arrivalOf(plan)}`;
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
