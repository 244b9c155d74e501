import { describe, expect, it } from 'vitest';
import { FLAG_FIN, FLAG_HANDSHAKE, FLAG_KEEPALIVE, FecHeader, TunnelHeader, isDropReason } from '@lightspeed/wire';
import { PROGRAM, SERVER, bytesOf, endpoint, textOf } from './support/lstp-client.ts';
import { TunnelHost } from './support/tunnel-host.ts';

const TOKEN = 0x5a;

function headers(host: TunnelHost): TunnelHeader[] {
  return host.takeToNode().map((bytes) => {
    const header = TunnelHeader.decode(bytes);
    if (isDropReason(header)) throw new Error(`the tunnel has sent an invalid packet: ${header}`);
    return header;
  });
}

/** A tunnel with an open session, whose first keepalive was taken. */
function established(options = {}): TunnelHost {
  const host = new TunnelHost(options);
  host.open();
  acknowledge(host);
  return host;
}

function acknowledge(host: TunnelHost, token = TOKEN): void {
  const [handshake] = headers(host);
  if (handshake?.flags !== FLAG_HANDSHAKE) throw new Error('no handshake');
  host.fromNode(handshake.withSessionToken(token).encode());
  headers(host);
}

function fromServer(sequence: number, text: string, program = PROGRAM): Uint8Array {
  return TunnelHeader.data(sequence, 1, SERVER, program).withSessionToken(TOKEN).encodeWithPayload(bytesOf(text));
}

describe('a tunnel opens its session', () => {
  it('by a HANDSHAKE with sequence 0 and token 0, and uses the token of the acknowledgement', () => {
    const host = new TunnelHost();
    host.open();
    expect(headers(host)).toEqual([TunnelHeader.handshake(0, 1_000_000)]);
    host.fromNode(TunnelHeader.handshake(0, 1_000_000).withSessionToken(TOKEN).encode());
    expect([host.tunnel.state, host.events]).toEqual(['established', ['established']]);
    expect(headers(host).map(({ flags, token }) => [flags, token])).toEqual([[FLAG_KEEPALIVE, TOKEN]]);
  });

  it('and repeats the very same HANDSHAKE, with growing pauses, until an answer comes', () => {
    const host = new TunnelHost();
    host.open();
    const times: number[] = [];
    const seen = new Set<string>();
    for (let ms = 0; ms < 12_000; ms += 10) {
      for (const bytes of host.takeToNode()) {
        times.push(ms);
        seen.add(Buffer.from(bytes).toString('hex'));
      }
      host.pass(10);
    }
    expect(times).toEqual([0, 250, 750, 1_750, 3_750, 7_750, 11_750]);
    expect(seen.size).toBe(1);
    expect(host.tunnel.state).toBe('opening');
  });

  it('and drops, and counts, what programs send before', () => {
    const host = new TunnelHost();
    host.fromLocal(bytesOf('x'), PROGRAM, SERVER);
    host.open();
    host.takeToNode();
    host.fromLocal(bytesOf('x'), PROGRAM, SERVER);
    expect(host.takeToNode()).toEqual([]);
    expect(host.drops()).toEqual({ 'local:not_established': 2 });
  });

  it('at once in dialect reference, which has no acknowledgements', () => {
    const host = new TunnelHost({ dialect: 'reference', token: 9 });
    host.open();
    expect(host.tunnel.state).toBe('established');
    expect(headers(host).map(({ flags, token }) => [flags, token])).toEqual([[FLAG_KEEPALIVE, 9]]);
    host.close();
    expect([host.tunnel.state, headers(host).map(({ flags }) => flags)]).toEqual(['closed', [FLAG_FIN]]);
  });
});

describe('a tunnel measures', () => {
  it('the round trip from its own send time, whatever timestamp the answer carries', () => {
    const host = new TunnelHost();
    host.open();
    const [handshake] = headers(host);
    host.fromNode((handshake ?? TunnelHeader.handshake(0, 0)).withSessionToken(TOKEN).encode());
    const [first] = headers(host);
    host.nowMs += 30;
    host.fromNode(new TunnelHeader({ ...first?.withSessionToken(TOKEN), timestampUs: 99 }).encode());
    host.pass(4_970);
    const [second] = headers(host);
    host.nowMs += 50;
    host.fromNode(second.encode());
    expect(host.roundTripsUs).toEqual([30_000, 50_000]);
    host.pass(250);
    expect([host.count('rttLatestUs'), host.count('rttMinimumUs'), host.count('rttSmoothedUs')]).toEqual([50_000, 30_000, 32_500]);
    expect(host.takeToLocal()).toEqual([]);
  });

  it('no answer twice, and none to a probe that it never sent', () => {
    const host = new TunnelHost();
    host.open();
    const [handshake] = headers(host);
    host.fromNode(handshake.withSessionToken(TOKEN).encode());
    const [probe] = headers(host);
    host.fromNode(probe.encode());
    host.fromNode(probe.encode());
    host.fromNode(TunnelHeader.keepalive(999, 1).withSessionToken(TOKEN).encode());
    expect(host.roundTripsUs).toHaveLength(1);
    expect(host.drops()).toEqual({ 'node:unexpected_reply': 2 });
    // Keepalive answers are not for the game.
    expect(host.takeToLocal()).toEqual([]);
  });

  it('what was lost or late on the way from the node, by the gaps in its sequence', () => {
    const host = established();
    host.fromLocal(bytesOf('x'), PROGRAM, SERVER);
    for (const sequence of [0, 1, 4, 3, 7]) host.fromNode(fromServer(sequence, 'y'));
    host.pass(250);
    expect([host.count('sequenceExpected'), host.count('sequenceReceived'), host.count('sequenceLate')]).toEqual([8, 5, 1]);
  });
});

describe('a tunnel notices that its node is gone', () => {
  it('after three keepalives without an answer, and asks for a session again until it has one', () => {
    const host = established();
    host.pass(14_990);
    expect(host.events).toEqual(['established']);
    host.pass(10);
    expect([host.tunnel.state, host.events]).toEqual(['lost', ['established', 'lost']]);
    const handshakes = headers(host).filter(({ flags }) => flags === FLAG_HANDSHAKE);
    expect(handshakes).toHaveLength(1);
    expect(handshakes[0]?.sequence).not.toBe(0);
    // What programs send still goes out: the node may hear it.
    host.fromLocal(bytesOf('x'), PROGRAM, SERVER);
    expect(headers(host)).toHaveLength(1);

    host.fromNode(handshakes[0].withSessionToken(77).encode());
    expect([host.tunnel.state, host.events.at(-1)]).toEqual(['established', 'established']);
    host.fromLocal(bytesOf('x'), PROGRAM, SERVER);
    expect(headers(host).at(-1)?.token).toBe(77);
  });

  it('and takes any late answer for a sign of life', () => {
    const host = established();
    host.pass(15_000);
    const probe = headers(host).findLast(({ flags }) => flags === FLAG_KEEPALIVE);
    host.fromNode((probe as TunnelHeader).encode());
    expect([host.tunnel.state, host.count('timesLost')]).toEqual(['established', 1]);
  });

  it('and takes what a restarted node sends, although its sequence starts over', () => {
    const host = established();
    host.fromLocal(bytesOf('x'), PROGRAM, SERVER);
    for (let sequence = 0; sequence < 2_000; sequence++) host.fromNode(fromServer(sequence, 'before'));
    expect(host.takeToLocal()).toHaveLength(2_000);
    host.pass(20_000);
    const handshake = headers(host).find(({ flags }) => flags === FLAG_HANDSHAKE);
    host.fromNode((handshake as TunnelHeader).withSessionToken(TOKEN).encode());
    for (let sequence = 0; sequence < 10; sequence++) host.fromNode(fromServer(sequence, `${sequence}`));
    expect(host.takeToLocal().map(({ bytes }) => textOf(bytes))).toEqual(['7', '8', '9']);
  });
});

describe('a session ends', () => {
  it('by the client’s FIN, which is repeated until it is acknowledged', () => {
    const host = established();
    host.close();
    host.pass(50);
    const fins = headers(host);
    expect(fins.map(({ flags }) => flags)).toEqual([FLAG_FIN, FLAG_FIN]);
    host.fromNode(fins[0].encode());
    expect([host.tunnel.state, host.events.at(-1)]).toEqual(['closed', 'closed']);
    expect(host.memory.available).toBe(host.memory.capacity);
  });

  it('without an acknowledgement too, with its third FIN after 90 ms', () => {
    const host = established();
    host.close();
    host.pass(80);
    expect([host.tunnel.state, headers(host).length]).toEqual(['closing', 2]);
    host.pass(20);
    expect([host.tunnel.state, headers(host).length, host.events.at(-1)]).toEqual(['closed', 1, 'closed']);
  });

  it('at once, with one FIN, where another one takes its place', () => {
    const host = established();
    host.fromLocal(bytesOf('x'), PROGRAM, SERVER);
    host.takeToNode();
    host.leave();
    expect(headers(host).map(({ flags }) => flags)).toEqual([FLAG_FIN]);
    expect([host.tunnel.state, host.events.at(-1)]).toEqual(['closed', 'closed']);
    expect(host.memory.available).toBe(host.memory.capacity);
    host.pass(5_000);
    expect(headers(host)).toEqual([]);
  });

  it('at once, in the middle of its goodbye too, and only once', () => {
    const host = established();
    host.close();
    host.leave();
    host.leave();
    expect(headers(host).map(({ flags }) => flags)).toEqual([FLAG_FIN]);
    expect(host.events.filter((event) => event === 'closed')).toHaveLength(1);
  });

  it('by the node’s FIN, which the client acknowledges; it may open another one', () => {
    const host = established();
    const fin = TunnelHeader.fin(3, 4).withSessionToken(TOKEN);
    host.fromNode(
      TunnelHeader.fin(3, 4)
        .withSessionToken(TOKEN + 1)
        .encode(),
    );
    expect(host.tunnel.state).toBe('established');
    host.fromNode(fin.encode());
    expect([host.tunnel.state, host.events.at(-1)]).toEqual(['idle', 'ended-by-node']);
    expect(headers(host).map(({ flags, sequence }) => [flags, sequence])).toEqual([[FLAG_FIN, 3]]);
    host.open();
    acknowledge(host, 3);
    expect(host.tunnel.state).toBe('established');
  });
});

describe('a tunnel refuses, and counts,', () => {
  it('what does not come from its node, in its dialect, with its token, for the first time, for a flow', () => {
    const host = established();
    host.fromLocal(bytesOf('x'), PROGRAM, SERVER);
    host.fromNode(fromServer(1, 'spoofed'), endpoint('192.0.2.1:4435'));
    host.fromNode(fromServer(1, 'spoofed'), endpoint('192.0.2.2:4434'));
    host.fromNode(fromServer(1, 'short').slice(0, 19));
    host.fromNode(
      TunnelHeader.data(1, 1, SERVER, PROGRAM)
        .withSessionToken(TOKEN + 1)
        .encode(),
    );
    host.fromNode(TunnelHeader.data(1, 1, SERVER, PROGRAM).encode());
    host.fromNode(fromServer(1, 'good'));
    host.fromNode(fromServer(1, 'twice'));
    host.fromNode(fromServer(2, 'nobody', endpoint('192.168.1.100:1')));
    host.fromNode(new TunnelHeader({ ...TunnelHeader.keepalive(1, 1), flags: 8 }).encode());
    host.fromNode(TunnelHeader.handshake(0, 1).withSessionToken(9).encode());
    host.fromNode(
      TunnelHeader.data(9, 1, SERVER, PROGRAM, FecHeader.data(0, 0, 1))
        .withSessionToken(TOKEN)
        .encode()
        .slice(0, 24),
    );
    expect(host.takeToLocal().map(({ bytes }) => textOf(bytes))).toEqual(['good']);
    expect(host.drops()).toEqual({
      'node:unexpected_source': 2,
      'node:too_short': 1,
      'node:bad_token': 2,
      'node:duplicate': 1,
      'node:unknown_flow': 1,
      'node:fragment': 1,
      'node:unexpected_reply': 1,
      'node:extension_cut_short': 1,
    });
  });

  it('token 0 except in dialect reference, whose nodes send it', () => {
    const host = new TunnelHost({ dialect: 'reference', token: 9 });
    host.open();
    host.fromLocal(bytesOf('x'), PROGRAM, SERVER);
    host.fromNode(TunnelHeader.data(1, 1, SERVER, PROGRAM).encodeWithPayload(bytesOf('y')));
    expect(host.takeToLocal()).toHaveLength(1);
  });

  it('more flows than it may have, and payloads that need fragmentation if told to', () => {
    const host = established({ maxFlows: 2, oversize: 'drop', fecGroupSize: 0 });
    for (let port = 1; port <= 3; port++) host.fromLocal(bytesOf('x'), { ip: PROGRAM.ip, port }, SERVER);
    host.fromLocal(new Uint8Array(1_453), { ip: PROGRAM.ip, port: 1 }, SERVER);
    host.fromLocal(new Uint8Array(1_452), { ip: PROGRAM.ip, port: 1 }, SERVER);
    expect(host.takeToNode()).toHaveLength(3);
    expect(host.drops()).toEqual({ 'local:flow_limit': 1, 'local:oversize': 1 });
    expect(host.count('oversizeFlows')).toBe(1);
  });
});

describe('several local programs', () => {
  it('each get their own answers, by the ingress that they used', () => {
    const host = established({ fecGroupSize: 0 });
    const programs = [1, 2, 3].map((port) => ({ ip: PROGRAM.ip, port }));
    programs.forEach((program, ingress) => host.fromLocal(bytesOf('x'), program, SERVER, ingress));
    programs.forEach((program, i) => host.fromNode(fromServer(i, `for ${program.port}`, program)));
    const answers = host.takeToLocal().map(({ ingress, port, bytes }) => `${ingress} ${port} ${textOf(bytes)}`);
    expect(answers).toEqual(['0 1 for 1', '1 2 for 2', '2 3 for 3']);
  });

  it('are forgotten after 120 seconds of silence', () => {
    const host = established();
    host.fromLocal(bytesOf('x'), PROGRAM, SERVER);
    host.pass(119_000, 1_000);
    const before = host.count('flows');
    host.pass(2_000, 1_000);
    expect([before, host.count('flows')]).toEqual([1, 0]);
  });
});
