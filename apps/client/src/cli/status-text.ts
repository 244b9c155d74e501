import type { PageLoss, PageState } from '../page/page-state.ts';
import { shareText, sumOf } from '../page/page-words.ts';

/** What the live page shows, as lines for a terminal. */
export function describeState(state: PageState): string[] {
  const { command, phase, words, nodes, ways, loss, flows, notCaught, matches, seenAs, warnings } = state;
  const seen = seenAs === null ? '' : `  game servers see ${seenAs}`;
  return [
    `lightspeed ${command}: ${phase}${seen}`,
    words.headline,
    ...[words.sureness, words.rest].filter((text) => text !== ''),
    ...nodes.map(({ name, used, up, rttMs }) => {
      const how = used ? 'in use' : up ? 'ready' : 'not reached';
      return `node ${name}: ${how}${rttMs === null ? '' : `, ${rttMs.toFixed(1)} ms`}`;
    }),
    ...ways.map(({ way, parts }) => {
      const pieces = parts.map(({ name, ms }) => `${name} ${ms.toFixed(1)}`).join(', ');
      return `way ${way}: ${sumOf(parts).toFixed(1)} ms (${pieces})`;
    }),
    `loss: ${lossText('up', loss.up)}, ${lossText('down', loss.down)}`,
    ...flows.map(({ server, game, way, reason }) => {
      return `${server}${game === null ? '' : ` (${game})`}: ${way}${reason === null ? '' : `, because ${reason}`}`;
    }),
    ...(words.decided === '' ? [] : [words.decided]),
    ...(notCaught ?? []).map(({ what, why }) => `not caught: ${what}, because ${why}`),
    ...(matches === null ? [] : [`matches kept: ${matches.length}`]),
    ...warnings.map((text) => `note: ${text}`),
  ];
}

function lossText(direction: string, loss: PageLoss | null): string {
  if (loss === null || loss.before === null) return `${direction} -`;
  const after = loss.after === null ? '' : ` (${shareText(loss.after)} after protection)`;
  return `${direction} ${shareText(loss.before)}${after}`;
}
