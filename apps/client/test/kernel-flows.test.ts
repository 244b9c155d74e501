import { MAX_QUIET_FLOWS } from '@lightspeed/capture';
import type { CapturedFlow } from '@lightspeed/capture';
import { describe, expect, it, onTestFinished } from 'vitest';
import { KernelFlows } from '../src/catch/kernel-flows.ts';
import type { CaughtFlow } from '../src/ingress/transparent/messages.ts';

const caught = (sourcePort: number): CaughtFlow => ({ sourceIp: 1, sourcePort, serverIp: 2, serverPort: 27_015 });
const captured = (port: number): CapturedFlow => ({ source: { ip: '0.0.0.1', port }, server: { ip: '0.0.0.2', port: 27_015 } });

/** A helper whose kernel knows for how long each port was quiet; undefined ports it does not carry. */
function openFlows() {
  const quiet = new Map<number, number>();
  const seen: [port: number, quietMs: number][] = [];
  const world = { quiet, seen, asked: 0, isBroken: false };
  const helper = {
    quietMs: (flows: readonly CapturedFlow[]) => {
      world.asked++;
      if (world.isBroken) return Promise.reject(new Error('the helper is gone'));
      return Promise.resolve(flows.map(({ source }) => quiet.get(source.port) ?? null));
    },
  };
  const flows = new KernelFlows(helper, ({ sourcePort }, quietMs) => seen.push([sourcePort, quietMs]));
  onTestFinished(() => flows[Symbol.dispose]());
  const add = (port: number) => flows.add(caught(port), captured(port));
  return { ...world, world, flows, add };
}

describe('the flows that the kernel carries', () => {
  it('are heard of for as long as the kernel knows them, and nobody is asked without any', async () => {
    const { flows, add, quiet, seen, world } = openFlows();
    await flows.ask();
    expect(world.asked).toBe(0);
    add(1);
    add(2);
    quiet.set(1, 300).set(2, 70_000);
    await flows.ask();
    quiet.delete(2);
    await flows.ask();
    quiet.set(2, 0);
    await flows.ask();
    expect(seen).toEqual([
      [1, 300],
      [2, 70_000],
      [1, 300],
      [1, 300],
    ]);
  });

  it('give way by their quiet: a game stays known beside a server browser', async () => {
    const { flows, add, quiet, seen } = openFlows();
    for (let port = 1; port <= MAX_QUIET_FLOWS; port++) {
      quiet.set(port, port === 1 ? 0 : 10_000 + port);
      add(port);
    }
    await flows.ask();
    for (let port = 1_000; port < 1_050; port++) {
      quiet.set(port, 0);
      add(port);
    }
    seen.length = 0;
    await flows.ask();
    expect(seen).toHaveLength(MAX_QUIET_FLOWS);
    expect(seen[0]).toEqual([1, 0]);
    expect(seen.map(([port]) => port)).not.toContain(MAX_QUIET_FLOWS);
  });

  it('are kept when the helper does not answer once', async () => {
    const { flows, add, quiet, seen, world } = openFlows();
    add(1);
    quiet.set(1, 5);
    world.isBroken = true;
    await flows.ask();
    world.isBroken = false;
    await flows.ask();
    expect(seen).toEqual([[1, 5]]);
  });
});
