import { describe, expect, test } from 'vitest';
import { Netem, NetemLink, Simulation } from '@lightspeed/netem';

describe('Simulation', () => {
  test('runs actions at their times, those of equal times in the order of scheduling', () => {
    const simulation = new Simulation({ startMs: 100 });
    const log: string[] = [];
    const note = (what: string) => () => void log.push(`${simulation.nowMs} ${what}`);
    simulation.at(300, note('c'));
    simulation.at(200, note('a'));
    simulation.at(200, note('b'));
    simulation.at(50, note('past'));
    simulation.at(400, note('too late'));
    simulation.runUntil(399);
    expect(log).toEqual(['100 past', '200 a', '200 b', '300 c']);
    expect(simulation.nowMs).toBe(399);
  });

  test('cancels actions, even from another action of the same instant', () => {
    const simulation = new Simulation();
    const log: string[] = [];
    const cancels: (() => void)[] = [];
    simulation.at(10, () =>
      cancels.forEach((cancel) => {
        cancel();
      }),
    );
    cancels.push(
      simulation.at(10, () => log.push('same instant')),
      simulation.at(20, () => log.push('later')),
    );
    simulation.at(30, () => log.push('stays'));
    simulation.runUntil(100);
    expect(log).toEqual(['stays']);
  });

  test('repeats an action at even intervals until it is stopped', () => {
    const simulation = new Simulation({ startMs: 5 });
    const times: number[] = [];
    const stop = simulation.every(10, () => {
      times.push(simulation.nowMs);
      if (times.length === 4) stop();
    });
    simulation.runUntil(1000);
    expect(times).toEqual([5, 15, 25, 35]);
    expect(simulation.nextEventMs()).toBeUndefined();
  });

  test('intervals that are no whole ticks do not drift', () => {
    const simulation = new Simulation();
    let count = 0;
    simulation.every(1000 / 60, () => (count += 1));
    simulation.runUntil(9_999);
    expect(count).toBe(600);
  });

  test('wakes endpoints when they want it, in the order in which they were added, until they are taken out', () => {
    const simulation = new Simulation();
    const log: string[] = [];
    const timer = (name: string, everyMs: number) => {
      let nextMs = everyMs;
      return {
        nextWakeMs: () => nextMs,
        wake: (nowMs: number) => {
          log.push(`${nowMs} ${name}`);
          nextMs = nowMs + everyMs;
        },
      };
    };
    simulation.add(timer('slow', 20));
    const remove = simulation.add(timer('fast', 10));
    simulation.runUntil(20);
    remove();
    simulation.runUntil(45);
    expect(log).toEqual(['10 fast', '20 slow', '20 fast', '40 slow']);
  });

  test('asks an endpoint anew after anything has happened', () => {
    const simulation = new Simulation();
    let wantedMs: number | undefined;
    const woken: number[] = [];
    simulation.add({
      nextWakeMs: () => wantedMs,
      wake: (nowMs) => {
        woken.push(nowMs);
        wantedMs = undefined;
      },
    });
    simulation.at(10, () => (wantedMs = 15));
    simulation.at(12, () => (wantedMs = 30));
    simulation.runUntil(100);
    expect(woken).toEqual([30]);
  });

  test('shows whole milliseconds, at or after the time at which something is due', () => {
    const simulation = new Simulation();
    const times: number[] = [];
    const netem = new Netem<string>({ seed: 1, rateBps: 3000 });
    simulation.attach(netem, (_, nowMs) => times.push(nowMs));
    simulation.at(0, () => {
      netem.send('a', 10, simulation.nowMs);
    });
    simulation.runUntil(100);
    expect(times).toEqual([4]);
  });

  test('carries a conversation over a link', () => {
    const simulation = new Simulation();
    const link = new NetemLink<number>({ seed: 1, delayMs: 20 }, { seed: 2, delayMs: 30 });
    const roundTripsMs: number[] = [];
    simulation.attach(link.aToB, (packet, nowMs) => {
      link.bToA.send(packet, 10, nowMs);
    });
    simulation.attach(link.bToA, (packet, nowMs) => roundTripsMs.push(nowMs - packet));
    const stop = simulation.every(100, () => {
      link.aToB.send(simulation.nowMs, 10, simulation.nowMs);
    });
    simulation.runUntil(250);
    stop();
    expect(roundTripsMs).toEqual([50, 50, 50]);
  });

  test('shows the time up to which it was run when nothing is left to happen', () => {
    const simulation = new Simulation();
    simulation.runUntil(500);
    expect(simulation.nowMs).toBe(500);
    simulation.at(700, () => undefined);
    simulation.runUntil(600);
    expect([simulation.nowMs, simulation.nextEventMs()]).toEqual([600, 700]);
    simulation.runUntil(700);
    expect([simulation.nowMs, simulation.nextEventMs()]).toEqual([700, undefined]);
  });

  test('lets everyone have a turn while two ends answer each other without delay, and then says that it never ends', () => {
    const simulation = new Simulation();
    const link = new NetemLink<string>({ seed: 1 });
    let turns = 0;
    simulation.attach(link.aToB, (packet, nowMs) => {
      link.aToB.send(packet, 1, nowMs);
    });
    simulation.attach(link.bToA, () => (turns += 1));
    link.aToB.send('echo', 1, 0);
    link.bToA.send('waiting', 1, 0);
    expect(() => {
      simulation.runUntil(1);
    }).toThrow(expect.objectContaining({ code: 'ERR_NETEM_NO_PROGRESS' }));
    expect(turns).toBe(1);
  });

  test.each([{ startMs: NaN }, { startMs: Infinity }])('refuses %o', (options) => {
    expect(() => new Simulation(options)).toThrow(expect.objectContaining({ code: 'ERR_NETEM_INVALID_OPTION' }));
  });

  test('refuses times and intervals that are no numbers', () => {
    const simulation = new Simulation();
    expect(() => simulation.at(NaN, () => undefined)).toThrow(expect.objectContaining({ code: 'ERR_NETEM_INVALID_OPTION' }));
    expect(() => simulation.every(0, () => undefined)).toThrow(expect.objectContaining({ code: 'ERR_NETEM_INVALID_OPTION' }));
    expect(() => {
      simulation.runUntil(Infinity);
    }).toThrow(expect.objectContaining({ code: 'ERR_NETEM_INVALID_OPTION' }));
  });
});
