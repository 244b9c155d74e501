import { PROBE_KIND_CODES, PROBE_LOST, probeOriginsExtension, probedRoutersExtension } from '@lightspeed/control';
import type { Extension, Probe } from '@lightspeed/control';
import { ProbeError } from '@lightspeed/probe';
import type { Measurement } from '@lightspeed/probe';
import { parseDestinationRule } from '@lightspeed/security';
import { formatIpv4, parseIpv4 } from '@lightspeed/wire';
import { describe, expect, it } from 'vitest';
import { OPEN, ProbeScene } from './support/probe-scene.ts';

describe('a request to measure', () => {
  it('is met with round trips, and with nothing else', async () => {
    const scene = new ProbeScene();
    scene.instead = ({ kind, target }) => Promise.resolve({ kind, roundTripsMs: [40.25, undefined], origin: target.ip, ttl: undefined });

    expect(await scene.result('9.9.9.9:27015', { count: 2, spacingMs: 25, kind: PROBE_KIND_CODES.tcp })).toEqual({
      type: 'probe_result',
      requestId: 7,
      refusal: 0,
      ageSecs: 0,
      origin: parseIpv4('9.9.9.9'),
      samplesUs: [40_250, PROBE_LOST],
      extensions: [],
    });
    expect(scene.orders).toEqual([
      { target: { ip: '9.9.9.9', port: 27_015 }, kind: 'tcp', options: { count: 2, spacingMs: 25, routers: 1 } },
    ]);
  });

  it.each<[string, string, Partial<Probe>, string]>([
    ['of a kind that there is not', '9.9.9.9:27015', { kind: 0 }, 'invalid'],
    ['of another such kind', '9.9.9.9:27015', { kind: 5 }, 'invalid'],
    ['of no probes', '9.9.9.9:27015', { count: 0 }, 'invalid'],
    ['of too many probes', '9.9.9.9:27015', { count: 11 }, 'invalid'],
    ['of probes far apart', '9.9.9.9:27015', { spacingMs: 1_001 }, 'invalid'],
    ['of a private network', '10.0.0.1:27015', {}, 'destination_denied'],
    ['of the link', '169.254.169.254:8080', {}, 'destination_denied'],
    ['of loopback', '127.0.0.1:27015', {}, 'destination_denied'],
    ['of multicast', '224.0.0.1:27015', {}, 'destination_denied'],
    ['of broadcast', '255.255.255.255:27015', {}, 'destination_denied'],
    ['of no address', '0.0.0.0:27015', {}, 'destination_denied'],
    ['of port 0', '9.9.9.9:0', {}, 'destination_denied'],
    ['of the port of a service', '9.9.9.9:22', { kind: PROBE_KIND_CODES.tcp }, 'destination_denied'],
    ['of the last such port', '9.9.9.9:1023', {}, 'destination_denied'],
    ["of the node's own address", '8.8.4.4:27015', {}, 'destination_denied'],
    ["of the node's own port", '8.8.4.4:4433', {}, 'destination_denied'],
  ])('%s is refused, and nothing is sent', async (_what, to, request, refusal) => {
    const scene = new ProbeScene();

    expect(await scene.ask(to, request)).toBe(refusal);
    expect(scene.orders).toEqual([]);
    expect(scene.newTargets).toBe(0);
    expect([...scene.probes.counters.refused]).toEqual([[refusal, 1]]);
  });

  it("is held to the operator's rules, and never goes to the node's own address, even if flows may", async () => {
    const allowDestinations = [parseDestinationRule('8.8.4.0/24')];
    const scene = new ProbeScene({ allowDestinations, onlyAllowedDestinations: true });
    expect(await scene.ask('9.9.9.9:27015')).toBe('destination_denied');
    expect(await scene.ask('8.8.4.5:27015')).toEqual([40]);
    expect(await scene.ask('8.8.4.4:27015')).toBe('destination_denied');

    scene.probes.reload({ ...OPEN, denyDestinations: [parseDestinationRule('8.8.4.5/32')] });
    expect(await scene.ask('8.8.4.5:27015')).toBe('destination_denied');
    scene.probes.reload({ ...OPEN, probesEnabled: false });
    expect(await scene.ask('9.9.9.9:27015')).toBe('disabled');
  });
});

describe('a ticket', () => {
  it('may ask for three servers within a second', async () => {
    const scene = new ProbeScene();
    for (const last of [1, 2, 3]) expect(await scene.ask(`9.9.${last}.9:27015`)).toEqual([40]);
    expect(await scene.ask('9.9.4.9:27015')).toBe('rate');
    expect(await scene.ask('9.9.4.9:27015', {}, 'bob')).toEqual([40]);

    scene.nowMs += 1_000;
    expect(await scene.ask('9.9.4.9:27015')).toEqual([40]);
  });

  it('may ask for four ports of an address within ten minutes', async () => {
    const scene = new ProbeScene();
    for (const port of [2_001, 2_002, 2_003, 2_004]) {
      expect(await scene.ask(`9.9.9.9:${port}`)).toEqual([40]);
      scene.nowMs += 1_000;
    }
    expect(await scene.ask('9.9.9.9:2005')).toBe('ports');
    expect(await scene.ask('9.9.9.9:2001')).toEqual([40]);

    scene.nowMs += 599_000;
    expect(await scene.ask('9.9.9.9:2005')).toEqual([40]);
  });

  it('may ask for as many servers as the operator says within ten minutes, whatever else it asks for', async () => {
    const scene = new ProbeScene({ probeTargets: 5 });
    const answers: unknown[] = [];
    for (let number = 1; number <= 300; number++) {
      answers.push(await scene.ask(`9.${number >>> 8}.${number & 0xff}.9:27015`));
      scene.nowMs += 1_000;
    }
    expect(answers.filter((answer) => Array.isArray(answer))).toHaveLength(5);
    expect(new Set(answers.slice(5))).toEqual(new Set(['targets']));
    expect(scene.newTargets).toBe(5);
  });

  it('may ask for the same server once a second for a whole match, which is never a new server', async () => {
    const scene = new ProbeScene();
    for (let second = 0; second < 3_600; second++) {
      expect(await scene.ask('9.9.9.9:27015')).toEqual([40]);
      scene.nowMs += 1_000;
    }
    expect(scene.orders).toHaveLength(3_600);
    expect(scene.newTargets).toBe(1);
  });

  it('has two bursts of ten probes of a server, and then twelve a second', async () => {
    const scene = new ProbeScene();
    for (let burst = 0; burst < 2; burst++) expect(await scene.ask('9.9.9.9:27015', { count: 10 })).toHaveLength(10);
    expect(await scene.ask('9.9.9.9:27015', { count: 10 })).toBe('rate');
    scene.nowMs += 500;
    expect(await scene.ask('9.9.9.9:27015', { count: 10 })).toHaveLength(10);
    expect(await scene.ask('9.9.9.9:27015', { count: 1 })).toBe('rate');
    // As a series of ten a second is, which measures loss.
    for (let second = 0; second < 60; second++) {
      scene.nowMs += 1_000;
      expect(await scene.ask('9.9.9.9:27015', { count: 10 })).toHaveLength(10);
    }
  });
});

describe('a result', () => {
  it('of a network is shared for ten minutes, with its age, if the client takes it', async () => {
    const scene = new ProbeScene();
    await scene.ask('9.9.9.9:27015', { count: 10 });
    scene.nowMs += 61_500;

    const shared = await scene.result('9.9.9.77:30000', { count: 10, maxAgeSecs: 600 }, 'bob');
    // Neither which server it was of nor when exactly: that is what somebody else has played.
    expect(shared).toMatchObject({ refusal: 0, ageSecs: 120, origin: 0 });
    expect(shared.samplesUs).toHaveLength(10);
    expect(scene.orders).toHaveLength(1);
    expect(scene.probes.counters.shared).toBe(1);

    // Another kind, another network, somebody who wants a newer one, one that is too old.
    await scene.ask('9.9.9.77:30000', { maxAgeSecs: 600, kind: PROBE_KIND_CODES.tcp }, 'bob');
    await scene.ask('9.9.8.9:30000', { maxAgeSecs: 600 }, 'bob');
    scene.nowMs += 1_000;
    await scene.ask('9.9.9.9:27015', { maxAgeSecs: 60 }, 'carol');
    expect(scene.orders).toHaveLength(4);
    scene.nowMs += 600_001;
    await scene.ask('9.9.9.9:27015', { maxAgeSecs: 0xffff }, 'dave');
    expect(scene.orders).toHaveLength(5);
  });

  it('of a server that waits for lost probes keeps no more than a share of all measurements from others', async () => {
    const scene = new ProbeScene();
    const open: (() => void)[] = [];
    scene.instead = ({ kind }) => {
      const { promise, resolve } = Promise.withResolvers<Measurement>();
      open.push(() => resolve({ kind, roundTripsMs: [undefined], origin: undefined, ttl: undefined }));
      return promise;
    };
    const asked: Promise<unknown>[] = [];
    for (let second = 0; second < 12; second++) {
      asked.push(scene.ask(`9.9.${second % 3}.9:27015`, {}, 'mallory'));
      scene.nowMs += 1_000;
    }
    expect(scene.orders).toHaveLength(8);
    asked.push(scene.ask('9.9.7.9:27015', {}, 'bob'));
    expect(scene.orders).toHaveLength(9);
    for (const end of open) end();
    await Promise.all(asked);
    expect(scene.probes.counters.refused.get('busy')).toBe(4);
    scene.instead = undefined;
    expect(await scene.ask('9.9.1.9:27015', {}, 'mallory')).toEqual([40]);
  });

  it('of a server is shared by all who ask within half a second, and while it is measured', async () => {
    const scene = new ProbeScene();
    const all = await Promise.all(Array.from({ length: 50 }, (_, number) => scene.ask('9.9.9.9:27015', {}, `player ${number}`)));
    expect(all).toEqual(Array.from({ length: 50 }, () => [40]));
    scene.nowMs += 400;
    await scene.ask('9.9.9.9:27015', {}, 'late');
    expect(scene.orders).toHaveLength(1);

    // The same address is not the same server.
    await scene.ask('9.9.9.9:27016', {}, 'late');
    expect(scene.orders).toHaveLength(2);
  });

  it('is not given again to a client that asks after a second, also if it waits for lost probes: losses would count double', async () => {
    const scene = new ProbeScene();
    const open: (() => void)[] = [];
    scene.instead = ({ kind, target }) => {
      const { promise, resolve } = Promise.withResolvers<Measurement>();
      open.push(() => resolve({ kind, roundTripsMs: [undefined], origin: target.ip, ttl: undefined }));
      return promise;
    };
    const first = scene.ask('9.9.9.9:27015');
    scene.nowMs += 400;
    const joined = scene.ask('9.9.9.9:27015', {}, 'bob');
    scene.nowMs += 600;
    const second = scene.ask('9.9.9.9:27015');
    expect(scene.orders).toHaveLength(2);

    for (const end of open) end();
    await Promise.all([first, joined, second]);
    scene.nowMs += 600;
    const third = scene.ask('9.9.9.9:27015');
    expect(scene.orders).toHaveLength(3);
    open.at(-1)?.();
    await third;
  });

  it("says whose router has answered only if flows might go there: what is behind the node is nobody's business", async () => {
    const scene = new ProbeScene();
    const origins: string[] = [];
    for (const [number, origin] of ['10.1.2.3', '8.8.4.4', '8.8.8.1'].entries()) {
      scene.instead = ({ kind }) => Promise.resolve({ kind, roundTripsMs: [5], origin, ttl: 3 });
      const result = await scene.result(`9.9.${number}.9:27015`, { kind: PROBE_KIND_CODES.ttl });
      origins.push(formatIpv4(result.origin));
    }
    expect(origins).toEqual(['0.0.0.0', '0.0.0.0', '8.8.8.1']);
  });
});

describe('probes by TTL', () => {
  it('are spread over as many routers as are asked for, three at most, and the result says who has answered each', async () => {
    const scene = new ProbeScene();
    const routers: (number | undefined)[] = [];
    const origins = ['8.8.8.1', '10.1.2.3', undefined];
    scene.instead = ({ kind, options }) => {
      routers.push(options.routers);
      return Promise.resolve({ kind, roundTripsMs: [5, 6, undefined], origin: origins[0], origins, ttl: 3 });
    };
    const kind = PROBE_KIND_CODES.ttl;
    const told = async (extensions: readonly Extension[]) => {
      const result = await scene.result('9.9.9.9:27015', { kind, count: 3, extensions });
      return probeOriginsExtension.find(result.extensions)?.map((ip) => formatIpv4(ip));
    };
    expect(await told([])).toBeUndefined();
    expect(await told([probedRoutersExtension.encode(200)])).toEqual(['8.8.8.1', '0.0.0.0', '0.0.0.0']);
    // What was measured otherwise is not given to who has asked for this.
    expect(routers).toEqual([1, 3]);
  });
});

describe('for all clients together', () => {
  it('so many probes a second go out', async () => {
    const scene = new ProbeScene({ probesPerSecond: 25 });
    const ask = (number: number) => scene.ask(`9.9.${number}.9:27015`, { count: 10 }, `player ${number}`);
    expect(await Promise.all([1, 2, 3].map(ask))).toEqual([expect.any(Array), expect.any(Array), 'busy']);
    scene.nowMs += 1_000;
    expect(await ask(4)).toHaveLength(10);
  });

  it('so many measurements are under way, and none is lost when they end', async () => {
    const scene = new ProbeScene();
    const { promise, resolve } = Promise.withResolvers<Measurement>();
    scene.instead = () => promise;
    const first = Array.from({ length: 32 }, (_, number) => scene.ask(`9.9.${number}.9:27015`, {}, `player ${number}`));
    expect(await scene.ask('9.9.99.9:27015', {}, 'one more')).toBe('busy');

    resolve({ kind: 'icmp', roundTripsMs: [40], origin: undefined, ttl: undefined });
    await Promise.all(first);
    expect(await scene.ask('9.9.98.9:27015', {}, 'one more')).toEqual([40]);
  });

  it('so many tickets are remembered, and none is forgotten before its time', async () => {
    const scene = new ProbeScene({ probesPerSecond: 10_000 });
    for (let number = 0; number < 4_096; number++) {
      expect(await scene.ask('9.9.9.9:27015', {}, `player ${number}`)).toEqual([40]);
    }
    expect(await scene.ask('9.9.9.9:27015', {}, 'one more')).toBe('busy');
    scene.nowMs += 600_000;
    expect(await scene.ask('9.9.9.9:27015', {}, 'one more')).toEqual([40]);
  });

  it('a kind that the system does not allow is refused by name', async () => {
    const scene = new ProbeScene();
    scene.instead = () => Promise.reject(new ProbeError('ERR_PROBE_UNAVAILABLE', 'no ICMP echo'));
    expect(await scene.ask('9.9.9.9:27015')).toBe('unavailable');
    expect([...scene.probes.counters.done]).toEqual([]);
  });
});
