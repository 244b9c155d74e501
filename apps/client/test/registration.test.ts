import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createQuicServer } from '@currentspace/http3';
import { startTunnel } from '@lightspeed/client';
import { ticketExtension } from '@lightspeed/control';
import { formatPin, loadKnownNodes, makeCertificate } from '@lightspeed/control/quic';
import type { Verification } from '@lightspeed/control/quic';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ControlNode } from './support/control-node.ts';
import { EchoServer, Peer, until } from './support/game.ts';
import { ENGINES, registeredTunnel, socketAddress } from './support/tunnel.ts';

describe.each(ENGINES)('a registered tunnel over the %s engine', (io) => {
  it('carries a game through a node that lets nobody else in, and ends its session when it is closed', async () => {
    await using node = await ControlNode.start();
    using server = await EchoServer.named('echo ');
    await using tunnel = await registeredTunnel([node], [server.address], { io, register: { ticket: Uint8Array.of(1, 2), gameId: 3 } });
    await tunnel.established(5_000);
    using program = await Peer.start();
    program.send('hello', tunnel.ingresses[0].listen);
    await program.got(1);

    expect(program.texts).toEqual(['echo hello']);
    expect(tunnel.node).toEqual(socketAddress(node.data.address));
    const [register] = node.registers;
    expect(register).toMatchObject({ dialect: 'standard', gameId: 3 });
    expect(register.dialect === 'standard' && ticketExtension.find(register.extensions)).toEqual(Uint8Array.of(1, 2));
    expect(tunnel.nodes).toMatchObject([
      {
        name: node.name,
        used: true,
        connected: true,
        up: true,
        draining: false,
        loadPercent: 7,
        version: '9.9.9',
        session: { nodeId: 'node-1', region: 'test', keepaliveMs: 500, egress: { ip: 0xcb00_7105, port: 0 } },
      },
    ]);
    await until(() => tunnel.nodes[0].clockOffsetMs !== undefined, 'a Pong');
    await tunnel.close();
    expect(node.data.relay.sessionCount).toBe(0);
    await until(() => node.sessionIds.length === 0, 'the end of the registration');
  });

  it('resumes its session when the control connection is cut, while the game goes on', async () => {
    await using node = await ControlNode.start();
    using server = await EchoServer.named('');
    await using tunnel = await registeredTunnel([node], [server.address], { io });
    await tunnel.established(5_000);
    const { session } = tunnel.nodes[0];
    const news: string[] = [];
    tunnel.on('control', (_node, state, text) => news.push(`${state}: ${text}`));
    await node.cut();
    await until(() => news.length === 2, 'the connection to be back');
    expect(news).toEqual([expect.stringContaining('lost: '), 'resumed: the control connection is back']);
    expect(node.resumed).toEqual([session?.sessionId]);
    expect(tunnel.nodes[0].session).toMatchObject({ sessionId: session?.sessionId, token: session?.token });
    using program = await Peer.start();
    program.send('still', tunnel.ingresses[0].listen);
    await program.got(1);
    expect(node.data.count('sessionsOpened')).toBe(1);
    expect(node.sessionIds).toHaveLength(1);
  });

  it('takes a new session when the node has forgotten the last one, and keeps that', async () => {
    await using node = await ControlNode.start();
    using server = await EchoServer.named('');
    await using tunnel = await registeredTunnel([node], [server.address], { io, keepaliveMs: 100 });
    await tunnel.established(5_000);
    const before = tunnel.nodes[0].session?.sessionId;
    // A FIN goes only where a challenge has come back.
    await until(() => node.data.count('handshakes') === 2, 'the answer to the challenge');
    node.forget();
    await until(() => tunnel.nodes[0].session?.sessionId !== before && tunnel.nodes[0].up, 'another session');
    using program = await Peer.start();
    program.send('new', tunnel.ingresses[0].listen);
    await program.got(1);
    // A FIN of the old session that was repeated until now would have ended this one, whose token happens to be the same.
    const keepalives = node.data.count('keepalives');
    await until(() => node.data.count('keepalives') >= keepalives + 12, 'more keepalives');
    expect([node.data.count('fins'), node.data.count('sessionsOpened')]).toEqual([0, 2]);
  });
});

it('a tunnel of dialect reference registers in its form, and needs no acknowledgement', async () => {
  await using node = await ControlNode.start();
  using server = await EchoServer.named('');
  const nodes = [{ ...node.settings, dataPort: node.data.address.port }];
  await using tunnel = await registeredTunnel([node], [server.address], {
    dialect: 'reference',
    fecGroupSize: 2,
    register: { nodes },
  });
  await tunnel.established(5_000);
  using program = await Peer.start();
  program.send('hello', tunnel.ingresses[0].listen);
  await program.got(1);
  expect(node.registers).toEqual([{ type: 'register', dialect: 'reference', protocolVersion: 1, gameId: 0 }]);
  expect(tunnel.nodes[0].session).toMatchObject({ secret: undefined, token: 1 });
  await until(() => tunnel.nodes[0].clockOffsetMs !== undefined, 'a Pong');
});

it('says of a node that speaks another application protocol what it may be, and how it is used', async () => {
  const { certificatePem: cert, privateKeyPem: key } = await makeCertificate();
  const server = createQuicServer({ key, cert, alpn: ['h3'], disableRetry: false });
  server.on('error', () => undefined);
  try {
    const { port } = await server.listen(0, '127.0.0.1');
    const nodes = [{ host: '127.0.0.1', port, verify: { kind: 'insecure' } as const }];
    const refusal = startTunnel({ register: { nodes }, ingresses: [], dialect: 'reference' });
    await expect(refusal).rejects.toMatchObject({ code: 'ERR_CLIENT_REGISTER' });
    await expect(refusal).rejects.toThrow('use its data port with --no-register --dialect reference');
  } finally {
    await server.close();
  }
});

describe('a registration', () => {
  it('is refused in the words of the node', async () => {
    await using node = await ControlNode.start();
    node.behaviour.refuse = () => ({ reason: 'auth_failed', text: 'the ticket has expired\u001b[2J' });
    const refusal = registeredTunnel([node], []);
    await expect(refusal).rejects.toMatchObject({ name: 'ClientError', code: 'ERR_CLIENT_REGISTER' });
    await expect(refusal).rejects.toThrow(`node ${node.name} refuses the registration: the ticket has expired\\u{1b}[2J (auth failed)`);
  });

  it('fails when nobody is there, and says what to check', async () => {
    const gone = await ControlNode.start();
    const { settings } = gone;
    await gone[Symbol.asyncDispose]();
    const refusal = startTunnel({ register: { nodes: [settings] }, ingresses: [] });
    await expect(refusal).rejects.toMatchObject({ code: 'ERR_CLIENT_REGISTER' });
    await expect(refusal).rejects.toThrow(/is that its control port/);
  });

  it('without a secret has one path, and the token binds it', async () => {
    await using node = await ControlNode.start();
    node.behaviour.bare = true;
    await using tunnel = await registeredTunnel([node], []);
    await tunnel.established(5_000);
    expect(() => tunnel.rebind()).toThrow('only a registered session can move');
    await expect(registeredTunnel([node], [], { paths: ['127.0.0.2'] })).rejects.toMatchObject({
      code: 'ERR_CLIENT_NOT_REGISTERED',
    });
  });
});

describe('the node’s identity', () => {
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
  const connect = async (verify: Verification) => {
    const tunnel = await startTunnel({ register: { nodes: [{ ...node.settings, verify }] }, ingresses: [] });
    await tunnel.close();
  };

  it('is checked against a pin, and both are told when they differ', async () => {
    const other = new Uint8Array(32).fill(7);
    const refusal = connect({ kind: 'pin', sha256: other });
    await expect(refusal).rejects.toMatchObject({ code: 'ERR_CLIENT_NODE_IDENTITY' });
    await expect(refusal).rejects.toThrow(`expected ${formatPin(other)}, got ${formatPin(node.pin)}`);
  });

  it('is taken on first use, kept, and later held to', async () => {
    const file = join(folder, 'known-nodes');
    const known = await loadKnownNodes(file);
    await connect({ kind: 'first-use', known: undefined, remember: (pin) => known.remember(node.name, pin) });
    expect(await readFile(file, 'utf8')).toBe(`${node.name} ${formatPin(node.pin)}\n`);
    const other = new Uint8Array(32).fill(9);
    const refusal = connect({ kind: 'first-use', known: other, remember: () => undefined });
    await expect(refusal).rejects.toMatchObject({ code: 'ERR_CLIENT_NODE_IDENTITY' });
    await expect(refusal).rejects.toThrow(`remembered ${formatPin(other)}, got ${formatPin(node.pin)}`);
  });

  it('is vouched for by an authority', async () => {
    await connect({ kind: 'ca', pem: node.certificate.certificatePem });
    await expect(connect({ kind: 'system' })).rejects.toThrow(/was not accepted.*give its pin with --pin: the node logs it at its start/);
  });
});
