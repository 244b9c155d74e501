import { History } from '../../src/history/history.ts';
import { matchRecord } from './match-records.ts';

/*
 * Writes matches into a history, as one of several programs at once: FILE SERVER COUNT END.
 */

const [file = '', server = '', count = '0', endMs = '0'] = process.argv.slice(2);
using history = await History.open(file, (text) => console.error(text), Number(endMs));
const record = matchRecord({ endMs: Number(endMs), server });
for (let i = 0; i < Number(count); i++) history.add(record);
