import { afterEach, describe, expect, it, vi } from 'vitest';
import { terminalOf } from './support/paper.ts';

const CLEAR = '\r\u001b[K';

describe('the terminal', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('marks text up for people, unless NO_COLOR says not to', () => {
    vi.stubEnv('NO_COLOR', '');
    vi.stubEnv('TERM', 'xterm');
    const { terminal } = terminalOf(80);
    expect([terminal.strong('a'), terminal.faint('b'), terminal.bad('c')].every((text) => text.startsWith('\u001b['))).toBe(true);
    vi.stubEnv('NO_COLOR', '1');
    expect(terminal.strong('a')).toBe('a');
  });

  it('leaves text alone where no terminal is, even under FORCE_COLOR', () => {
    vi.stubEnv('NO_COLOR', '');
    vi.stubEnv('FORCE_COLOR', '1');
    expect(terminalOf(80, false).terminal.strong('a')).toBe('a');
  });

  it('keeps the live line below what is printed meanwhile', () => {
    const { terminal, out } = terminalOf(40);
    terminal.live('rtt 1');
    terminal.line('news');
    terminal.live('rtt 2');
    terminal.endLive();
    terminal.line('summary');
    expect(out()).toBe(`${CLEAR}rtt 1${CLEAR}news\nrtt 1${CLEAR}rtt 2${CLEAR}summary\n`);
  });

  it('cuts the live line to the width and says so, since a wrapped one could not be replaced', () => {
    const { terminal, out } = terminalOf(5);
    terminal.live('1234567');
    terminal.live('1234');
    expect(out()).toBe(`${CLEAR}123…${CLEAR}1234`);
  });

  it('takes a terminal that does not know its size for one of 80 columns', () => {
    const { terminal, out } = terminalOf(0);
    terminal.live('x'.repeat(100));
    expect(out()).toBe(`${CLEAR}${'x'.repeat(78)}…`);
  });

  it('gives programs numbers with the digits that mean something', () => {
    const { terminal, out } = terminalOf(80);
    terminal.json({
      rttMs: 1 / 3,
      seconds: 1e9 / 7,
      up: { lossRatio: 1 / 3 },
      paths: [{ share: 2 / 3 }],
      none: null,
      count: 2 ** 53 - 1,
      upPps: 1e-9,
    });
    expect(out()).toBe(
      '{"rttMs":0.333,"seconds":142857142.857,"up":{"lossRatio":0.3333},"paths":[{"share":0.6667}],"none":null,"count":9007199254740991,"upPps":0}\n',
    );
  });

  it('tells programs that asked for JSON of a failure by an object, and people beside it', () => {
    const { terminal, out, err } = terminalOf(80);
    terminal.isForPrograms = true;
    terminal.failed('ERR_CLIENT_USAGE', 'no node');
    expect(out()).toBe('{"event":"error","code":"ERR_CLIENT_USAGE","message":"no node"}\n');
    expect(err()).toBe('lightspeed: no node\n');
  });

  it('takes the live line away before an error', () => {
    const { terminal, out, err } = terminalOf(80);
    terminal.live('rtt 1');
    terminal.error('no answer');
    expect(out()).toBe(`${CLEAR}rtt 1${CLEAR}`);
    expect(err()).toBe('lightspeed: no answer\n');
  });
});
