import { Generator } from './generator.ts';
import type { LoadAnswer, LoadQuestion } from './load-messages.ts';

/** The process of the load generator: it has a core of its own, which it keeps busy while a window runs. */
const generator = new Generator();

process.on('message', (question: LoadQuestion) => {
  generator.answer(question).then(tell, (error: unknown) => {
    tell({ answer: 'error', message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  });
});
// The parent is gone: nobody will ask any more.
process.on('disconnect', () => process.exit(0));

function tell(answer: LoadAnswer): void {
  process.send?.(answer);
}
