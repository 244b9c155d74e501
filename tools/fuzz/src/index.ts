/**
 * Fuzzing of what strangers send. The program is `main.ts`; this is what other tools want of it: its made-up datagrams.
 *
 * @module
 */
export { Datagrams, MAX_DATAGRAM_BYTES } from './datagrams.ts';
