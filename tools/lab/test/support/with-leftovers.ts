import { ForeignProcess } from '../../src/foreign-process.ts';
import { temporaryFolder } from '../../src/leftovers.ts';

/** Leaves a folder and two processes, of which one has left its parent, and prints where they are. It never ends. */
const { path } = await temporaryFolder();
const orphan = `(tail -f /dev/null & echo "orphan $!"); exec tail -f /dev/null`;
const left = new ForeignProcess('sh', ['-c', orphan], process.env, path);
const [, pid] = (await left.line(/^orphan/, 20_000)).split(' ');
process.stdout.write(`${JSON.stringify({ path, pids: [left.pid, Number(pid)] })}\n`);
