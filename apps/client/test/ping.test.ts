import { readFlags } from '@lightspeed/wire';
import { describe, expect, it } from 'vitest';
import { roundTripLines, summarizeRoundTrips } from '../src/cli/round-trips.ts';
import { Running, lightspeed } from './support/command.ts';
import { Refusing, until } from './support/game.ts';
import { TestNode } from './support/test-node.ts';

const isKeepalive = (packet: Uint8Array) => readFlags(packet, 0) === 1;

describe('lightspeed ping', () => {
  it('sums up what was answered and what was lost, as JSON', async () => {
    await using node = await TestNode.start();
    let probes = 0;
    node.faults.dropFromClient = (packet) => isKeepalive(packet) && ++probes === 3;

    const args = ['ping', '--open', '--node', node.name, '--count', '5', '--interval-ms', '50', '--json'];
    const { code, stdout, stderr } = await lightspeed(args);

    expect({ code, stderr, probes }).toEqual({ code: 0, stderr: '', probes: 5 });
    const summary = JSON.parse(stdout) as Record<string, number> & { replies: { sequence: number; rttMs: number }[] };
    expect(summary).toMatchObject({ node: node.name, sent: 5, answered: 4, lossRatio: 0.2 });
    // The handshake has sequence 0.
    expect(summary.replies.map(({ sequence }) => sequence)).toEqual([1, 2, 4, 5]);
    const times = summary.replies.map(({ rttMs }) => rttMs);
    expect(summary).toMatchObject({ minMs: Math.min(...times), maxMs: Math.max(...times), p95Ms: Math.max(...times) });
    expect(summary.jitterMs).toBeGreaterThanOrEqual(0);
    await until(() => node.relay.sessionCount === 0, 'the end of the session, a second after its FIN');
  });

  it('prints each answer and a summary', async () => {
    await using node = await TestNode.start();
    const { code, stdout } = await lightspeed(['ping', '--open', '--node', node.name, '--count', '2', '--io', 'portable']);
    const [, first, second, , counts, times] = stdout.split('\n');
    expect(code).toBe(0);
    expect(first).toMatch(/^answer from 127\.0\.0\.1:\d+: seq=1 rtt=\d+\.\d{3} ms$/);
    expect(second).toContain('seq=2');
    expect(counts).toBe('2 sent, 2 answered');
    expect(times).toMatch(/^rtt min \S+, median \S+, p95 \S+, max \S+ ms; jitter \S+ ms$/);
  });

  it('prints the summary so far on Ctrl-C, and ends its session', async () => {
    await using node = await TestNode.start();
    const program = new Running(['ping', '--open', '--node', node.name, '--count', '100000', '--interval-ms', '50']);
    await program.printed('seq=2');
    program.signal('SIGINT');
    const { code, stdout } = await program.ended();
    expect(code).toBe(0);
    expect(stdout).toMatch(/\d+ sent, \d+ answered/);
    expect(node.count('fins')).toBe(1);
  });

  it('fails when the node accepts the session but answers no keepalive', async () => {
    await using node = await TestNode.start();
    node.faults.dropFromClient = isKeepalive;
    const { code, stdout } = await lightspeed(['ping', '--open', '--node', node.name, '--count', '1', '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ sent: 1, answered: 0, lossRatio: 1, medianMs: null, replies: [] });
  });

  it('fails with one line when there is no node', async () => {
    using gone = await Refusing.start();
    const { code, stdout, stderr } = await lightspeed(['ping', '--open', '--node', `127.0.0.1:${gone.address.port}`, '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ answered: 0, lossRatio: null, error: { code: 'ERR_CLIENT_NO_ANSWER' } });
    expect(stderr).toMatch(/^lightspeed: no answer from node .* nothing listens on that port.*\n$/);
  });

  it('ends when the node ends the session', async () => {
    await using node = await TestNode.start();
    const program = new Running(['ping', '--open', '--node', node.name, '--count', '100000']);
    await until(() => node.count('keepalives') > 1, 'keepalives');
    node.endSessions();
    const { code, stderr } = await program.ended();
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'lightspeed: the node has ended the session\n' });
  });
});

describe('the summary of round trips', () => {
  it('gives loss as a share of 200 keepalives and more, and else only counts', () => {
    const counts = (sent: number, answered: number) =>
      roundTripLines('a', summarizeRoundTrips(sent, new Array<number>(answered).fill(1)))[1];
    expect([counts(9, 7), counts(199, 198), counts(200, 198)]).toEqual([
      '9 sent, 7 answered',
      '199 sent, 198 answered',
      '200 sent, 198 answered, 1.0 % loss',
    ]);
  });

  it('has percentiles by nearest rank and jitter by RFC 6298', () => {
    const times = Array.from({ length: 20 }, (_, index) => index + 1);
    expect(summarizeRoundTrips(25, times)).toMatchObject({
      lossRatio: 0.2,
      minMs: 1,
      medianMs: 10,
      p95Ms: 19,
      maxMs: 20,
    });
    expect(summarizeRoundTrips(2, [10, 10]).jitterMs).toBe(3.75);
    expect(summarizeRoundTrips(1, [4]).jitterMs).toBe(2);
  });

  it('is empty without answers', () => {
    expect(summarizeRoundTrips(0, [])).toEqual({ sent: 0, answered: 0 });
  });
});
