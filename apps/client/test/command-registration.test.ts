import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ticketExtension } from '@lightspeed/control';
import { formatPin } from '@lightspeed/control/quic';
import { formatTicket } from '@lightspeed/security';
import { parseIpv4 } from '@lightspeed/wire';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Running } from './support/command.ts';
import { ControlNode } from './support/control-node.ts';
import { EchoServer, Peer, until } from './support/game.ts';

let folder = '';
let node: ControlNode;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lightspeed-client-'));
  node = await ControlNode.start();
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const run = (args: readonly string[]) => new Running(args, { XDG_STATE_HOME: folder }).ended();
const pin = () => ['--pin', formatPin(node.pin)];

describe('lightspeed play', () => {
  it('registers with its ticket, by two paths, and tells of node and paths', async () => {
    using server = await EchoServer.named('echo ');
    using game = await Peer.start();
    const ticket = Uint8Array.of(1, 2, 3);
    await writeFile(join(folder, 'ticket'), `${formatTicket(ticket)}\n`);
    const program = new Running([
      'play',
      '--node',
      node.name,
      ...pin(),
      '--ticket',
      join(folder, 'ticket'),
      '--json',
      '--keepalive-ms',
      '50',
      '--path',
      '127.0.0.2',
      '--multipath',
      'duplicate',
      '--game-server',
      `127.0.0.1:${server.address.port}`,
    ]);
    await program.printed('"established"');
    const told = () => program.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const [{ ingresses }] = told() as [{ ingresses: [{ listen: string }] }];
    const [ip, port] = ingresses[0].listen.split(':');
    game.send('1', { ip: parseIpv4(ip) ?? 0, port: Number(port) });
    await game.got(1);
    const isWhole = ({ event, paths }: Record<string, unknown>) =>
      event === 'stats' &&
      (paths as { keepalives: number; keepalivesLost: number }[]).every((path) => path.keepalives > 0 && path.keepalivesLost === 0);
    await until(() => told().some(isWhole), 'statistics of both paths');
    program.signal('SIGINT');
    expect((await program.ended()).code).toBe(0);

    const [started] = told();
    expect(started).toMatchObject({ nodes: [{ name: node.name, used: true, nodeId: 'node-1', region: 'test' }] });
    expect(told().find(isWhole)).toMatchObject({
      nodes: [{ up: true, connected: true, draining: false, loadPercent: 7, egressIp: '203.0.113.5' }],
      paths: [
        { via: false, up: true },
        { local: expect.stringMatching(/^127\.0\.0\.2:/), via: false, up: true },
      ],
    });
    const register = node.registers.at(-1);
    expect(register?.dialect === 'standard' && ticketExtension.find(register.extensions)).toEqual(ticket);
    await until(() => node.sessionIds.length === 0, 'the end of the registration');
  });

  it('takes repeats as old as the deadline of the game', async () => {
    const game = ['--game', 'Rust', '--protect', 'repeat:40'];
    const program = new Running(['play', '--node', node.name, ...pin(), '--game-server', '127.0.0.1:9', ...game, '--json']);
    await program.printed('"established"');
    expect(JSON.parse(program.lines[0])).toMatchObject({ event: 'started', protect: 'repeat:40' });
    program.signal('SIGINT');
    expect((await program.ended()).code).toBe(0);
  });

  it('prints why a node refuses, with exit code 1', async () => {
    node.behaviour.refuse = () => ({ reason: 'auth_failed', text: 'this node wants a ticket' });
    const { code, stdout, stderr } = await run(['play', '--node', node.name, ...pin(), '--game-server', '127.0.0.1:9']);
    node.behaviour.refuse = undefined;
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toBe(`lightspeed: node ${node.name} refuses the registration: this node wants a ticket (auth failed)\n`);
  });
});

describe('lightspeed ping', () => {
  it('registers first', async () => {
    const { code, stdout } = await run(['ping', '--node', node.name, ...pin(), '--count', '2', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ node: node.data.name, sent: 2, answered: 2 });
  });
});

describe('lightspeed whoami', () => {
  it('says which address the node sees, and which one game servers will see', async () => {
    const { code, stdout, stderr } = await run(['whoami', '--node', node.name, ...pin()]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(
      new RegExp(`^node ${node.name} is node-1 in test\nit sees you at 127\\.0\\.0\\.1:\\d+\ngame servers will see 203\\.0\\.113\\.5\n$`),
    );
  });

  it('says it as JSON', async () => {
    const { code, stdout } = await run(['whoami', '--node', node.name, ...pin(), '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      node: node.name,
      nodeId: 'node-1',
      region: 'test',
      data: node.data.name,
      observed: expect.stringMatching(/^127\.0\.0\.1:\d+$/) as string,
      egress: '203.0.113.5',
    });
  });
});

describe('the node’s identity', () => {
  it('is kept on first use, and a change is an error that says both pins', async () => {
    const known = join(folder, 'lightspeed', 'known-nodes');
    const args = ['whoami', '--node', node.name, '--trust-on-first-use'];
    const first = await run(args);
    expect(first.code).toBe(0);
    expect(first.stderr).toBe(`lightspeed: trusting node ${node.name} from now on: its pin ${formatPin(node.pin)} is kept in ${known}\n`);
    expect(await readFile(known, 'utf8')).toBe(`${node.name} ${formatPin(node.pin)}\n`);
    expect(await run(args)).toMatchObject({ code: 0, stderr: '' });

    const other = formatPin(new Uint8Array(32).fill(5));
    await mkdir(join(folder, 'lightspeed'), { recursive: true });
    await writeFile(known, `${node.name} ${other}\n`);
    const changed = await run(args);
    expect(changed).toMatchObject({ code: 1, stdout: '' });
    expect(changed.stderr).toContain(`remembered ${other}, got ${formatPin(node.pin)}`);
    expect(await readFile(known, 'utf8')).toBe(`${node.name} ${other}\n`);
  });

  it('is kept under its IPv6 address in one form, however that was written', async () => {
    await using ipv6 = await ControlNode.start({}, undefined, { control: '::1', data: '::1' });
    const known = join(folder, 'lightspeed', 'known-nodes');
    await rm(known, { force: true });
    const first = await run(['whoami', '--node', `[0:0:0::0001]:${ipv6.port}`, '--trust-on-first-use']);
    expect(first.code).toBe(0);
    expect(await readFile(known, 'utf8')).toBe(`[::1]:${ipv6.port} ${formatPin(ipv6.pin)}\n`);
    expect(await run(['whoami', '--node', ipv6.name, '--trust-on-first-use'])).toMatchObject({ code: 0, stderr: '' });
  });

  it('is checked against a file of authorities', async () => {
    const file = join(folder, 'ca.pem');
    await writeFile(file, node.certificate.certificatePem);
    expect((await run(['whoami', '--node', node.name, '--ca', file])).code).toBe(0);
  });

  it('is not taken on trust unasked, and without any check there is a warning', async () => {
    const strict = await run(['whoami', '--node', node.name]);
    expect(strict).toMatchObject({ code: 1, stdout: '' });
    expect(strict.stderr).toMatch(/the certificate of .* was not accepted/);
    expect(strict.stderr).toMatch(
      /give its pin with --pin: the node logs it at its start, as "pin" in the line "node serves", and its operator knows it\n$/,
    );
    const careless = await run(['whoami', '--node', node.name, '--insecure-skip-verify']);
    expect(careless.code).toBe(0);
    expect(careless.stderr).toMatch(/^lightspeed: warning: --insecure-skip-verify: .*\n$/);
  });
});
