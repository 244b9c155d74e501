import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ticketExtension } from '@lightspeed/control';
import { formatPin } from '@lightspeed/control/quic';
import { formatTicket } from '@lightspeed/security';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Running } from './support/command.ts';
import type { Result } from './support/command.ts';
import { ControlNode } from './support/control-node.ts';

let node: ControlNode;
let other: ControlNode;
let home = '';
beforeAll(async () => {
  [node, other] = await Promise.all([ControlNode.start(), ControlNode.start()]);
});
afterAll(async () => {
  await Promise.all([node[Symbol.asyncDispose](), other[Symbol.asyncDispose]()]);
});
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'lightspeed-config-'));
  await mkdir(join(home, 'lightspeed'));
});
afterEach(() => rm(home, { recursive: true }));

const file = (name = 'config.toml') => join(home, 'lightspeed', name);

async function configured(text: string, mode = 0o600): Promise<void> {
  await writeFile(file(), text);
  await chmod(file(), mode);
}

const run = (...args: readonly string[]): Promise<Result> => new Running(args, { XDG_CONFIG_HOME: home }).ended();
const start = (...args: readonly string[]) => new Running(args, { XDG_CONFIG_HOME: home });

function ticketSeenBy({ registers }: ControlNode): Uint8Array | undefined {
  const register = registers.at(-1);
  return register?.dialect === 'standard' ? ticketExtension.find(register.extensions) : undefined;
}

const entry = ({ name, pin }: ControlNode, more = '') => `[[nodes]]\nnode = "${name}"\npin = "${formatPin(pin)}"\n${more}\n`;
const TICKET = Uint8Array.of(1, 2, 3);
const OTHER_TICKET = Uint8Array.of(4, 5, 6);

describe('commands with a file of settings', () => {
  it('play and socks need neither --node nor --ticket', async () => {
    await configured(`fec = 2\n${entry(node, `ticket = "${formatTicket(TICKET)}"`)}`);
    for (const args of [
      ['play', '--game-server', '127.0.0.1:9', '--listen', '127.0.0.1:0'],
      ['socks', '--listen', '127.0.0.1:0'],
    ]) {
      const program = start(...args, '--json');
      await program.printed('"established"');
      program.signal('SIGINT');
      const { code, stderr } = await program.ended();
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(JSON.parse(program.lines[0])).toMatchObject({ event: 'started', fecGroupSize: 2, nodes: [{ name: node.name }] });
      expect(ticketSeenBy(node)).toEqual(TICKET);
    }
  });

  it('each node gets its own ticket, from a file beside the settings too, and no other', async () => {
    await configured(`${entry(node, `ticket = "${formatTicket(TICKET)}"`)}${entry(other, 'ticket = "other.txt"')}`);
    await writeFile(file('other.txt'), `${formatTicket(OTHER_TICKET)}\n`, { mode: 0o600 });
    const program = start('socks', '--listen', '127.0.0.1:0');
    await program.printed('connected after');
    program.signal('SIGINT');
    expect(await program.ended()).toMatchObject({ code: 0, stderr: '' });
    expect([ticketSeenBy(node), ticketSeenBy(other)]).toEqual([TICKET, OTHER_TICKET]);
  });

  it('a flag goes before the file', async () => {
    await configured(`fec = 2\n${entry(node, `ticket = "${formatTicket(TICKET)}"`)}`);
    const program = start('socks', '--listen', '127.0.0.1:0', '--json', '--fec', 'off', '--ticket', formatTicket(OTHER_TICKET));
    await program.printed('"established"');
    program.signal('SIGINT');
    await program.ended();
    expect(JSON.parse(program.lines[0])).toMatchObject({ fecGroupSize: 0 });
    expect(ticketSeenBy(node)).toEqual(OTHER_TICKET);
  });

  it('a node of the command line has its pin and ticket from the file, and one that is not there has none of them', async () => {
    await configured(`${entry(node)}${entry(other, `ticket = "${formatTicket(OTHER_TICKET)}"`)}`);
    expect(await run('whoami', '--node', other.name)).toMatchObject({ code: 0, stderr: '' });
    expect(ticketSeenBy(other)).toEqual(OTHER_TICKET);
    await configured(entry(node, `ticket = "${formatTicket(TICKET)}"`));
    expect((await run('whoami', '--node', other.name)).stderr).toContain('was not accepted');
    expect(await run('whoami', '--node', other.name, '--pin', formatPin(other.pin))).toMatchObject({ code: 0 });
    expect(ticketSeenBy(other)).toBeUndefined();
  });

  it('ping and whoami ask the first node', async () => {
    await configured(`${entry(other)}${entry(node)}`);
    expect((await run('whoami')).stdout).toContain(`node ${other.name} is node-1`);
    expect((await run('ping', '--count', '1', '--json')).code).toBe(0);
  });

  it('--config names another file, which must be there', async () => {
    const another = join(home, 'another.toml');
    await writeFile(another, entry(node), { mode: 0o600 });
    expect(await run('whoami', '--config', another)).toMatchObject({ code: 0, stderr: '' });
    const { code, stderr } = await run('whoami', '--config', join(home, 'nowhere.toml'));
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: `lightspeed: ${join(home, 'nowhere.toml')}: there is no such file; allowed is a TOML file that you may read\n`,
    });
  });

  it.skipIf(process.platform === 'win32')('warns of a file that others may read, and of a ticket’s', async () => {
    await configured(entry(node, 'ticket = "t.txt"'), 0o644);
    await writeFile(file('t.txt'), formatTicket(TICKET));
    await chmod(file('t.txt'), 0o640);
    const { code, stderr } = await run('whoami');
    expect(code).toBe(0);
    expect(stderr.split('\n')).toEqual([
      `lightspeed: warning: ${file()} has secrets, and others may open it: its mode is 0644; make it 0600: chmod 600 ${file()}`,
      `lightspeed: warning: ${file('t.txt')} has secrets, and others may open it: its mode is 0640; make it 0600: chmod 600 ${file('t.txt')}`,
      '',
    ]);
  });

  it('ways of the file to nodes that the command line leaves out do not count, and the others do', async () => {
    await configured(`way = ["203.0.113.9=${other.name}", "127.0.0.0/8=direct"]\n${entry(node)}${entry(other)}`);
    const args = ['play', '--node', node.name, '--listen', '127.0.0.1:9', '--game-server', '127.0.0.1:9'];
    expect((await run(...args)).stderr).toContain('with the direct way, a server at which this tunnel does not listen itself');
    expect((await run(...args, '--way', `203.0.113.9=${other.name}`)).stderr).toContain(`no --node is ${other.name}`);
  });

  it('a node that is used as --via is not used itself', async () => {
    await configured(`${entry(node)}${entry(other)}`);
    const program = start('socks', '--listen', '127.0.0.1:0', '--json', '--via', other.name);
    await program.printed('"established"');
    program.signal('SIGINT');
    expect((await program.ended()).stderr).toBe('');
    expect(JSON.parse(program.lines[0])).toMatchObject({ nodes: [{ name: node.name }] });
  });

  it('doctor examines all nodes of the file, each with its own pin, and asks the helper that it names', async () => {
    await configured(`helper = "helper.sock"\n${entry(node)}${entry(other)}`);
    const { findings } = JSON.parse((await run('doctor', '--json')).stdout) as { findings: { check: string; found: string }[] };
    const reached = findings.filter(({ check, found }) => check === 'node, IPv4' && found.includes('lets you in'));
    expect(reached).toHaveLength(2);
    expect(findings.find(({ check }) => check === 'helper')?.found).toContain(file('helper.sock'));
  });

  it('doctor asks a node at an address over the family of that only, and says what needs what is not there', async () => {
    await configured(entry(node));
    const { findings } = JSON.parse((await run('doctor', '--json')).stdout) as { findings: Record<string, string>[] };
    expect(findings.map(({ check }) => check).filter((check) => check?.startsWith('node'))).toEqual(['node, IPv4']);
    for (const { check, state, neededFor } of findings) {
      expect([check, state]).toEqual([check, expect.stringMatching(/^(?:ok|no|note|absent)$/)]);
      if (state === 'absent') expect([check, neededFor]).toEqual([check, expect.stringMatching(/./)]);
    }
    const lines = (await run('doctor')).stdout.split('\n');
    expect(lines.filter((line) => line.includes('missing'))).toEqual([]);
    expect(lines.filter((line) => line.startsWith('not there')).length).toBe(findings.filter(({ state }) => state === 'absent').length);
    expect(lines.filter((line) => line.includes(' only needed for ')).length).toBe(
      findings.filter(({ state }) => state === 'absent').length,
    );
  });

  it('doctor works without nodes too', async () => {
    const { stdout, stderr } = await run('doctor', '--json');
    expect(stderr).toBe('');
    expect(stdout).not.toContain('node, IPv4');
  });

  it.each([
    ['run', '--', 'echo', 'started'],
    ['catch', '--pid', '4711'],
    ['gateway', '--lan', 'eth0'],
  ])('%s does nothing where no node is named, or the file is wrong', async (...args) => {
    expect(await run(...args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('no node: give --node') as string });
    await configured(`always = "sometimes"\n${entry(node)}`);
    const wrong = `${file()}:1: always = "sometimes": Allowed choices are node, direct`;
    expect(await run(...args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(wrong) as string });
  });

  it.each<[string, string, string[]]>([
    ['fec = 99\n', ':1: fec = 99: Expected "off", or data packets per parity packet from 1 to 32', []],
    ['multipath = "best"\n', ':1: multipath = "best": Allowed choices are ', []],
    ['[[nodes]]\nnode = "http://a"\n', ':2: node = "http://a": "//a" is not a port', []],
    ['[[nodes]]\nnode = "a"\npin = "abc"\n', ':3: pin = "abc": a pin is sha256// and 32 bytes', []],
    ['[[nodes]]\nnode = "a"\ndata-port = 70000\n', ':3: data-port = 70000: allowed are whole numbers from 1 to 65535', []],
    [
      '[[nodes]]\nnode = "a"\nticket = "gone.txt"\n',
      'gone.txt: there is no such file; allowed is a file that you may read, or the ticket’s text',
      [],
    ],
    ['[[nodes]]\nnode = "a"\nticket = "lst1_!"\n', ':3: ticket: the ticket is damaged or incomplete', []],
    ['[[nodes]]\nnode = "a"\nca = "x"\ninsecure-skip-verify = true\n', ':4: insecure-skip-verify = true: only one of pin, ca', []],
    ['', 'no node: give --node HOST[:PORT], or take the line that its operator gave you with "lightspeed import"; ', []],
    ['[[nodes]]\nnode = "a"\n', 'no node: without a registration, name its data port: --node HOST:PORT', ['--no-register']],
  ])('one that cannot be used ends it with exit code 2: %j', async (text, message, args) => {
    await configured(text);
    const { code, stdout, stderr } = await run('socks', ...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^lightspeed: .*\n$/);
    expect(stderr).toContain(message.startsWith(':') ? `${file()}${message}` : message);
  });
});
