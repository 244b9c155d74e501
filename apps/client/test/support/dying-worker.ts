import { parentPort } from 'node:worker_threads';

/** Begins like a data-plane thread and crashes when it is told to close. */
parentPort?.once('message', () => {
  throw new Error('a fault in the packet path');
});
parentPort?.postMessage({
  type: 'started',
  io: 'portable',
  ioReason: 'test',
  ioFellBack: false,
  wakeFd: undefined,
  listens: [],
  locals: [],
});
