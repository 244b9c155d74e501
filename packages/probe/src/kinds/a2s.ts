import { createSocket } from 'node:dgram';
import type { CheckedOptions } from '../base/options.ts';
import { ProbeError } from '../base/errors.ts';
import type { Answer, Shot } from '../base/shots.ts';
import { whyNoProbeSockets } from '../linux/probe-socket.ts';
import { SocketShot } from '../linux/socket-shot.ts';

/*
 * A2S_INFO, https://developer.valvesoftware.com/wiki/Server_queries. A server answers the request with its information, or first
 * with a challenge. Either is one round trip. So a challenge is never sent back, and no long answer is asked for.
 */
const REQUEST = Uint8Array.from([0xff, 0xff, 0xff, 0xff, 0x54, ...new TextEncoder().encode('Source Engine Query\0')]);
const CHALLENGE = 0x41;
const INFORMATION = 0x49;
const KIND_AT = 4;

/** One A2S_INFO request. @throws {ProbeError} `ERR_PROBE_UNAVAILABLE` */
export function a2sShot({ target, mark, source }: CheckedOptions): Shot {
  if (whyNoProbeSockets() === undefined) {
    return new SocketShot({ protocol: 'udp', target, mark, source }, REQUEST, ({ bytes, error }) => {
      return error === undefined && isAnswer(bytes) ? target.ip : undefined;
    });
  }
  if (mark !== undefined) throw new ProbeError('ERR_PROBE_UNAVAILABLE', `no sockets with marks: ${whyNoProbeSockets() ?? ''}`);
  return portableShot({ target, source });
}

/** Whether a datagram is a server's answer to A2S_INFO: its information, or a challenge. */
function isAnswer(bytes: Uint8Array): boolean {
  for (let at = 0; at < KIND_AT; at++) if (bytes[at] !== 0xff) return false;
  return bytes[KIND_AT] === CHALLENGE || bytes[KIND_AT] === INFORMATION;
}

/** The same by `node:dgram`, whose times are those at which Node hears of an answer. */
function portableShot({ target, source }: Pick<CheckedOptions, 'target' | 'source'>): Shot {
  const socket = createSocket('udp4').unref();
  let isOpen = true;
  let answer: Answer | undefined;
  // A server that is not there is not answering.
  socket.on('error', () => undefined);
  return {
    fire() {
      const sentMs = performance.now();
      socket.on('message', (bytes, { address, port }) => {
        if (address !== target.ip || port !== target.port || !isAnswer(bytes)) return;
        answer ??= { roundTripMs: performance.now() - sentMs, origin: target.ip };
      });
      if (source !== undefined) socket.bind({ address: source });
      socket.send(REQUEST, target.port, target.ip, () => undefined);
    },
    look: () => answer,
    close: () => {
      if (isOpen) socket.close();
      isOpen = false;
    },
  };
}
