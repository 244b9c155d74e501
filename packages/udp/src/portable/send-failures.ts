import type { UdpCounterName } from '../counters.ts';

/** Which counter counts a failed send, by the name of the system's error; others count as `send_failed`. */
export const SEND_FAILURES: Readonly<Record<string, UdpCounterName>> = {
  EAGAIN: 'send_would_block',
  ENOBUFS: 'send_no_buffers',
  ENOMEM: 'send_no_buffers',
  ECONNREFUSED: 'send_refused',
  EMSGSIZE: 'send_too_big',
};
