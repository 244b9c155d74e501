import { count } from '../figures.ts';
import { LoadFigure } from './load-plan.ts';
import type { Expectations } from './outcome.ts';

/** That all sessions opened, everything was sent, and each packet was answered once, whole, to its own client. */
export function expectWholeLoad(expectations: Expectations, figures: Float64Array, clients: number, packets: number): void {
  expectations.equal('sessions opened', figures[LoadFigure.opened], clients);
  expectations.equal('packets sent', figures[LoadFigure.sent], packets);
  expectations.equal('packets answered', figures[LoadFigure.answered], packets);
  expectations.equal('answers at the wrong client', figures[LoadFigure.misdelivered], 0);
  expectations.equal('answers that came twice', figures[LoadFigure.duplicates], 0);
  expectations.equal('answers that were not right', figures[LoadFigure.corrupted], 0);
  expectations.equal('datagrams that the kernel dropped in front of the clients', figures[LoadFigure.kernelDrops], 0);
}

export function loadLine(figures: Float64Array): string {
  const [opened, sent, answered] = [LoadFigure.opened, LoadFigure.sent, LoadFigure.answered].map((at) => figures[at]);
  return `${count(opened)} sessions open, ${count(sent)} packets sent, ${count(answered)} answered`;
}

/** What a node dropped, by reason. */
export function dropsLine(drops: Readonly<Record<string, number>>): string {
  const some = Object.entries(drops).filter(([, number]) => number > 0);
  return some.length === 0 ? 'none' : some.map(([reason, number]) => `${reason} ${count(number)}`).join(', ');
}
