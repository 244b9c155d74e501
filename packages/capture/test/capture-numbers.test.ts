import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { CaptureServer } from '../src/helper/server.ts';

function helper(folder: string): CaptureServer {
  const file = (name: string) => join(folder, name);
  return new CaptureServer({
    listen: { path: file('helper.sock') },
    numberFile: file('captures'),
    gatewayFile: file('gateway'),
    slice: 'lightspeed-none.slice',
    idleMs: 0,
    log: () => undefined,
  });
}

function folderOfTest(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lightspeed-numbers-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** The numbers that a user's captures get, until there are no more. */
function takeAll(server: CaptureServer, uid: number): number[] {
  const taken: number[] = [];
  for (let number = server.takeNumber(uid, { kind: 'run' }); number !== undefined; number = server.takeNumber(uid, { kind: 'run' })) {
    taken.push(number);
  }
  return taken;
}

it('numbers of captures go on where an earlier helper has left off, and begin anew after the last one', () => {
  const folder = folderOfTest();
  const first = helper(folder);
  expect([first.takeNumber(0, { kind: 'run' }), first.takeNumber(0, { kind: 'run' })]).toEqual([1, 2]);
  first.giveBack(1);
  first.giveBack(2);
  expect(helper(folder).takeNumber(0, { kind: 'run' })).toBe(3);
  writeFileSync(join(folder, 'captures'), '65534');
  const last = helper(folder);
  expect([1, 2, 3].map(() => last.takeNumber(0, { kind: 'run' }))).toEqual([65_535, 1, 2]);
  writeFileSync(join(folder, 'captures'), 'nonsense');
  expect(last.takeNumber(0, { kind: 'run' })).toBe(3);
});

it('no user takes all captures: there is one for each who comes', () => {
  const server = helper(folderOfTest());
  const counts = Array.from({ length: 6 }, (_, user) => takeAll(server, 1_000 + user).length);
  expect(counts).toEqual([32, 16, 8, 4, 2, 1]);
});

it('a user has asked for all that he may, until a capture of his is over', () => {
  const server = helper(folderOfTest());
  const counted = Array.from({ length: 400_001 }, () => server.countRequest(1_000)).filter(Boolean).length;
  expect(counted).toBe(400_000);
  expect([server.countRequest(1_001), server.countRequest(0)]).toEqual([true, true]);
  server.forgetRequests(1_000, 10);
  expect(server.countRequest(1_000)).toBe(true);
});

it('one gateway is made at a time', () => {
  const server = helper(folderOfTest());
  const gateway = { kind: 'gateway', lan: 'eth0', devices: [] } as const;
  const number = server.takeNumber(0, gateway) ?? 0;
  expect(server.takeNumber(0, gateway)).toBeUndefined();
  server.giveBack(number);
  expect(server.takeNumber(0, gateway)).toBe(number + 1);
});
