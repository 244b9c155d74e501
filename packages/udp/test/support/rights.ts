import koffi from 'koffi';

const CAPABILITIES_V3 = 0x2008_0522;
const CAP_NET_ADMIN = 12;
const CAP_NET_RAW = 13;

/** Runs an action while the calling thread lacks CAP_NET_ADMIN and CAP_NET_RAW, whatever it has before and after. */
export async function withoutNetworkRights(action: () => Promise<void>): Promise<void> {
  const c = koffi.load(null);
  const capget = c.func('int capget(void *header, void *data)') as (header: Int32Array, data: Int32Array) => number;
  const capset = c.func('int capset(void *header, void *data)') as (header: Int32Array, data: Int32Array) => number;
  const header = Int32Array.of(CAPABILITIES_V3, 0);
  // Two times effective, permitted and inheritable: capabilities 0 to 31, then the others.
  const before = new Int32Array(6);
  if (capget(header, before) !== 0) throw new Error('capget failed');
  const without = before.slice();
  without[0] &= ~((1 << CAP_NET_ADMIN) | (1 << CAP_NET_RAW));
  if (capset(header, without) !== 0) throw new Error('capset failed');
  try {
    await action();
  } finally {
    capset(header, before);
  }
}
