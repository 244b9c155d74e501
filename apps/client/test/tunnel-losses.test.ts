import { TunnelHeader, VERSION_FEC, isParity, readVersion } from '@lightspeed/wire';
import { describe, expect, it } from 'vitest';
import { EchoServer, Peer, until } from './support/game.ts';
import { LOOPBACK, TestNode } from './support/test-node.ts';
import { ENGINES, tunnelTo } from './support/tunnel.ts';

/** Loses the n-th data packet that is protected by FEC, and only that. */
function loseProtected(n: number): (packet: Uint8Array) => boolean {
  let seen = 0;
  return (packet) => readVersion(packet, 0) === VERSION_FEC && !isParity(packet, 0) && ++seen === n;
}

describe.each(ENGINES)('a tunnel over the %s engine', (io) => {
  it('gives a program the answer that was lost on the way from the node', async () => {
    await using node = await TestNode.start();
    using server = await EchoServer.named('echo ');
    await using tunnel = await tunnelTo(node, [server.address], { io, fecGroupSize: 4 });
    await tunnel.established(5_000);
    using program = await Peer.start();
    node.faults.dropToClient = loseProtected(2);

    for (let i = 1; i <= 4; i++) {
      program.send(`${i}`, tunnel.ingresses[0].listen);
      await server.got(i);
    }
    await program.got(4);

    expect(program.texts.toSorted()).toEqual(['echo 1', 'echo 2', 'echo 3', 'echo 4']);
    await until(() => tunnel.stats().counters.fecRecovered === 1, 'the recovery in the statistics');
    const { sequenceExpected, sequenceReceived } = tunnel.stats().counters;
    expect(sequenceExpected - sequenceReceived).toBe(1);
  });

  it('has the node bring back what was lost on the way to it', async () => {
    await using node = await TestNode.start();
    using server = await EchoServer.named('echo ');
    await using tunnel = await tunnelTo(node, [server.address], { io, fecGroupSize: 3 });
    await tunnel.established(5_000);
    using program = await Peer.start();
    node.faults.dropFromClient = loseProtected(3);

    for (let i = 1; i <= 3; i++) program.send(`${i}`, tunnel.ingresses[0].listen);
    await server.got(3);

    expect(server.texts.toSorted()).toEqual(['1', '2', '3']);
  });

  it('sends plain packets without parity when FEC is off', async () => {
    await using node = await TestNode.start();
    using server = await EchoServer.named('echo ');
    await using tunnel = await tunnelTo(node, [server.address], { io, fecGroupSize: 0 });
    await tunnel.established(5_000);
    using program = await Peer.start();
    const versions = new Set<number>();
    node.faults.dropFromClient = (packet) => {
      versions.add(readVersion(packet, 0));
      return false;
    };
    program.send('hello', tunnel.ingresses[0].listen);
    await program.got(1);
    expect(versions).toEqual(new Set([1]));
  });

  it('drops and counts packets that do not come from its node', async () => {
    await using node = await TestNode.start();
    using server = await EchoServer.named('echo ');
    await using tunnel = await tunnelTo(node, [server.address], { io });
    await tunnel.established(5_000);
    using program = await Peer.start();
    using stranger = await Peer.start();
    program.send('1', tunnel.ingresses[0].listen);
    await program.got(1);

    const forged = TunnelHeader.data(77, 0, server.address, program.address).encodeWithPayload(Uint8Array.of(0x21));
    stranger.sendBytes(forged, { ip: LOOPBACK, port: tunnel.localPort });
    await until(() => tunnel.stats().nodeDrops.unexpected_source === 1, 'the drop in the statistics');

    program.send('2', tunnel.ingresses[0].listen);
    await program.got(2);
    expect(program.texts).toEqual(['echo 1', 'echo 2']);
  });

  it('counts what programs send before there is a session', async () => {
    using silent = await Peer.start();
    await using tunnel = await tunnelTo({ address: silent.address }, [silent.address], { io });
    using program = await Peer.start();
    program.send('too early', tunnel.ingresses[0].listen);
    await until(() => tunnel.stats().localDrops.not_established === 1, 'the drop in the statistics');
  });
});
