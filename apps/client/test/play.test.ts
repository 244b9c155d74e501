import { describe, expect, it } from 'vitest';
import { Running, lightspeed } from './support/command.ts';
import { EchoServer, Peer, Refusing, until } from './support/game.ts';
import { LOOPBACK, TestNode } from './support/test-node.ts';
import { ENGINES } from './support/tunnel.ts';

interface Event {
  readonly event: string;
  readonly ingresses?: readonly { listen: string; gameServer: string }[];
}

function events(program: Running): Event[] {
  return program.lines.map((line) => JSON.parse(line) as Event);
}

function endpointOf(text: string): { ip: number; port: number } {
  expect(text).toMatch(/^127\.0\.0\.1:\d+$/);
  return { ip: LOOPBACK, port: Number(text.split(':')[1]) };
}

describe.each(ENGINES)('lightspeed play over the %s engine', (io) => {
  it('says where to point the game, carries it, and sums up on Ctrl-C', async () => {
    await using node = await TestNode.start();
    using server = await EchoServer.named('echo ');
    using game = await Peer.start();
    const program = new Running(['play', '--open', '--node', node.name, '--game-server', `127.0.0.1:${server.address.port}`, '--io', io]);
    await program.printed('connected');
    const ingress = /point the game at (\S+) to play on/.exec(program.stdout)?.[1] ?? '';
    game.send('hello', endpointOf(ingress));
    await game.got(1);
    expect(game.texts).toEqual(['echo hello']);

    program.signal('SIGINT');
    const { code, stdout, stderr } = await program.ended();

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`tunnel to node ${node.name} (protection auto, ${io} engine`);
    expect(stdout).toMatch(/1 datagrams up \(0\.0 kB\), 1 down \(0\.0 kB\)/);
    // Of one packet nothing follows, so it is no percentage.
    expect(stdout).toMatch(/packets down: lost 0 of 1; recovered 0\n/);
    expect(stdout).not.toContain('packets up');
    expect(node.count('fins')).toBe(1);
    // Nobody watches: no live line, no colours.
    expect(stdout).not.toContain('\r');
    expect(stdout).not.toContain('\u001b');
  });
});

describe('lightspeed play', () => {
  it('pairs each --listen with the game server in the same place', async () => {
    await using node = await TestNode.start();
    using red = await EchoServer.named('red ');
    using blue = await EchoServer.named('blue ');
    using game = await Peer.start();
    // At an address of its own, where nobody else gets the port.
    const listen = `127.0.0.7:${red.address.port}`;
    const program = new Running([
      'play',
      '--open',
      '--node',
      node.name,
      '--json',
      '--game-server',
      `127.0.0.1:${red.address.port}`,
      '--listen',
      listen,
      '--game-server',
      `localhost:${blue.address.port}`,
    ]);
    await program.printed('"established"');
    const [{ ingresses = [] }] = events(program);
    expect(ingresses.map(({ gameServer }) => gameServer)).toEqual([`127.0.0.1:${red.address.port}`, `127.0.0.1:${blue.address.port}`]);
    expect(ingresses[0].listen).toBe(listen);
    game.send('1', { ip: 0x7f00_0007, port: red.address.port });
    await game.got(1);
    game.send('2', endpointOf(ingresses[1].listen));
    await game.got(2);
    expect(game.texts).toEqual(['red 1', 'blue 2']);
    program.signal('SIGTERM');
    expect((await program.ended()).code).toBe(0);
  });

  it('tells programs what happens, one JSON object a line', async () => {
    await using node = await TestNode.start();
    using server = await EchoServer.named('echo ');
    using game = await Peer.start();
    const program = new Running(['play', '--open', '--node', node.name, '--game-server', `127.0.0.1:${server.address.port}`, '--json']);
    await program.printed('"established"');
    const [{ ingresses = [] }] = events(program);
    const ingress = endpointOf(ingresses[0].listen);
    game.sendBytes(new Uint8Array(1_401), ingress);
    await program.printed('"oversize"');
    node.endSessions();
    await program.printed('"ended-by-node"');
    await until(() => events(program).filter(({ event }) => event === 'established').length === 2, 'a new session');
    game.send('again', ingress);
    await until(() => game.texts.includes('echo again'), 'an answer in the new session');
    program.signal('SIGINT');
    const { code } = await program.ended();

    expect(code).toBe(0);
    const told = events(program);
    const kinds = told.map(({ event }) => event);
    expect(kinds.filter((kind) => kind !== 'stats')).toEqual([
      'started',
      'page',
      'established',
      'oversize',
      'ended-by-node',
      'established',
      'summary',
    ]);
    expect(told.find(({ event }) => event === 'ended-by-node')).toMatchObject({ retryInMs: expect.any(Number) as number });
    expect(told.find(({ event }) => event === 'stats')).toMatchObject({ state: 'established', tagged: false, drops: 0 });
    expect(told.at(-1)).toMatchObject({ event: 'summary', upPackets: 2, downPackets: 2, recovered: { up: null, down: 0 }, nodeDrops: {} });
  });

  it('gives up with one line when the node does not answer', async () => {
    using gone = await Refusing.start();
    const name = `127.0.0.1:${gone.address.port}`;
    const { code, stdout, stderr } = await lightspeed(['play', '--open', '--node', name, '--game-server', '127.0.0.1:9']);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      new RegExp(`^lightspeed: no answer from node ${name} to \\d+ packets .* within 10 s; .* nothing listens on that port.*\\n$`),
    );
    expect(stdout).not.toContain('connected');
  });

  it('leaves with code 0 on Ctrl-C before the node has answered', async () => {
    using silent = await Peer.start();
    const program = new Running(['play', '--open', '--node', `127.0.0.1:${silent.address.port}`, '--game-server', '127.0.0.1:9']);
    await silent.got(1);
    program.signal('SIGINT');
    expect((await program.ended()).code).toBe(0);
  });

  it('says which ingress is taken, with exit code 1', async () => {
    await using node = await TestNode.start();
    using other = await Peer.start();
    const listen = `127.0.0.1:${other.address.port}`;
    const { code, stderr } = await lightspeed(['play', '--open', '--node', node.name, '--game-server', '127.0.0.1:9', '--listen', listen]);
    expect(code).toBe(1);
    expect(stderr).toBe(
      `lightspeed: cannot listen on ${listen}: another program listens there (EADDRINUSE): end it, or choose another port\n`,
    );
  });
});
