import type { DatagramSocket } from '@lightspeed/udp';
import { closeFd, describeDataSocketFd, hasIpv6, openDataSocketFd } from '@lightspeed/udp';
import { AddressBook, NO_ADDRESS, UNSPECIFIED_IPV6 } from '@lightspeed/wire';
import { describe, expect, it } from 'vitest';
import type { TestEngine } from './support/scenario.ts';
import { ENGINES, handleOf, LOOPBACK, pattern, play, testEngine } from './support/scenario.ts';

const withoutIpv6 = hasIpv6() ? false : 'this system has no IPv6';

/** Sends `count` datagrams of the same length, each with its number at its start. */
function sendNumbered(engine: TestEngine, from: DatagramSocket, count: number, ip: number, port: number, lengthBytes = 100): void {
  const { start } = engine.arena.reserve;
  for (let index = 0; index < count; index++) {
    engine.arena.bytes.set(pattern(lengthBytes, index), start + index * lengthBytes);
    engine.send(from, start + index * lengthBytes, lengthBytes, ip, port);
  }
}

describe.skipIf(withoutIpv6)(`IPv6${withoutIpv6 === false ? '' : `: ${withoutIpv6}`}`, () => {
  describe.each(ENGINES)('through the %s engine', (kind) => {
    it('is carried there and back, one datagram or many', async () => {
      using engine = testEngine(kind);
      const loopback = handleOf(engine, '::1');
      const server = await engine.open({ ip: loopback, port: 0 });
      const client = await engine.open({ ip: loopback, port: 0 });
      expect(engine.addresses.format(server.localIp)).toBe('::1');
      const heard: Uint8Array[] = [];
      await play(engine, {
        start: () => sendNumbered(engine, client, 40, loopback, server.localPort),
        arrived({ socket, payload, offset, ip, port }) {
          expect(ip).toBe(loopback);
          if (socket === server) engine.send(server, offset, payload.length, ip, port);
          else heard.push(payload);
        },
        done: () => heard.length === 40,
      });
      expect(heard).toEqual(Array.from({ length: 40 }, (_, index) => pattern(100, index)));
    });

    it('and IPv4 come to one dual-stack socket, where IPv4 is IPv4', async () => {
      using engine = testEngine(kind);
      const loopback = handleOf(engine, '::1');
      const server = await engine.open({ ip: UNSPECIFIED_IPV6, port: 0, dualStack: true });
      expect(server.localIp).toBe(UNSPECIFIED_IPV6);
      const clients = [await engine.open({ ip: loopback, port: 0 }), await engine.open({ ip: LOOPBACK, port: 0 })];
      const senders = new Map<number, number>();
      const answers: DatagramSocket[] = [];
      await play(engine, {
        start() {
          sendNumbered(engine, clients[0], 1, loopback, server.localPort);
          sendNumbered(engine, clients[1], 1, LOOPBACK, server.localPort);
        },
        arrived({ socket, payload, offset, ip, port }) {
          if (socket !== server) answers.push(socket);
          else {
            senders.set(port, ip);
            engine.send(server, offset, payload.length, ip, port);
          }
        },
        done: () => answers.length === 2,
      });
      expect(new Set(answers)).toEqual(new Set(clients));
      expect(senders).toEqual(
        new Map([
          [clients[0].localPort, loopback],
          [clients[1].localPort, LOOPBACK],
        ]),
      );
    });

    it('alone comes to a socket on :: that is not dual-stack, so that IPv4 has its port for itself', async () => {
      using engine = testEngine(kind);
      const ipv6 = await engine.open({ ip: UNSPECIFIED_IPV6, port: 0 });
      const ipv4 = await engine.open({ ip: LOOPBACK, port: ipv6.localPort });
      const client = await engine.open({ ip: LOOPBACK, port: 0 });
      const heard: DatagramSocket[] = [];
      await play(engine, {
        start: () => sendNumbered(engine, client, 1, LOOPBACK, ipv6.localPort),
        arrived: ({ socket }) => heard.push(socket),
        done: () => heard.length === 1,
      });
      expect(heard).toEqual([ipv4]);
    });

    it('is spoken to one peer by a connected socket', async () => {
      using engine = testEngine(kind);
      const loopback = handleOf(engine, '::1');
      const server = await engine.open({ ip: loopback, port: 0 });
      const client = await engine.open({ ip: UNSPECIFIED_IPV6, port: 0, connect: { ip: loopback, port: server.localPort } });
      let heard = 0;
      await play(engine, {
        start: () => sendNumbered(engine, client, 5, 0, 0),
        arrived({ socket, payload, offset, ip, port }) {
          if (socket === server) engine.send(server, offset, payload.length, ip, port);
          else heard++;
        },
        done: () => heard === 5,
      });
      expect(heard).toBe(5);
    });

    it('is not sent by a socket of IPv4, nor to no address: counted', async () => {
      using engine = testEngine(kind);
      const ipv4 = await engine.open({ ip: LOOPBACK, port: 0 });
      const ipv6 = await engine.open({ ip: UNSPECIFIED_IPV6, port: 0, dualStack: true });
      await play(engine, {
        start() {
          engine.send(ipv4, engine.arena.reserve.start, 10, handleOf(engine, '::1'), 9);
          engine.send(ipv6, engine.arena.reserve.start, 10, NO_ADDRESS, 9);
        },
        done: () => engine.counters.get('send_failed') === 2,
      });
      expect(engine.counters.get('datagrams_sent')).toBe(0);
    });

    it('is refused where options contradict each other', async () => {
      using engine = testEngine(kind);
      const invalid = { code: 'ERR_UDP_INVALID_ARGUMENT' };
      const loopback = handleOf(engine, '::1');
      await expect(engine.open({ ip: loopback, port: 0, dualStack: true })).rejects.toMatchObject(invalid);
      await expect(engine.open({ ip: 0, port: 0, dualStack: true })).rejects.toMatchObject(invalid);
      await expect(engine.open({ ip: 0, port: 0, connect: { ip: loopback, port: 9 } })).rejects.toMatchObject(invalid);
      await expect(engine.open({ ip: UNSPECIFIED_IPV6, port: 0, connect: { ip: LOOPBACK, port: 9 } })).rejects.toMatchObject(invalid);
    });

    it('names the address that the system refused', async () => {
      using engine = testEngine(kind);
      const foreign = handleOf(engine, '2001:db8::1');
      await expect(engine.open({ ip: foreign, port: 7 })).rejects.toThrow('[2001:db8::1]:7: EADDRNOTAVAIL');
    });

    it('shares the address book of the thread, which keeps the address of an open socket', async () => {
      const addresses = new AddressBook();
      using engine = testEngine(kind, { addresses });
      expect(engine.addresses).toBe(addresses);
      const socket = await engine.open({ ip: handleOf(engine, '::1'), port: 0 });
      expect(addresses.retained).toBe(1);
      socket.close();
      socket.close();
      expect(addresses.retained).toBe(0);
    });

    it('is not heard from senders that the address book has no room for: counted', async () => {
      const addresses = new AddressBook({ maxRetained: 1 });
      using engine = testEngine(kind, { addresses });
      const server = await engine.open({ ip: UNSPECIFIED_IPV6, port: 0, dualStack: true });
      const sender = testEngine(kind);
      using other = sender;
      const client = await other.open({ ip: handleOf(other, '::1'), port: 0 });
      for (let i = 0; addresses.refused === 0; i++) addresses.retain(addresses.intern(0x2001_0db8, i, 0, 0, 0));
      await play(other, {
        start: () => sendNumbered(other, client, 1, handleOf(other, '::1'), server.localPort),
        done: () => other.counters.get('datagrams_sent') === 1,
      });
      await play(engine, { done: () => engine.counters.get('senders_refused') === 1 });
      expect(engine.counters.get('datagrams_received')).toBe(0);
    });
  });

  it('goes in runs to one address, by the batch engine', async () => {
    using engine = testEngine('batch');
    const loopback = handleOf(engine, '::1');
    const server = await engine.open({ ip: loopback, port: 0 });
    const client = await engine.open({ ip: UNSPECIFIED_IPV6, port: 0, dualStack: true });
    const heard: Uint8Array[] = [];
    await play(engine, {
      start: () => sendNumbered(engine, client, 30, loopback, server.localPort),
      arrived: ({ payload }) => heard.push(payload),
      done: () => heard.length === 30,
    });
    expect(heard).toEqual(Array.from({ length: 30 }, (_, index) => pattern(100, index)));
    expect(engine.counters.get('segmented_sends')).toBe(1);
  });

  it('sockets are opened in one thread and adopted in another, by their text', async () => {
    const fd = openDataSocketFd({ address: '::', dualStack: true, port: 0 });
    try {
      const { address, port } = describeDataSocketFd(fd);
      expect(address).toBe('::');
      using engine = testEngine('batch');
      const adopted = await engine.open({ ip: 0, port: 0, fd });
      expect([adopted.localIp, adopted.localPort]).toEqual([UNSPECIFIED_IPV6, port]);
      const client = await engine.open({ ip: LOOPBACK, port: 0 });
      const senders: number[] = [];
      await play(engine, {
        start: () => sendNumbered(engine, client, 1, LOOPBACK, port),
        arrived: ({ ip }) => senders.push(ip),
        done: () => senders.length === 1,
      });
      expect(senders).toEqual([LOOPBACK]);
      expect(() => openDataSocketFd({ address: 'localhost', port: 0 })).toThrow(
        expect.objectContaining({ code: 'ERR_UDP_INVALID_ARGUMENT' }),
      );
    } finally {
      closeFd(fd);
    }
  });
});
