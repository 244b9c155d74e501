import { PeerCapability, DEFAULT_PROTECTION } from '@lightspeed/session';
import type { LoopMode, ProtectionSettings, ProtectionTerms, RelayOptions } from '@lightspeed/session';
import { BlockType, TunnelHeader, hasBlocks } from '@lightspeed/wire';
import { describe, expect, it } from 'vitest';
import { termsInHandshake } from '../src/protection/agreed/protection-terms.ts';
import { OUTER_BYTES, blocksOf, openWithTerms, repeat, report, request, sendBlocks, xorOfNothing } from './support/blocks-client.ts';
import { LstpClient, SERVER } from './support/lstp-client.ts';
import { CLIENT_IP, SECRET, SESSION_ID, clientAt, proof, prove } from './support/proof-client.ts';
import { RelayHost } from './support/relay-host.ts';

const settingsOf = (mode: LoopMode, more: Partial<ProtectionSettings> = {}): ProtectionSettings => ({
  ...DEFAULT_PROTECTION,
  mode,
  budgetPercent: 50,
  ...more,
});
const termsBytes = (terms: ProtectionTerms): Uint8Array => {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, termsInHandshake(terms));
  return bytes;
};
const PAYLOAD_BYTES = 100;
const OWN_BYTES = OUTER_BYTES + 20 + PAYLOAD_BYTES;

/** A relay that protects so, and a client that has agreed on it. */
function sceneOf(settings: ProtectionSettings, { validates = true, ...options }: Partial<RelayOptions> & { validates?: boolean } = {}) {
  const host = new RelayHost({ protections: [settings], ...options });
  const client = openWithTerms(new LstpClient(host), settings, validates);
  host.takeToClients();
  host.takeToServers();
  return { host, client };
}

/** A server sends 50 datagrams a second; the client sends what it likes, 1,000 packets a second. What goes out by kind, in bytes of IP. */
function flood(client: LstpClient, seconds: number, send: (nth: number, newest: number) => number) {
  const { host } = client;
  const sum = { in: 0, out: 0, own: 0, repeats: new Map<number, number>(), reports: 0, requests: 0 };
  let newest = 0;
  for (let nth = 0; nth < seconds * 1_000; nth++) {
    host.nowMs++;
    if (nth % 20 === 0) host.fromServer(0, new Uint8Array(PAYLOAD_BYTES), SERVER.ip, SERVER.port);
    sum.in += send(nth, newest);
    host.tick();
    for (const { bytes } of host.takeToClients()) {
      sum.out += OUTER_BYTES + bytes.length;
      const blocks = blocksOf(bytes);
      if (!hasBlocks(bytes, 0, bytes.length) || bytes[24] === 2) sum.own += OWN_BYTES;
      newest = new DataView(bytes.buffer, bytes.byteOffset).getUint16(2);
      for (const { type, about } of blocks) {
        if (type === BlockType.repeat) sum.repeats.set(about, (sum.repeats.get(about) ?? 0) + 1);
        else if (type === BlockType.report) sum.reports++;
        else if (type === BlockType.request) sum.requests++;
      }
    }
  }
  return sum;
}

/** Requests for all that may be there, thrice, with reports that keep the relay protecting. */
const askForAll = (client: LstpClient) => (nth: number, newest: number) => {
  const requests = [newest - 40, newest - 23, newest - 16, newest - 16, newest - 16].map((base) => request(base, 0xffff));
  return sendBlocks(client, [...requests, report(newest, nth, 0, 0, nth)]);
};

describe('a client that asks for all, as fast as it can', () => {
  it('gets each payload once, and no more than the budget', () => {
    const { client } = sceneOf(settingsOf({ kind: 'request' }, { deadlineMs: 100 }));
    const { repeats, out, own, reports } = flood(client, 20, askForAll(client));
    expect(repeats.size).toBeGreaterThan(300);
    expect(Math.max(...repeats.values())).toBe(1);
    const reportBytes = reports * (OUTER_BYTES + 26 + 12);
    expect(out - own - reportBytes).toBeLessThanOrEqual(0.5 * own);
  });

  it('gets nothing but what its address may get while that is not validated', () => {
    const { client } = sceneOf(settingsOf({ kind: 'repeat', agesMs: [5, 20] }), { validates: false });
    const asked = flood(client, 5, (nth, newest) => (nth % 100 === 0 ? askForAll(client)(nth, newest) : 0));
    expect(asked.repeats.size).toBe(0);
    // The HANDSHAKE and the datagram that opened it are not counted here.
    expect(asked.out).toBeLessThanOrEqual(8 * (asked.in + 56 + OUTER_BYTES + 25));
  });

  it('gets three times what comes from an address for which it has only a proof', () => {
    const settings = settingsOf({ kind: 'repeat', agesMs: [5] });
    const host = new RelayHost({ admission: 'registered', protections: [settings] });
    const capabilities = PeerCapability.challenges;
    const registration = { sessionId: SESSION_ID, prefixHigh: 0, prefixLow: CLIENT_IP, token: 9, dialect: 'standard' as const };
    host.relay.register({ ...registration, secret: SECRET, protection: settings, capabilities });
    const client = clientAt(host, '192.0.2.77:7', 9);
    client.raw(proof(9, 4n));
    client.data('hello');
    host.takeToClients();
    const { repeats, out, in: came } = flood(client, 5, (nth, newest) => (nth % 50 === 0 ? askForAll(client)(nth, newest) : 0));
    expect(repeats.size).toBe(0);
    expect(out).toBeLessThanOrEqual(3 * (came + 76 + OUTER_BYTES + 25));
    expect(out).toBeGreaterThan(0);
  });

  it('and leaves gaps in its numbers gets little more than it sends', () => {
    const { client } = sceneOf(settingsOf({ kind: 'request' }));
    const {
      in: came,
      out,
      own,
      requests,
    } = flood(client, 10, (nth) => {
      // Every other packet is missing, and comes when it is asked for: the relay sees that asking helps.
      if (nth % 2 === 1) return sendBlocks(client, [repeat(2, new Uint8Array(1))]);
      client.sequence += 1;
      client.data(new Uint8Array(1));
      return OUTER_BYTES + 21;
    });
    expect(requests).toBeGreaterThan(10);
    expect(out - own).toBeLessThanOrEqual(1.5 * came);
  });
});

describe('what a client sends in blocks', () => {
  it('counts in its rate: payloads that were never sent by themselves, eight in each packet', () => {
    const { client, host } = sceneOf(settingsOf({ kind: 'off' }));
    for (let ms = 0; ms < 5_000; ms++) {
      host.nowMs++;
      client.sequence = (client.sequence + 40) & 0xffff;
      sendBlocks(
        client,
        [28, 27, 26, 25, 24, 23, 22, 21].map((distance) => repeat(distance, new Uint8Array(3))),
      );
      host.tick();
    }
    const { length } = host.takeToServers();
    expect(length).toBeGreaterThan(4_000);
    // A second's worth at once, and what the five seconds bring.
    expect(length).toBeLessThanOrEqual(6_000);
  });

  it('may come in its own packet later, if the rate has no room for a repeat', () => {
    const { client, host } = sceneOf(settingsOf({ kind: 'off' }), { maxPpsPerClient: 10 });
    const numbers = Array.from({ length: 30 }, (_, nth) => 2 * (nth + 1));
    for (const number of numbers) sendBlocks(client, [repeat(1, Uint8Array.of(number))], SERVER, number + 1);
    const came = host.takeToServers().map(({ bytes }) => bytes[0]);
    expect(came.length).toBeLessThan(numbers.length);
    for (const number of numbers.filter((one) => !came.includes(one))) {
      host.pass(1_000);
      client.sequence = number;
      client.data(Uint8Array.of(number));
      came.push(...host.takeToServers().map(({ bytes }) => bytes[0]));
    }
    expect(came.toSorted((a, b) => a - b)).toEqual(numbers);
  });

  it('brings no server more bytes than came, also by XORs of a long payload with nothing', () => {
    const { client, host } = sceneOf(settingsOf({ kind: 'off' }));
    let came = 0;
    for (let n = 0; n < 10; n++) {
      host.nowMs += 100;
      client.sequence += 20;
      client.data(new Uint8Array(1_300));
      came += 1_300;
      for (const first of [1, 8]) {
        const masks = Array.from({ length: 8 }, (_, nth) => 1 << (first + nth - 1));
        came += sendBlocks(
          client,
          masks.map((mask) => xorOfNothing(first === 1 ? 1 : 2, mask, 0)),
        );
      }
      host.tick();
    }
    expect(host.takeToServers().reduce((sum, { bytes }) => sum + bytes.length, 0)).toBeLessThanOrEqual(came);
  });

  it('takes at most half of the memory, and gives it back', () => {
    const { client, host } = sceneOf(settingsOf({ kind: 'repeat', agesMs: [20] }));
    let least = host.memory.capacity;
    flood(client, 3, (nth, newest) => {
      host.fromServer(0, new Uint8Array(PAYLOAD_BYTES), SERVER.ip, SERVER.port);
      const sent = sendBlocks(client, [xorOfNothing(1, nth & 0xffff, 40), report(newest, nth, 0, 0, nth), request(newest - 9, 0xff)]);
      client.fecData(nth & 0xffff, 0, 9, new Uint8Array(900));
      least = Math.min(least, host.memory.available);
      return sent;
    });
    expect(least).toBeGreaterThanOrEqual(host.memory.capacity / 2);
    host.pass(3_000);
    expect(host.memory.available).toBe(host.memory.capacity);
  });

  it('is refused where nothing was agreed on', () => {
    const host = new RelayHost({ protections: [undefined] });
    const client = openWithTerms(new LstpClient(host), DEFAULT_PROTECTION);
    host.takeToClients();
    host.takeToServers();
    for (let n = 0; n < 5; n++) sendBlocks(client, [repeat(1, new Uint8Array(3)), request(0, 1), report(0, 0)]);
    expect(host.drops()).toEqual({ 'client:bad_fec_flags': 5 });
    expect([host.takeToClients(), host.takeToServers()]).toEqual([[], []]);
  });

  it('gets nothing but reports where the node protects nothing', () => {
    const { client, host } = sceneOf(settingsOf({ kind: 'off' }));
    const { repeats } = flood(client, 2, askForAll(client));
    expect(repeats.size).toBe(0);
    expect(host.drops()).not.toHaveProperty('client:bad_fec_flags');
  });

  it('is counted as bad_report where it names what was never sent, or more than was', () => {
    const { client, host } = sceneOf(settingsOf({ kind: 'off' }));
    host.fromServer(0, new Uint8Array(PAYLOAD_BYTES), SERVER.ip, SERVER.port);
    sendBlocks(client, [report(0, 1)]);
    expect(host.drops()).toEqual({});
    sendBlocks(client, [report(900, 1), report(40_000, 1)]);
    for (let n = 0; n < 5; n++) host.fromServer(0, new Uint8Array(PAYLOAD_BYTES), SERVER.ip, SERVER.port);
    sendBlocks(client, [report(4, 90), report(4, 5, 9)]);
    expect(host.drops()).toEqual({ 'client:bad_report': 4 });
  });
});

describe('a HANDSHAKE that somebody forges', () => {
  it('changes nothing of the protection of a session that a proof has bound', () => {
    const settings = settingsOf({ kind: 'repeat', agesMs: [5] });
    const host = new RelayHost({ admission: 'registered', protections: [settings] });
    const registration = { sessionId: SESSION_ID, prefixHigh: 0, prefixLow: CLIENT_IP, token: 9, dialect: 'standard' as const };
    host.relay.register({ ...registration, secret: SECRET, protection: settings, capabilities: PeerCapability.challenges });
    const client = clientAt(host, '203.0.113.5:1', 9);
    prove(client, 9, 4n);
    client.data('hello');
    host.takeToClients();
    const other = termsBytes({ forms: 2, deadlineMs: 10, budgetPercent: 0 });
    for (const token of [0, 9]) {
      for (const payload of [new Uint8Array(0), new Uint8Array(8), other]) {
        client.raw(TunnelHeader.handshake(0, 5_000_000).withSessionToken(token).encodeWithPayload(payload));
      }
    }
    expect(host.drops()).toEqual({ 'client:not_admitted': 6 });
    expect(host.takeToClients()).toEqual([]);
    const { repeats } = flood(client, 2, (nth, newest) => (nth % 100 === 0 ? sendBlocks(client, [report(newest, 0, 0, 0, nth)]) : 0));
    expect(repeats.size).toBeGreaterThan(30);
    expect(host.drops()).toEqual({ 'client:not_admitted': 6 });
  });

  it.each([
    ['that it knows nothing', new Uint8Array(8)],
    ['nothing', new Uint8Array(0)],
    ['that it knows other blocks', termsBytes({ forms: 2, deadlineMs: 10, budgetPercent: 0 })],
  ])('changes nothing of the protection of a session that a token opened: %s', (_what, payload) => {
    const { client, host } = sceneOf(settingsOf({ kind: 'repeat', agesMs: [5] }));
    client.raw(TunnelHeader.handshake(0, 5_000_000).withSessionToken(client.token).encodeWithPayload(payload));
    host.takeToClients();
    const { repeats } = flood(client, 2, (nth, newest) => (nth % 100 === 0 ? sendBlocks(client, [report(newest, 0, 0, 0, nth)]) : 0));
    expect(repeats.size).toBeGreaterThan(30);
    expect(host.drops()).toEqual({});
  });

  it('has no blocks sent to a client that knows none', () => {
    const settings = settingsOf({ kind: 'repeat', agesMs: [5] });
    const host = new RelayHost({ protections: [settings] });
    const client = new LstpClient(host).open();
    client.data('hello');
    host.takeToServers();
    client.raw(TunnelHeader.handshake(0, 5_000_000).withSessionToken(client.token).encodeWithPayload(termsBytes(settings)));
    host.takeToClients();
    const { repeats } = flood(client, 2, () => 0);
    expect(repeats.size).toBe(0);
  });

  it('is one that starts over when its sender has shown that it receives', () => {
    const settings = settingsOf({ kind: 'repeat', agesMs: [5] });
    const host = new RelayHost({ protections: [settings] });
    const client = new LstpClient(host).open();
    client.data('hello');
    host.takeToServers();
    client.send(TunnelHeader.handshake(0, 5_000_000), termsBytes(settings));
    expect(Buffer.from(client.answers()[0].payload)).toEqual(Buffer.from(termsBytes(settings)));
    client.send(TunnelHeader.handshake(0, 5_000_000), new Uint8Array(8));
    const [{ payload: challenge }] = client.answers();
    expect(challenge.some((byte) => byte !== 0)).toBe(true);
    client.send(TunnelHeader.handshake(0, 5_000_000), challenge);
    expect(Buffer.from(client.answers()[0].payload)).toEqual(Buffer.alloc(8));
    client.sequence = 0;
    client.data('again');
    const { repeats } = flood(client, 2, (nth, newest) => (nth % 100 === 0 ? sendBlocks(client, [report(newest, 0, 0, 0, nth)]) : 0));
    expect(repeats.size).toBeGreaterThan(30);
  });
});
