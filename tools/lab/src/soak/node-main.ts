import { ipv4Endpoint, startLabNode } from '../lab-node.ts';
import { GarbageCollector } from './collect-garbage.ts';
import type { NodeQuestion, NodeReady, NodeReport } from './node-process.ts';

const garbage = await GarbageCollector.attach();
let node: ReturnType<typeof startLabNode> | undefined;

process.on('message', (question: NodeQuestion) => {
  answer(question).catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  });
});
// The parent is gone: nobody will ask for the end.
process.on('disconnect', () => process.exit(1));

async function answer(question: NodeQuestion): Promise<void> {
  if (question.ask === 'start') {
    node = startLabNode(question.options);
    const { dataAddress, controlAddress, controlPin: pin } = await node;
    const control = controlAddress && ipv4Endpoint(controlAddress);
    process.send?.({ data: ipv4Endpoint(dataAddress), control, pin } satisfies NodeReady);
  } else if (question.ask === 'report' && node !== undefined) {
    if (question.collectGarbage) await garbage.collect();
    const report: NodeReport = { stats: (await node).stats(), rssBytes: process.memoryUsage.rss() };
    process.send?.(report);
  } else {
    await (await node)?.close();
    process.exit(0);
  }
}
