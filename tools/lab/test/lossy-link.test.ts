import { describe, expect, it } from 'vitest';
import { LossyLink } from '../src/lossy-link.ts';
import { TestPeer, until } from './support/udp.ts';

const PACKETS = 400;

/** Sends numbered packets through a link and waits until each has arrived or is lost. @returns the numbers that arrived */
async function numbersThrough(link: LossyLink, source: TestPeer, target: TestPeer): Promise<number[]> {
  const before = target.arrivals.length;
  const sentBefore = link.stats.toTarget.sent;
  for (let number = 0; number < PACKETS; number++) source.send(link.address, Uint8Array.of(number >> 8, number));
  await until(() => link.stats.toTarget.sent === sentBefore + PACKETS && link.stats.toTarget.inFlight === 0);
  const { sent, delivered, duplicated, lostRandom } = link.stats.toTarget;
  expect(delivered).toBe(sent + duplicated - lostRandom);
  await until(() => target.arrivals.length === delivered);
  return target.arrivals.slice(before).map(({ bytes }) => bytes.readUInt16BE(0));
}

describe('a lossy link', () => {
  it('without impairments passes everything on, in order, both ways', async () => {
    await using source = await TestPeer.open();
    await using target = await TestPeer.open();
    await using link = await LossyLink.open({ target: target.address, seed: 1, toTarget: {} });
    expect(await numbersThrough(link, source, target)).toEqual(Array.from({ length: PACKETS }, (_, number) => number));
    for (const arrival of target.arrivals) target.answer(arrival, arrival.bytes);
    await until(() => source.arrivals.length === PACKETS);
    expect(source.arrivals.every(({ from }) => from.port === link.address.port)).toBe(true);
    expect(link.stats).toMatchObject({ sources: 1, refused: 0 });
  });

  it('loses the same packets for the same seed, and says how many', async () => {
    const rounds: number[][] = [];
    for (const seed of [7, 7, 8]) {
      await using source = await TestPeer.open();
      await using target = await TestPeer.open();
      await using link = await LossyLink.open({ target: target.address, seed, toTarget: { loss: 0.3 } });
      const arrived = await numbersThrough(link, source, target);
      expect(arrived.length).toBe(PACKETS - link.stats.toTarget.lostRandom);
      expect(link.stats.toTarget.lostRandom).toBeGreaterThan(PACKETS / 5);
      rounds.push(arrived);
    }
    expect(rounds[1]).toEqual(rounds[0]);
    expect(rounds[2]).not.toEqual(rounds[0]);
  });

  it('delays, reorders and duplicates', async () => {
    await using source = await TestPeer.open();
    await using target = await TestPeer.open();
    const toTarget = { delayMs: 20, jitterMs: 10, duplicate: 0.2 };
    await using link = await LossyLink.open({ target: target.address, seed: 1, toTarget });
    const startMs = performance.now();
    const arrived = await numbersThrough(link, source, target);
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(20);
    expect(new Set(arrived).size).toBe(PACKETS);
    expect(arrived.length).toBe(PACKETS + link.stats.toTarget.duplicated);
    expect(link.stats.toTarget.reordered).toBeGreaterThan(0);
  });

  it('lets the target tell sources apart, and answers each its own', async () => {
    await using one = await TestPeer.open();
    await using other = await TestPeer.open();
    await using target = await TestPeer.open();
    await using link = await LossyLink.open({ target: target.address, seed: 1, toTarget: {} });
    one.send(link.address, Buffer.from('one'));
    other.send(link.address, Buffer.from('other'));
    await until(() => target.arrivals.length === 2);
    expect(new Set(target.arrivals.map(({ from }) => from.port)).size).toBe(2);
    for (const arrival of target.arrivals) target.answer(arrival, arrival.bytes);
    await until(() => one.arrivals.length === 1 && other.arrivals.length === 1);
    expect(one.arrivals[0].bytes.toString()).toBe('one');
    expect(other.arrivals[0].bytes.toString()).toBe('other');
  });

  it('passes on nothing that others than the target send to its upstream sockets', async () => {
    await using source = await TestPeer.open();
    await using target = await TestPeer.open();
    await using stranger = await TestPeer.open();
    await using link = await LossyLink.open({ target: target.address, seed: 1, toTarget: {} });
    source.send(link.address, Buffer.from('hello'));
    await until(() => target.arrivals.length === 1);
    const [arrival] = target.arrivals;
    stranger.answer(arrival, Buffer.from('stranger'));
    target.answer(arrival, Buffer.from('target'));
    await until(() => source.arrivals.length === 1);
    expect(source.arrivals[0].bytes.toString()).toBe('target');
    expect(link.stats.toSource.sent).toBe(1);
  });

  it('can be cut and mended', async () => {
    await using source = await TestPeer.open();
    await using target = await TestPeer.open();
    await using link = await LossyLink.open({ target: target.address, seed: 1, toTarget: {} });
    link.cut();
    expect(await numbersThrough(link, source, target)).toEqual([]);
    link.mend();
    expect(await numbersThrough(link, source, target)).toHaveLength(PACKETS);
    await link[Symbol.asyncDispose]();
    await link[Symbol.asyncDispose]();
  });

  it('can forget its sources, which then come from other addresses', async () => {
    await using source = await TestPeer.open();
    await using target = await TestPeer.open();
    const fromIps = [0x7f00_0007, 0x7f00_0008];
    await using link = await LossyLink.open({ target: target.address, fromIps, seed: 1, toTarget: {} });
    source.send(link.address, Buffer.from('before'));
    await until(() => target.arrivals.length === 1);
    await link.forget();
    target.answer(target.arrivals[0], Buffer.from('too late'));
    source.send(link.address, Buffer.from('after'));
    await until(() => target.arrivals.length === 2);
    expect(target.arrivals.map(({ from }) => from.address)).toEqual(['127.0.0.7', '127.0.0.8']);
    target.answer(target.arrivals[1], Buffer.from('answer'));
    await until(() => source.arrivals.length === 1);
    expect(source.arrivals[0].bytes.toString()).toBe('answer');
  });

  it('can block one source', async () => {
    await using source = await TestPeer.open();
    await using target = await TestPeer.open();
    await using link = await LossyLink.open({ target: target.address, seed: 1, toTarget: {} });
    link.block(0x7f00_0001);
    source.send(link.address, Buffer.from('blocked'));
    await new Promise((resolve) => setImmediate(resolve));
    link.unblock(0x7f00_0001);
    // Sockets of loopback keep the order: what comes first was sent last.
    source.send(link.address, Buffer.from('passed'));
    await until(() => target.arrivals.length > 0);
    expect(target.arrivals.map(({ bytes }) => bytes.toString()).at(-1)).toBe('passed');
  });

  it('refuses impairments that cannot be', async () => {
    await using target = await TestPeer.open();
    const opening = LossyLink.open({ target: target.address, seed: 1, toTarget: { loss: 1.5 } });
    await expect(opening).rejects.toMatchObject({ code: 'ERR_NETEM_INVALID_OPTION' });
  });
});
