import { FEC_BLOCK_CONTENT_BYTES, FecMemory } from '@lightspeed/fec';
import { describe, expect, it } from 'vitest';
import type { SocksAssociation } from '../src/ingress/socks/association.ts';
import { IPV6_ONLY, findServer } from '../src/ingress/game-server-name.ts';
import { NameTable } from '../src/ingress/socks/names.ts';
import type { ServerName } from '../src/ingress/socks/names.ts';
import { WaitingRoom } from '../src/ingress/waiting-room.ts';

const IP = 0x0a00_0001;
const OTHER_IP = 0x0a00_0002;

function lookUp(names: NameTable, text: string, nowMs = 0): ServerName | null {
  const bytes = Buffer.from(`..${text}..`, 'latin1');
  return names.lookUp(bytes, 2, bytes.length - 4, nowMs);
}

describe('the names of game servers', () => {
  it('are asked for once, and known from then on', () => {
    const asked: string[] = [];
    const names = new NameTable((name) => asked.push(name));
    expect([lookUp(names, 'a.example')?.state, lookUp(names, 'a.example')?.state]).toEqual(['asked', 'asked']);
    names.answer('a.example', [IP], false, 10);
    expect(lookUp(names, 'a.example', 20)).toMatchObject({ state: 'found', servers: { ip: IP } });
    expect(asked).toEqual(['a.example']);
    expect(lookUp(names, 'b.example', 20)?.state).toBe('asked');
    expect(names.answer('c.example', [IP], false, 20)).toBeUndefined();
  });

  it('are known while something is sent to them, looked up again every 30 s, and anew after a minute without', () => {
    const asked: number[] = [];
    let nowMs = 0;
    const names = new NameTable(() => asked.push(nowMs));
    lookUp(names, 'a');
    names.answer('a', [IP], false, 0);
    for (nowMs = 1_000; nowMs <= 100_000; nowMs += 1_000) {
      const before = asked.length;
      expect(lookUp(names, 'a', nowMs)?.state).toBe('found');
      // The answer takes a while, and nothing is asked meanwhile.
      expect(lookUp(names, 'a', nowMs)?.state).toBe('found');
      if (asked.length > before) names.answer('a', nowMs > 60_000 ? [OTHER_IP] : [], false, nowMs);
    }
    expect(asked).toEqual([0, 31_000, 62_000, 93_000]);
    expect(lookUp(names, 'a', 100_000)?.servers?.ip).toBe(OTHER_IP);
    expect(lookUp(names, 'a', 161_000)?.state).toBe('asked');
  });

  it('that were asked for again when nothing more was sent are found by that answer', () => {
    const asked: string[] = [];
    const names = new NameTable((name) => asked.push(name));
    lookUp(names, 'a');
    names.answer('a', [IP], false, 0);
    lookUp(names, 'a', 31_000);
    expect(lookUp(names, 'a', 100_000)?.state).toBe('asked');
    expect(asked).toEqual(['a', 'a']);
    names.answer('a', [OTHER_IP], false, 100_000);
    expect(lookUp(names, 'a', 100_000)).toMatchObject({ state: 'found', servers: { ip: OTHER_IP } });
  });

  it('that cannot be found are looked up again after five seconds', () => {
    const asked: string[] = [];
    const names = new NameTable((name) => asked.push(name));
    for (const [name, ipv6Only] of [
      ['none', false],
      ['six', true],
    ] as const) {
      lookUp(names, name);
      names.answer(name, [], ipv6Only, 0);
    }
    expect([lookUp(names, 'none', 4_000)?.state, lookUp(names, 'six', 4_000)?.state]).toEqual(['unknown', 'ipv6-only']);
    expect(lookUp(names, 'six', 6_000)?.state).toBe('asked');
    expect(asked).toEqual(['none', 'six', 'six']);
  });

  it('that are still not found are looked up again more and more seldom, but every minute, until they are found', () => {
    const asked: number[] = [];
    let nowMs = 0;
    const names = new NameTable(() => asked.push(nowMs));
    for (; nowMs <= 300_000; nowMs += 1_000) {
      if (lookUp(names, 'none', nowMs)?.state === 'asked') names.answer('none', [], false, nowMs);
    }
    expect(asked).toEqual([0, 6_000, 17_000, 38_000, 79_000, 140_000, 201_000, 262_000]);
    lookUp(names, 'none', 330_000);
    names.answer('none', [IP], false, 330_000);
    lookUp(names, 'none', 400_000);
    names.answer('none', [], false, 400_000);
    expect(lookUp(names, 'none', 406_000)?.state).toBe('asked');
  });

  it('that are addresses of nobody are not sent to', () => {
    const names = new NameTable(() => undefined);
    for (const [name, ip] of [
      ['240.0.0.1', 0xf000_0001],
      ['0.0.0.0', 0],
    ] as const) {
      lookUp(names, name);
      expect(names.answer(name, [ip], false, 0)?.state).toBe('unknown');
    }
  });

  it('that are IPv6 addresses have no IPv4 address, and that is what is said', async () => {
    expect(await findServer('::1')).toMatchObject({ ips: [], ipv6Only: true, why: IPV6_ONLY });
  });

  it('that are none are never asked for', () => {
    const asked: string[] = [];
    const names = new NameTable((name) => asked.push(name));
    for (const text of ['a b', 'a\u0000', 'é', '\u001b[2J']) expect(lookUp(names, text)?.state).toBe('unknown');
    expect(asked).toEqual([]);
  });

  it('are 256 at most: the one that was not used for longest gives way, and never one that is being looked up', () => {
    const names = new NameTable(() => undefined);
    for (let i = 0; i < 256; i++) lookUp(names, `n${i}`);
    expect(lookUp(names, 'one-more')).toBeNull();
    names.answer('n7', [IP], false, 0);
    names.answer('n8', [IP], false, 5);
    expect(lookUp(names, 'one-more', 10)?.state).toBe('asked');
    expect(lookUp(names, 'n8', 10)?.state).toBe('found');
    expect(lookUp(names, 'n7', 10)).not.toBeNull();
    expect(lookUp(names, 'another', 10)).toBeNull();
  });
});

describe('the datagrams that wait for names', () => {
  // What it does with them is nothing but to tell them apart.
  const association = {} as SocksAssociation;
  const other = {} as SocksAssociation;
  const names = () => new NameTable(() => undefined);
  const nameOf = (table: NameTable, text: string) => {
    const name = lookUp(table, text);
    if (name === null) throw new Error('no room for a name');
    return name;
  };

  it('are eight for a name and 64 in all, and their blocks come back when they are sent', () => {
    const memory = FecMemory.allocate(100);
    const room = new WaitingRoom(memory);
    const table = names();
    const all = Array.from({ length: 9 }, (_, i) => nameOf(table, `n${i}`));
    for (const name of all.slice(0, 8)) {
      const taken = Array.from({ length: 9 }, () => room.add(association, name, 1, 0, 10));
      expect(taken.filter(Boolean)).toHaveLength(8);
    }
    expect(room.add(association, all[8], 1, 0, 10)).toBe(false);
    expect(memory.available).toBe(100 - 64);
    expect(room.takeOut(all[0])).toHaveLength(8);
    // Until they are sent their blocks are not free.
    expect(room.add(association, all[8], 1, 0, 10)).toBe(false);
    room.sent();
    expect(memory.available).toBe(100 - 56);
    expect(room.add(association, all[8], 1, 0, 10)).toBe(true);
  });

  it('are dropped if they are longer than a block, or if there is none', () => {
    const memory = FecMemory.allocate(1);
    const room = new WaitingRoom(memory);
    const name = nameOf(names(), 'a');
    expect(room.add(association, name, 1, 0, FEC_BLOCK_CONTENT_BYTES + 1)).toBe(false);
    expect(room.add(association, name, 1, 0, 10)).toBe(true);
    expect(room.add(association, name, 1, 0, 10)).toBe(false);
  });

  it('are forgotten with their association', () => {
    const memory = FecMemory.allocate(10);
    const room = new WaitingRoom(memory);
    const name = nameOf(names(), 'a');
    room.add(association, name, 1, 0, 10);
    room.add(other, name, 2, 0, 10);
    room.forget(association);
    room.sent();
    expect(memory.available).toBe(9);
    expect(room.takeOut(name)).toMatchObject([{ port: 2, length: 10 }]);
  });
});
