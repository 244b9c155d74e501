import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeSettings } from '@lightspeed/proxy';
import { nodeConfig } from '@lightspeed/proxy';
import { formatPin, makeCertificate, pinOf } from '@lightspeed/control/quic';
import { decodeTicket, formatRevocation } from '@lightspeed/security';
import { describe, expect, it } from 'vitest';
import { eventually } from './support/eventually.ts';
import { keptFolder } from './support/kept-folder.ts';
import { loggedNode } from './support/logged-node.ts';
import { NodeProgram } from './support/node-program.ts';
import { playingClient, registeredClient } from './support/registered-client.ts';
import { ENGINES, registrarNode, testServer } from './support/scene.ts';
import { temporaryFile } from './support/temporary-file.ts';
import { Issuer } from './support/tickets.ts';

const LOCAL: NodeSettings = {
  dataBind: '127.0.0.1:0',
  httpBind: 'off',
  controlBind: '127.0.0.1:0',
  allowDestinations: ['127.0.0.0/8'],
};

/** What {@link registrarNode} has, with other settings. */
const configOf = (settings: NodeSettings) => nodeConfig({ ...LOCAL, ...settings });

describe('SIGHUP', () => {
  async function scene() {
    const file = temporaryFile('node.toml', '[server]\nregion = "here"\n');
    const program = await NodeProgram.start('--state-dir', 'off', '--config', file);
    let reloads = 0;
    /** Writes the file and has the node read it. */
    const reload = async (text: string) => {
      writeFileSync(file, text);
      program.signal('SIGHUP');
      reloads++;
      return eventually(() => {
        const told = program.log.filter(({ msg }) => /^(read the configuration again|the configuration cannot be used)/.test(String(msg)));
        if (told.length < reloads) throw new Error(`nothing was said: ${program.stdout}`);
        return told[reloads - 1];
      });
    };
    const server = await testServer();
    return { program, reload, server, client: await playingClient(program) };
  }

  it('has the node read its configuration again, and games go on', async () => {
    const { program, reload, server, client } = await scene();
    await client.roundTrip(server.endpoint, 'before');
    const told = await reload(
      '[server]\nregion = "there"\ndrain_secs = 5\n[log]\nlevel = "debug"\n[rate_limit]\nmax_pps_per_client = 500\n',
    );
    expect(told).toMatchObject({ level: 30, changed: ['server.drain_secs', 'rate_limit.max_pps_per_client', 'log.level'] });
    expect(await program.logged('these settings count only after a restart')).toMatchObject({ level: 40, keys: ['server.region'] });
    await client.roundTrip(server.endpoint, 'after');
    expect(new Set(server.received.map(({ port }) => port)).size).toBe(1);
  });

  it.each([
    ['no TOML', '[server', 'not valid TOML'],
    ['an unknown key', '[server]\nregoin = "x"\n', 'did you mean region?'],
    ['a revocation list that cannot be read', 'revocation_list = "/"\n', '/: it is a directory'],
  ])('with %s in the file changes nothing, and says so', async (_what, text, why) => {
    const { reload, server, client } = await scene();
    const told = await reload(`[security]\ndeny_destinations = ["127.0.0.0/8"]\n${text}`);
    expect(told).toMatchObject({ level: 50, why: expect.stringContaining(why) as string });
    await client.roundTrip(server.endpoint, 'as before');
  });

  it('closes destinations, for flows that are open too, and opens them again', async () => {
    const { reload, server, client } = await scene();
    await client.roundTrip(server.endpoint, 'before');
    await reload('[security]\ndeny_destinations = ["127.0.0.0/8"]\n');
    client.data(server.endpoint, 'denied');
    // A proof that came after it is acknowledged: it was handled.
    await client.bind();
    await reload('');
    await client.roundTrip(server.endpoint, 'after');
    expect(server.payloads).toEqual(['before', 'after']);
  });
});

describe.each(ENGINES)('a node over the %s engine that reads its configuration again', (io) => {
  it('holds sessions that are open to its new limits, except where a ticket has its own', async () => {
    const issuer = new Issuer();
    const settings = { io, issuerKeys: [issuer.publicKey] };
    const node = await registrarNode(settings);
    const server = await testServer();
    const usual = await playingClient(node, { ticket: issuer.ticket() });
    const special = await playingClient(node, { ticket: issuer.ticket({ ratePps: 900, rateBps: 900_000 }) });
    expect(await node.reload(configOf({ ...settings, maxPpsPerClient: 1, maxFlowsPerSession: 1 }))).toEqual({
      changed: ['server.max_flows_per_session', 'rate_limit.max_pps_per_client'],
      later: [],
    });
    for (let packet = 0; packet < 50; packet++) special.data(server.endpoint, 'special');
    await eventually(() => expect(server.payloads.filter((payload) => payload === 'special')).toHaveLength(50));
    expect(node.stats().clientDrops.rate_packets).toBe(0);
    for (let packet = 0; packet < 50; packet++) usual.data(server.endpoint, 'usual');
    await eventually(() => expect(node.stats().clientDrops.rate_packets).toBeGreaterThan(0));
    const other = await testServer();
    special.data(other.endpoint, 'second flow');
    await eventually(() => expect(node.stats().clientDrops.flow_limit).toBe(1));
  });
});

describe('a node that reads its configuration again', () => {
  it('lets in whom its new issuers let in, and ends the sessions of the others', async () => {
    const [before, after] = [new Issuer(), new Issuer()];
    const node = await registrarNode({ issuerKeys: [before.publicKey] });
    const client = await playingClient(node, { ticket: before.ticket() });
    await node.reload(configOf({ issuerKeys: [before.publicKey, after.publicKey] }));
    const other = await registeredClient(node, { ticket: after.ticket() });
    await node.reload(configOf({ issuerKeys: [after.publicKey] }));
    expect(await client.control.refusal()).toEqual(['auth_failed', 'the ticket was issued with a key that this node does not trust']);
    await client.next('fin');
    await registeredClient(node, { ticket: after.ticket() });
    expect(other.control.said.map(({ type }) => type)).not.toContain('disconnect');
  });

  it('takes for gone what is gone from its revocation list', async () => {
    const issuer = new Issuer();
    const ticket = issuer.ticket();
    const decoded = decodeTicket(ticket);
    const list = temporaryFile('revoked.txt', formatRevocation(decoded.type === 'refused' ? '' : decoded.id));
    const settings = { issuerKeys: [issuer.publicKey], revocationList: list, stateDir: keptFolder() };
    const { node, log } = await loggedNode(settings);
    writeFileSync(list, '# nobody\n');
    await eventually(() => expect(log.map(({ msg }) => msg)).toContainEqual(expect.stringContaining('has lost tickets')));
    await node.reload(configOf(settings));
    await registeredClient(node, { ticket });
    await node.close();
    await registeredClient((await loggedNode(settings)).node, { ticket });
  });

  it('shows another certificate, from other files', async () => {
    const folder = keptFolder();
    const identity = async (name: string) => {
      const made = await makeCertificate();
      const [certificate, privateKey] = [join(folder, `${name}.pem`), join(folder, `${name}-key.pem`)];
      writeFileSync(certificate, made.certificatePem);
      writeFileSync(privateKey, made.privateKeyPem, { mode: 0o600 });
      return { files: { certificate, privateKey }, pin: formatPin(pinOf(made.certificatePem)) };
    };
    const [first, second] = [await identity('first'), await identity('second')];
    const node = await registrarNode(first.files);
    expect(node.controlPin).toBe(first.pin);
    await node.reload(configOf(second.files));
    expect(node.controlPin).toBe(second.pin);
    await playingClient(node);
  });

  it('says which settings have to wait for a restart, and goes on as it was with those', async () => {
    const node = await registrarNode();
    const result = await node.reload(configOf({ maxClients: 7, region: 'there', issuerKeys: [new Issuer().publicKey], graceSecs: 9 }));
    expect(result).toEqual({
      changed: ['server.grace_secs'],
      later: ['server.region', 'server.max_clients', 'security.registration', 'security.issuer_keys'],
    });
    await registeredClient(node);
  });
});
