/**
 * A data-plane worker thread: sockets of its own, a relay of its own, and nothing shared with others but counters.
 *
 * With the batch engine the thread never turns Node's event loop while it serves: messages are taken when the main thread
 * wakes the engine.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { FEC_BLOCK_BYTES } from '@lightspeed/fec';
import { createEngine, pinThread } from '@lightspeed/udp';
import { AddressBook, isUnspecified } from '@lightspeed/wire';
import { DataPlane } from './data-plane.ts';
import { DataSockets } from './data-sockets.ts';
import { FORWARDING_IP } from './worker-forwarding.ts';
import type { FromWorker, ToWorker, WorkerStart } from './messages.ts';

const main = parentPort;
if (main === null) throw new Error('this module is the entry of a worker thread');
const start = workerData as WorkerStart;
const { data, shared } = start;

const tell = (message: FromWorker) => main.postMessage(message);

/** A session has up to 4 paths here, and another worker's up to 8 addresses from which it is forwarded. */
const HANDLES_PER_CLIENT = 12;

if (start.core !== undefined) pinThread(start.core);
const engine = createEngine(start.engine, {
  addresses: new AddressBook({ hashSeed: randomBytes(4).readInt32BE(), maxRetained: HANDLES_PER_CLIENT * start.relay.maxClients }),
  busyPollUs: start.busyPollUs ?? 0,
  reserveBytes: start.fecBlocks * FEC_BLOCK_BYTES,
  countersBuffer: shared.udpCounters,
  ...(shared.fdLedger === undefined ? {} : { fdLedger: shared.fdLedger }),
});

const socket = await engine.open({
  ip: engine.addresses.parse(data.address) ?? 0,
  port: data.port,
  dualStack: data.address === '::',
  // An answer leaves from the address that was spoken to.
  localAddresses: isUnspecified(data.address),
  reusePort: data.reusePort,
  receiveBufferBytes: data.bufferBytes,
  sendBufferBytes: data.bufferBytes,
  ...(data.fd === undefined ? {} : { fd: data.fd }),
});
const forward =
  start.workers === 1
    ? null
    : await engine.open({
        ip: FORWARDING_IP,
        port: 0,
        receiveBufferBytes: start.egress.bufferBytes,
        sendBufferBytes: start.egress.bufferBytes,
      });
const sockets = new DataSockets(engine, socket);
sockets.adopt(data.ownFds);
const dataPlane = new DataPlane(engine, sockets, forward, start, takeMessages, tell);

/** With a portable engine the event loop turns, and messages come as events. */
const inbox: ToWorker[] = [];
if (engine.wakeFd === undefined) {
  main.on('message', (message: ToWorker) => {
    inbox.push(message);
    engine.wake();
  });
}

function take(message: ToWorker): void {
  switch (message.type) {
    case 'ban':
      dataPlane.ban(message);
      break;
    case 'register':
      dataPlane.register(message.client);
      tell({ type: 'registered', request: message.request });
      break;
    case 'unregister':
      dataPlane.unregister(message.sessionId);
      break;
    case 'nonces':
      dataPlane.noteNonces(message.sessionId, message.nonces);
      break;
    case 'peers':
      dataPlane.setPeers(message.ports);
      break;
    case 'snapshot':
      dataPlane.takeSnapshots(message.request, message.scope);
      break;
    case 'idle':
      dataPlane.tellIdle(message.request, message.sessionIds);
      break;
    case 'own-addresses':
      dataPlane.setOwnAddresses(message.ips);
      break;
    case 'agree':
      dataPlane.agree(message.sessionId, message.terms);
      break;
    case 'tag':
      dataPlane.tag(message.sessionId);
      break;
    case 'asked':
      dataPlane.countDestination(message.sessionId);
      break;
    case 'own-sockets':
      sockets.adopt(message.fds);
      break;
    case 'stop':
      dataPlane.stop();
      break;
    case 'limits':
      dataPlane.setLimits(message.limits, message.rules);
      break;
    case 'suspend':
      dataPlane.suspend();
      break;
    case 'crash':
      throw new Error('asked to crash');
  }
}

function takeMessages(): void {
  for (let message = inbox.shift(); message !== undefined; message = inbox.shift()) take(message);
  if (main === null) return;
  for (let taken = receiveMessageOnPort(main); taken !== undefined; taken = receiveMessageOnPort(main)) {
    take(taken.message as ToWorker);
  }
}

tell({
  type: 'serving',
  wakeFd: engine.wakeFd,
  receiveBufferBytes: socket.receiveBufferBytes,
  sendBufferBytes: socket.sendBufferBytes,
  forwardingPort: forward?.localPort ?? 0,
});
await engine.run(dataPlane);
// A batch engine's descriptors stay open; the main thread closes them when this thread is gone. Until then it may still
// write to the one that wakes this thread, and its number must not belong to another file.
if (engine.wakeFd === undefined) engine.close();
main.close();
