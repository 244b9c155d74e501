import { describe, expect, it } from 'vitest';
import { ClientError } from '../src/base/errors.ts';
import { StartAttempts } from '../src/cli/start-attempts.ts';
import { isRefused } from '../src/run/refusal-probe.ts';
import { terminalOf } from './support/paper.ts';

const OFFLINE = 'node a:4433 has no address: the name service does not answer';
const offline = () => new ClientError('ERR_CLIENT_RESOLVE', OFFLINE, { mayPass: true });

/** Attempts whose pauses take no time, and a network that comes after so many milliseconds. */
function scene({ networkMs = Number.POSITIVE_INFINITY, isTTY = true, error = offline, attemptMs = 0 } = {}) {
  const abort = new AbortController();
  const { terminal, out } = terminalOf(200, isTTY);
  let nowMs = 5_000;
  const pause = (ms: number) => {
    nowMs += ms;
    return Promise.resolve();
  };
  const attempts = new StartAttempts(terminal, abort.signal, { nowMs: () => nowMs, pause });
  let tried = 0;
  const start = () => {
    tried++;
    nowMs += attemptMs;
    return nowMs - 5_000 < networkMs ? Promise.reject(error()) : Promise.resolve('started');
  };
  return { abort, terminal, out, attempts, start, tried: () => tried, passedMs: () => nowMs - 5_000 };
}

describe('a start', () => {
  it('waits for a network that comes after 4 s, and says on what in a live line that is gone afterwards', async () => {
    const { attempts, start, out } = scene({ networkMs: 4_000 });
    expect(await attempts.run(start)).toBe('started');
    expect(out()).toContain(`trying again for 10 s: ${OFFLINE}`);
    expect(out()).toContain(`trying again for 7 s: ${OFFLINE}`);
    expect(out().endsWith('\r\u001b[K')).toBe(true);
  });

  it('fails with the last reason after 10 s, of both of its parts together', async () => {
    const { attempts, start, passedMs } = scene({ attemptMs: 3_000 });
    await expect(attempts.run(start)).rejects.toThrow(OFFLINE);
    expect(passedMs()).toBeGreaterThanOrEqual(10_000);
    expect(passedMs()).toBeLessThan(14_000);
    await expect(attempts.run(start)).rejects.toThrow(OFFLINE);
    expect(passedMs()).toBeLessThan(17_000);
  });

  it('does not wait for what will not pass', async () => {
    const { attempts, start, tried } = scene({ error: () => new ClientError('ERR_CLIENT_OPEN', 'the port is taken') });
    await expect(attempts.run(start)).rejects.toThrow('the port is taken');
    expect(tried()).toBe(1);
  });

  it('ends with Ctrl-C', async () => {
    const { abort, attempts, start, tried } = scene();
    const ended = attempts.run(() => {
      abort.abort();
      return start();
    });
    await expect(ended).rejects.toThrow(OFFLINE);
    expect(tried()).toBe(1);
  });

  it('says it once where nobody watches, and as an object to programs', async () => {
    const piped = scene({ networkMs: 4_000, isTTY: false });
    await piped.attempts.run(piped.start);
    expect(piped.out()).toBe(`trying again for 10 s: ${OFFLINE}\n`);
    const program = scene({ networkMs: 4_000 });
    program.terminal.isForPrograms = true;
    await program.attempts.run(program.start);
    expect(JSON.parse(program.out())).toEqual({ event: 'waiting', code: 'ERR_CLIENT_RESOLVE', message: OFFLINE, leftMs: 10_000 });
  });
});

it('an address to which there is no way refuses nothing, and is no crash', async () => {
  // Nobody may connect to it without a socket option.
  expect(await isRefused({ host: '255.255.255.255', port: 9 })).toBe(false);
});
