import { tmpdir } from 'node:os';
import { nodeConfig } from '@lightspeed/proxy';
import { hasIpv6 } from '@lightspeed/udp';
import { describe, expect, it } from 'vitest';
import { effectiveToml } from '../src/cli/check.ts';
import { configFromFlags, defaultStateDir } from '../src/cli/flags.ts';
import type { ServeFlags } from '../src/cli/flags.ts';
import { fromFile, refusalOf } from './support/configurations.ts';

const EVERY_ADDRESS = hasIpv6() ? '::' : '0.0.0.0';
const EVERY_DATA = hasIpv6() ? '[::]:4434' : '0.0.0.0:4434';

describe('a configuration file', () => {
  it('sets everything by the keys that operators know, and ours', () => {
    const config = fromFile(`
      [server]
      node_id = "fra-1"
      region = "eu-central"
      max_clients = 500
      data_bind = "127.0.0.1:4000"
      control_bind = "127.0.0.1:4001"
      state_dir = "/var/lib/node"
      certificate = "node.pem"
      private_key = "key.pem"
      grace_secs = 10
      drain_secs = 0
      egress_bind = "127.0.0.2"
      egress_ports = "20000-20999"
      workers = 2
      io = "portable"
      dialect = "reference"
      oversize = "drop"
      [security]
      require_auth = false
      issuer_keys = ["lsi1_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]
      revocation_list = "revoked.txt"
      open_ratio = 3.5
      max_destinations_per_window = 20
      ban_duration_secs = 60
      allow_destinations = ["10.0.0.0/8:27000-27100"]
      [rate_limit]
      max_pps_per_client = 200
      max_bps_per_client = 300000
      max_connections = 50
      max_connections_per_address = 7
      [metrics]
      enabled = false
      interval_secs = 10
      [http]
      bind = "off"
      [log]
      level = "debug"
      format = "json"
    `);
    expect(config).toMatchObject({
      nodeId: 'fra-1',
      region: 'eu-central',
      maxClients: 500,
      dataBind: { host: '127.0.0.1', port: 4000 },
      controlBind: { host: '127.0.0.1', port: 4001 },
      stateDir: '/var/lib/node',
      certificate: 'node.pem',
      privateKey: 'key.pem',
      graceSecs: 10,
      drainSecs: 0,
      registration: 'tickets',
      issuerKeys: [new Uint8Array(32)],
      revocationList: 'revoked.txt',
      egressBind: 0x7f00_0002,
      egressPorts: { low: 20_000, high: 20_999 },
      workers: 2,
      io: 'portable',
      dialect: 'reference',
      oversize: 'drop',
      requireAuth: false,
      openRatio: 3.5,
      maxDestinationsPerWindow: 20,
      banDurationSecs: 60,
      allowDestinations: [{ network: 0x0a00_0000, prefixLength: 8, lowPort: 27_000, highPort: 27_100 }],
      maxPpsPerClient: 200,
      maxBpsPerClient: 300_000,
      maxConnections: 50,
      maxConnectionsPerAddress: 7,
      metricsEnabled: false,
      metricsIntervalSecs: 10,
      httpBind: undefined,
      logLevel: 'debug',
      logFormat: 'json',
    });
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('registers nobody where others can reach the node, unless that is meant', () => {
    const issuerKeys = ['lsi1_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'];
    expect(nodeConfig({ controlBind: '127.0.0.1:4433' }).registration).toBe('anyone');
    expect(nodeConfig({ allowOpen: true }).registration).toBe('anyone');
    expect(nodeConfig({ registration: 'anyone' }).registration).toBe('anyone');
    expect(nodeConfig({ issuerKeys }).registration).toBe('tickets');
    expect(nodeConfig({ controlBind: '127.0.0.1:4433', registration: 'nobody' }).registration).toBe('nobody');
  });

  it('leaves everything else at its default', () => {
    // The program keeps its state somewhere, the library only if it is told where.
    expect(fromFile('')).toEqual({ ...nodeConfig(), stateDir: expect.stringMatching(/4433$/) as string });
    expect(nodeConfig()).toMatchObject({
      maxClients: 10_000,
      controlBind: { host: EVERY_ADDRESS, port: 4433 },
      stateDir: undefined,
      registration: 'nobody',
      maxConnections: 10_000,
      maxSessionsPerAddress: 1_000,
      dataBind: { host: EVERY_ADDRESS, port: 4434 },
      httpBind: { host: '127.0.0.1', port: 8080 },
      workers: 1,
      io: 'auto',
      requireAuth: true,
      maxPpsPerClient: 1_000,
      maxBpsPerClient: 1_000_000,
      openRatio: 8,
      banDurationSecs: 3_600,
    });
  });

  it('has no control plane for a node that lets anybody in, unless it is asked for', () => {
    const open = { requireAuth: false, allowOpen: true };
    expect(nodeConfig(open).controlBind).toBeUndefined();
    expect(nodeConfig({ ...open, controlBind: '127.0.0.1:1' }).controlBind).toEqual({ host: '127.0.0.1', port: 1 });
    expect(nodeConfig({ controlBind: 'off' }).controlBind).toBeUndefined();
  });

  it('keeps state where the service manager or the user has a place for it, and for each port apart', () => {
    const port = { port: 4433 };
    expect(defaultStateDir(port, { STATE_DIRECTORY: '/var/lib/a:/var/lib/b', XDG_STATE_HOME: '/x' })).toBe('/var/lib/a');
    expect(defaultStateDir(port, { XDG_STATE_HOME: '/x' })).toBe('/x/lightspeed-proxy/4433');
    expect(defaultStateDir(port, {})).toMatch(/\/\.local\/state\/lightspeed-proxy\/4433$/);
    expect(defaultStateDir({ port: 0 }, { XDG_STATE_HOME: '/x' })).toBeUndefined();
    expect(configFromFlags({ stateDir: 'off' }).stateDir).toBeUndefined();
    expect(configFromFlags({ controlBind: 'off' }).stateDir).toBeUndefined();
  });

  it('gives way to flags', () => {
    const toml = '[server]\nworkers = 2\nregion = "a"\n[security]\ndeny_destinations = ["1.0.0.0/8"]\n[http]\nbind = "off"';
    const config = fromFile(toml, { workers: '3', httpBind: '127.0.0.1:9', denyDestination: ['2.0.0.0/8', '3.0.0.0/8'] });
    expect(config).toMatchObject({ workers: 3, region: 'a', httpBind: { host: '127.0.0.1', port: 9 } });
    expect(config.denyDestinations.map(({ network }) => network >>> 24)).toEqual([2, 3]);
  });

  it.each([
    ['[server]\nworkers = = 3', 'node.toml:2:11: not valid TOML: invalid value'],
    ['[server\nworkers = 3', 'node.toml:1:8: not valid TOML: illegal character in key'],
    [
      'workers = 3',
      'node.toml: unknown section [workers]; allowed are [server], [security], [protection], [rate_limit], [probes], [metrics], [http], [log]',
    ],
    ['[sever]\nworkers = 3', 'node.toml: unknown section [sever]; did you mean [server]?'],
    ['server = 3', 'node.toml: server: got 3, allowed is a section [server]'],
    ['[server]\nworker = 3', 'node.toml: unknown key server.worker; did you mean workers?'],
    ['[security]\nmax_clients = 3', 'node.toml: unknown key security.max_clients; it belongs to [server]'],
    ['[http]\nbanana = 3', 'node.toml: unknown key http.banana; [http] has bind'],
    [
      '[server]\ncertificate = "a"',
      'node.toml: server.certificate: a certificate needs its private key, and the other way round: give both, or none',
    ],
    [
      '[security]\nregistration = "tickets"',
      'node.toml: security.registration: tickets need an issuer whose tickets count: give its public key with --issuer-key (security.issuer_keys)',
    ],
    [
      '[security]\nregistration = "anyone"\nissuer_keys = ["lsi1_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]',
      'node.toml: security.registration: got "anyone" and issuer keys; leave out either',
    ],
    [
      '[security]\nissuer_keys = ["x"]',
      'node.toml: security.issuer_keys: an issuer\'s public key is lsi1_ and 43 characters of base64url, got "x"',
    ],
    ['[server]\nworkers = "two"', 'node.toml: server.workers: got "two", allowed is a whole number from 1 to 64'],
    ['[server]\nworkers = 0', 'node.toml: server.workers: got 0, allowed is a whole number from 1 to 64'],
    ['[server]\nworkers = 1.5', 'node.toml: server.workers: got 1.5, allowed is a whole number from 1 to 64'],
    ['[server]\nworkers = nan', 'node.toml: server.workers: got NaN, allowed is a whole number from 1 to 64'],
    ['[server]\nworkers = 99999999999999999999', 'node.toml:2:11: not valid TOML: integer value cannot be represented losslessly'],
    ['[server]\nnode_id = ""', 'node.toml: server.node_id: got "", allowed is a name of 1 to 255 bytes in one line'],
    ['[server]\nnode_id = 1979-05-27', 'node.toml: server.node_id: got 1979-05-27, allowed is a name of 1 to 255 bytes in one line'],
    ['[server]\nio = "fast"', 'node.toml: server.io: got "fast", allowed is "auto", "batch" or "portable"'],
    [
      '[server]\ndata_bind = "localhost:1"',
      'node.toml: server.data_bind: got "localhost:1", allowed is ADDR:PORT, for example 0.0.0.0:4434 or [::]:4434',
    ],
    ['[server]\negress_bind = "::1"', 'node.toml: server.egress_bind: got "::1", allowed is an IPv4 address, for example 192.0.2.7'],
    [
      '[server]\negress_ports = "9-8"',
      'node.toml: server.egress_ports: got "9-8", allowed is LOW-HIGH with ports from 1 to 65535, for example 20000-29999',
    ],
    [
      '[server]\negress_ports = "8-9"\nworkers = 3',
      'node.toml: server.egress_ports: got 2 ports for 3 workers, each needs at least one of its own',
    ],
    ['[security]\nrequire_auth = "no"', 'node.toml: security.require_auth: got "no", allowed is true or false'],
    ['[security]\nopen_ratio = 0.5', 'node.toml: security.open_ratio: got 0.5, allowed is a number from 3 to 1000'],
    [
      '[security]\nallow_destinations = "10.0.0.0/8"',
      'node.toml: security.allow_destinations: got "10.0.0.0/8", allowed is a list of CIDR[:PORT[-PORT]], for example ["203.0.113.0/24:27000-27100"]',
    ],
    [
      '[security]\ndeny_destinations = ["10.0.0.0"]',
      'node.toml: security.deny_destinations: destination rule "10.0.0.0": the prefix length is missing (one address is 10.0.0.0/32); write CIDR[:PORT[-PORT]], for example 203.0.113.0/24:27000-27100',
    ],
    ['[http]\nbind = false', 'node.toml: http.bind: got false, allowed is ADDR:PORT, for example 127.0.0.1:8080 or [::]:4433, or "off"'],
    [
      '[security]\nrequire_auth = false',
      `node.toml: security.require_auth: a node without authentication relays for anybody who can reach ${EVERY_DATA}; bind it to loopback (--data-bind 127.0.0.1:4434), or consent with --allow-open (security.allow_open = true)`,
    ],
  ])('%j is refused in one clear line', (toml, message) => {
    expect(refusalOf(() => fromFile(toml))).toBe(message);
  });

  it('must be there, and a file', () => {
    expect(refusalOf(() => configFromFlags({ config: '/nowhere/node.toml' }))).toBe('node.toml: cannot be read: there is no such file');
    expect(refusalOf(() => configFromFlags({ config: tmpdir() }))).toBe(`${tmpdir()}: cannot be read: it is a directory`);
  });
});

describe('flags', () => {
  it.each<[ServeFlags, string]>([
    [{ workers: 'many' }, '--workers: got "many", allowed is a whole number from 1 to 64'],
    [{ workers: '-1' }, '--workers: got "-1", allowed is a whole number from 1 to 64'],
    [{ workers: '65' }, '--workers: got 65, allowed is a whole number from 1 to 64'],
    [{ dataBind: '0.0.0.0:70000' }, '--data-bind: got "0.0.0.0:70000", allowed is ADDR:PORT, for example 0.0.0.0:4434 or [::]:4434'],
    [{ logLevel: 'loud' }, '--log-level: got "loud", allowed is "fatal", "error", "warn", "info", "debug", "trace" or "silent"'],
    [{ region: 'a\nb' }, '--region: got "a\\nb", allowed is a name of 1 to 255 bytes in one line'],
    [
      { allowDestination: ['1.2.3.4/33'] },
      '--allow-destination: destination rule "1.2.3.4/33": the prefix length must be 0 to 32, got "33"; write CIDR[:PORT[-PORT]], for example 203.0.113.0/24:27000-27100',
    ],
    [
      { open: true },
      `--open: a node without authentication relays for anybody who can reach ${EVERY_DATA}; bind it to loopback (--data-bind 127.0.0.1:4434), or consent with --allow-open (security.allow_open = true)`,
    ],
  ])('%j are refused by name', (flags, message) => {
    expect(refusalOf(() => configFromFlags(flags))).toBe(message);
  });

  it('let anybody in only on loopback or with consent', () => {
    expect(configFromFlags({ open: true, dataBind: '127.0.0.1:1' }).requireAuth).toBe(false);
    expect(configFromFlags({ open: true, allowOpen: true }).requireAuth).toBe(false);
    expect(configFromFlags({ allowOpen: true }).requireAuth).toBe(true);
  });
});

describe('the effective configuration', () => {
  it('is a file that gives the same configuration again', () => {
    const configs = [
      nodeConfig(),
      nodeConfig({
        controlBind: '127.0.0.1:7',
        stateDir: '/s',
        issuerKeys: ['lsi1_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
        revocationList: 'r',
      }),
      nodeConfig({ httpBind: 'off', egressPorts: '5-9', egressBind: '127.0.0.1', logFormat: 'json', nodeId: 'a "b" \\ é' }),
      nodeConfig({ allowDestinations: ['10.0.0.0/8', '1.2.3.4/32:5'], denyDestinations: ['0.0.0.0/0:25-26'], maxConnections: 3 }),
    ];
    for (const config of configs) expect(fromFile(effectiveToml(config))).toEqual(config);
  });
});
