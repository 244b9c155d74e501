import { Capability, capabilitiesExtension } from '@lightspeed/control';
import type { RefusedDestination } from '@lightspeed/control';
import { VERSION_FEC, readVersion } from '@lightspeed/wire';
import { describe, expect, it } from 'vitest';
import { TrafficMeter, totalLoss } from '../src/cli/traffic.ts';
import { Running } from './support/command.ts';
import { EchoServer, Peer, until } from './support/game.ts';
import { reportingNode } from './support/reporting-node.ts';
import { ENGINES, registeredTunnel } from './support/tunnel.ts';

const DENIED = { ip: 0x0a00_0001, port: 27_015 };

describe.each(ENGINES)('a tunnel over the %s engine', (io) => {
  it('knows from the node what is lost on the way up, and what parity has brought back', async () => {
    await using node = await reportingNode({ maxPpsPerClient: 10_000 });
    using server = await EchoServer.named('');
    await using tunnel = await registeredTunnel([node], [server.address], { io, fecGroupSize: 4 });
    await tunnel.established(5_000);
    using program = await Peer.start();
    let seen = 0;
    // One of each group of four and its parity.
    node.data.faults.dropFromClient = (packet) => readVersion(packet, 0) === VERSION_FEC && ++seen % 5 === 2;
    const meter = new TrafficMeter(performance.now());
    for (let i = 1; i <= 400; i++) {
      program.send(`${i}`, tunnel.ingresses[0].listen);
      await server.got(i - 1);
    }
    await server.got(400);
    // Recoveries count when it is clear that nothing comes after all.
    await until(() => (tunnel.stats().up?.recovered ?? 0) >= 99, 'the report of what was recovered');
    const { up, down } = totalLoss(tunnel.stats());
    expect(up?.lossRatio).toBeCloseTo(0.2, 1);
    expect(up?.unrepairedRatio).toBeLessThan(0.02);
    expect(down).toMatchObject({ lost: 0, recovered: 0, lossRatio: 0 });
    expect(meter.sample(tunnel.stats(), performance.now()).up?.lossRatio).toBe(up?.lossRatio);
    const [register] = node.registers;
    const knows = register.dialect === 'standard' ? capabilitiesExtension.find(register.extensions) : undefined;
    expect((knows ?? 0) & Capability.reports).toBe(Capability.reports);
  });

  it('hears what the node refuses, and of each refused game server once', async () => {
    await using node = await reportingNode({ maxPpsPerClient: 40 });
    await using tunnel = await registeredTunnel([node], [DENIED], { io, fecGroupSize: 0 });
    const refused: RefusedDestination[] = [];
    tunnel.on('destinationRefused', (_, destination) => refused.push(destination));
    await tunnel.established(5_000);
    using program = await Peer.start();
    for (let i = 0; i < 100; i++) program.send('x', tunnel.ingresses[0].listen);
    const count = (reason: string) => tunnel.stats().up?.refused.find((one) => one.reason === reason)?.packets ?? 0;
    await until(() => count('rate_packets') > 0 && count('destination_denied') > 0, 'the report of what was refused');
    const before = count('destination_denied');
    program.send('x', tunnel.ingresses[0].listen);
    await until(() => count('destination_denied') + count('rate_packets') > before + 1, 'another report');
    expect(refused).toEqual([{ ...DENIED, reason: 'destination_denied' }]);
    // What is refused for its rate was not lost.
    expect(totalLoss(tunnel.stats()).up?.lost).toBe(0);
  });
});

it('lightspeed play says once that a game server is denied, and what helps', async () => {
  await using node = await reportingNode();
  const pin = Buffer.from(node.pin).toString('hex');
  const program = new Running([
    'play',
    '--node',
    node.name,
    '--pin',
    pin,
    '--game-server',
    '10.0.0.1:27015',
    '--listen',
    '127.0.0.1:0',
    '--fec',
    'off',
  ]);
  await program.printed('connected');
  using game = await Peer.start();
  const [, port] = /point the game at [\d.]+:(\d+) to play on/.exec(program.stdout) ?? [];
  game.send('x', { ip: 0x7f00_0001, port: Number(port) });
  await program.printed('its rules deny that. Ask its operator for --allow-destination 10.0.0.1/32:27015');
  program.signal('SIGINT');
  const { stdout } = await program.ended();
  expect(stdout.match(/does not relay to/g)).toHaveLength(1);
  expect(stdout).toContain('the node refused: 1 to game servers that its rules deny');
});
