import { chmod, mkdir, readFile, readdir, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatPin } from '@lightspeed/control/quic';
import { formatTicket } from '@lightspeed/security';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Running } from './support/command.ts';
import { ControlNode } from './support/control-node.ts';
import { ALICE, Home, NOW, PIN, lineOf, runImport, ticketOf } from './support/invitations.ts';

let home: Home;
beforeEach(async () => {
  home = await Home.make();
});
afterEach(() => home.remove());

const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

describe('lightspeed import', () => {
  it('shows what the line says, and keeps node, pin and ticket for the commands that come', async () => {
    await using node = await ControlNode.start();
    const link = lineOf({ node: { host: '127.0.0.1', port: node.port }, pin: node.pin });
    const { code, stdout, stderr } = await runImport(link, '--yes');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const until = `${new Date((NOW + 86_400) * 1_000).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
    expect(stdout.split('\n')).toEqual([
      `node    127.0.0.1:${node.port}  (this machine itself)`,
      `pin     ${formatPin(node.pin)}`,
      `ticket  for "alice", until ${until}, 2 sessions at once on each node`,
      expect.stringMatching(/^issuer {2}lsi1_[\w-]{43}, who has signed the ticket$/),
      `It becomes a node of ${home.file}.`,
      'Added.',
      '',
    ]);
    expect(await home.written()).toBe(
      `[[nodes]]\nnode = "127.0.0.1:${node.port}"\npin = "${formatPin(node.pin)}"\nticket = "${formatTicket(ALICE)}"\n`,
    );
    if (process.platform !== 'win32')
      expect([await modeOf(home.file), await modeOf(join(home.folder, 'lightspeed'))]).toEqual(['600', '700']);
    const asked = await new Running(['whoami'], { XDG_CONFIG_HOME: home.folder }).ended();
    expect(asked).toMatchObject({ code: 0, stderr: '' });
    expect(await runImport(link, '--yes')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('says all of that already') as string,
    });
  });

  it.each([
    ['y\n', 0, 'Added.'],
    ['YES\n', 0, 'Added.'],
    ['\n', 1, 'Nothing was changed.'],
    ['n\n', 1, 'Nothing was changed.'],
    ['yesterday\n', 1, 'Nothing was changed.'],
    ['', 1, 'Nothing was changed: nobody is there to be asked. Add --yes to take it.'],
  ])('asks first: %j', async (answer, code, words) => {
    const ended = await new Running(['import', lineOf()], { XDG_CONFIG_HOME: home.folder }).ended(answer);
    expect(ended).toMatchObject({ code, stderr: '' });
    expect(ended.stdout).toContain('Take it only from somebody whom you know.\nTake it? [y/N] ');
    expect(ended.stdout.trimEnd().endsWith(words)).toBe(true);
    expect(await home.isWritten()).toBe(code === 0);
  });

  it('takes a mail from standard input, and without --yes only shows what is in it', async () => {
    const mail = Buffer.from(
      `\ufeffHello,\r\n> ${
        lineOf()
          .match(/.{1,70}/g)
          ?.join('\r\n> ') ?? ''
      }\r\nBob`,
      'utf16le',
    );
    const shown = await new Running(['import', '-'], { XDG_CONFIG_HOME: home.folder }).ended(mail);
    expect(shown).toMatchObject({ code: 1, stderr: '' });
    expect(shown.stdout).toContain('node    relay.example.net:4433\n');
    expect(shown.stdout).toContain('Add --yes to take it.');
    expect(await home.isWritten()).toBe(false);
    expect(await new Running(['import', '-', '--yes'], { XDG_CONFIG_HOME: home.folder }).ended(mail)).toMatchObject({ code: 0 });
    expect(await home.written()).toContain(formatTicket(ALICE));
  });

  it.each<[string, (link: string) => string]>([
    ['in quotation marks', (link) => `“${link}”`],
    ['in a sentence', (link) => `Here it is: ${link} and good luck`],
    ['wrapped in the middle of a field', (link) => link.match(/.{1,33}/g)?.join('\n') ?? ''],
    ['wrapped behind the host', (link) => `${link.replace('?', '?\n')}\nCheers\nBob`],
    ['in angle brackets', (link) => `<${link}>`],
    ['in an answer to an answer', (link) => `>> ${link.match(/.{1,60}/g)?.join('\n>> ') ?? ''}\n>> Bob`],
  ])('understands a line %s', async (_how, change) => {
    expect(await runImport(change(lineOf()), '--yes')).toMatchObject({ code: 0, stderr: '' });
    expect(await home.written()).toContain('node = "relay.example.net:4433"\n');
  });

  it.each([
    ['mail.txt', 'got "mail.txt"; allowed is a line that begins with lightspeed://v1/; of a file: lightspeed import - < mail.txt'],
    ['my mail.txt', 'of a file: lightspeed import - < FILE'],
  ])('says how a file is read when it gets the name of one: %s', async (file, words) => {
    const { code, stderr } = await runImport(file);
    expect(code).toBe(2);
    expect(stderr.trimEnd().endsWith(words)).toBe(true);
  });

  it('does not speak of files where the text came from one', async () => {
    const { stderr } = await new Running(['import', '-'], { XDG_CONFIG_HOME: home.folder }).ended('hello');
    expect(stderr).toBe('lightspeed: import: got "hello"; allowed is a line that begins with lightspeed://v1/\n');
  });

  it('makes no folder but the usual one', async () => {
    const there = join(home.folder, 'mine.toml');
    expect(await runImport(lineOf(), '--yes', '--config', there)).toMatchObject({ code: 0, stderr: '' });
    const mistyped = join(home.folder, 'no', 'such');
    expect(await runImport(lineOf(), '--yes', '--config', join(mistyped, 'mine.toml'))).toEqual({
      code: 2,
      stdout: '',
      stderr: `lightspeed: --config ${join(mistyped, 'mine.toml')}: there is no folder ${mistyped}; allowed is a file in a folder that is there\n`,
    });
    expect(await readdir(home.folder)).toEqual(['mine.toml']);
  });

  it('finds a file of settings in the folder in which the user was', async () => {
    await writeFile(join(home.folder, 'mine.toml'), 'fec = 8\n', { mode: 0o600 });
    vi.stubEnv('INIT_CWD', home.folder);
    expect(await runImport(lineOf(), '--yes', '--config', 'mine.toml')).toMatchObject({ code: 0, stderr: '' });
    expect(await readFile(join(home.folder, 'mine.toml'), 'utf8')).toContain('fec = 8\n\n[[nodes]]\n');
  });

  it('says what there is not', async () => {
    const { stdout } = await runImport(lineOf({ pin: undefined, ticket: undefined, issuer: undefined }), '--yes');
    expect(stdout).toContain('pin     none: the node must show a certificate of an authority that your system trusts\n');
    expect(stdout).toContain('ticket  none: for nodes that let anybody in\n');
    expect(await home.written()).toBe('[[nodes]]\nnode = "relay.example.net:4433"\n');
  });

  it('says that a ticket has expired, or is for later', async () => {
    expect((await runImport(lineOf({ ticket: ticketOf('a', { expiresAt: NOW - 1 }) }), '--yes')).stdout).toMatch(
      /for "a", EXPIRED on 20..-/,
    );
    const later = ticketOf('b', { notBefore: NOW + 3_600 });
    expect((await runImport(lineOf({ ticket: later }), '--yes')).stdout).toMatch(/for "b", from 20..-.* UTC until 20..-/);
  });
});

describe('a file of settings that is there already', () => {
  it('keeps its ticket when the line has one that has expired', async () => {
    const before = `[[nodes]]\nnode = "relay.example.net:4433"\npin = "${formatPin(PIN)}"\nticket = "${formatTicket(ALICE)}"\n`;
    await home.write(before);
    const line = lineOf({ ticket: ticketOf('a', { expiresAt: NOW - 1 }) });
    expect(await runImport(line, '--yes')).toMatchObject({ code: 2, stderr: expect.stringContaining('has expired, and') as string });
    expect(await home.written()).toBe(before);
  });

  it('stays as it was written, but for what is new', async () => {
    const before = '# mine\nfec = 8 # more\n\n[[nodes]] # the first\nnode = "other.example.org"\npin = "x"\n\n# an end';
    await home.write(before);
    await runImport(lineOf({ issuer: undefined }), '--yes');
    expect(await home.written()).toBe(
      `${before}\n\n[[nodes]]\nnode = "relay.example.net:4433"\npin = "${formatPin(PIN)}"\nticket = "${formatTicket(ALICE)}"\n`,
    );
  });

  it('gets the new ticket of a node in its own place', async () => {
    const head = `[[nodes]]\nnode = "relay.example.net" # ours\nticket = "old.txt"\npin = "${formatPin(PIN)}"\n`;
    const tail = '\n# the other\n[[nodes]]\nnode = "other.example.org"\nticket = "stays.txt"\n';
    await home.write(head + tail);
    const { stdout } = await runImport(lineOf(), '--yes');
    expect(stdout).toContain(`It changes ticket in ${home.file}:2.\nChanged.\n`);
    expect(await home.written()).toBe(`${head.replace('ticket = "old.txt"\n', '')}ticket = "${formatTicket(ALICE)}"\n${tail}`);
  });

  it('says which ticket goes, and keeps one that still holds from a line without a pin', async () => {
    const before = `[[nodes]]\nnode = "relay.example.net:4433"\npin = "${formatPin(PIN)}"\nticket = "${formatTicket(ALICE)}"\n`;
    await home.write(before);
    const other = ticketOf('mallory');
    const refused = await runImport(lineOf({ ticket: other, pin: undefined }), '--yes');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(
      /you have a ticket already for relay\.example\.net:4433, for "alice", until .* in .*:4\. This line has no pin/,
    );
    expect(refused.stderr).toContain('add --replace');
    expect(await home.written()).toBe(before);
    const renewed = await runImport(lineOf({ ticket: ticketOf('alice', { expiresAt: NOW + 172_800 }) }), '--yes');
    expect(renewed.stdout).toContain('Its ticket takes the place of the one that you have for relay.example.net:4433, for "alice", until');
    expect((await runImport(lineOf({ ticket: other, pin: undefined }), '--yes', '--replace')).code).toBe(0);
    expect(await home.written()).toContain(`pin = "${formatPin(PIN)}"\nticket = "${formatTicket(other)}"\n`);
  });

  it('takes the place of a ticket that has expired, whatever the line has', async () => {
    const old = formatTicket(ticketOf('alice', { expiresAt: NOW - 1 }));
    await home.write(`[[nodes]]\nnode = "relay.example.net:4433"\nticket = "${old}"\n`);
    const { code, stdout } = await runImport(lineOf({ pin: undefined }), '--yes');
    expect(code).toBe(0);
    expect(stdout).toMatch(/Its ticket takes the place of the one that you have for relay\.example\.net:4433, for "alice", EXPIRED on/);
    expect(await home.written()).toContain(formatTicket(ALICE));
  });

  it('loses a pin that differs only with --replace', async () => {
    const other = formatPin(new Uint8Array(32).fill(8));
    const before = `[[nodes]]\nnode = "relay.example.net:4433"\npin = "${other}"\n`;
    await home.write(before);
    const refused = await runImport(lineOf(), '--yes');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(
      `relay.example.net:4433 has another pin in ${home.file}:3: ${other}, and this one is ${formatPin(PIN)}. Ask the operator, by another way`,
    );
    expect(await home.written()).toBe(before);
    expect((await runImport(lineOf(), '--yes', '--replace')).code).toBe(0);
    expect(await home.written()).toContain(`pin = "${formatPin(PIN)}"\n`);
    expect(await home.written()).not.toContain(other);
  });

  it('keeps a pin that the line does not have, and knows one in another spelling', async () => {
    const before = `[[nodes]]\nnode = "relay.example.net"\npin = "${Buffer.from(PIN).toString('hex')}"\n`;
    await home.write(before);
    expect((await runImport(lineOf({ ticket: undefined }), '--yes')).stdout).toContain('says all of that already');
    expect((await runImport(lineOf({ ticket: undefined, pin: undefined }), '--yes')).stdout).toContain('says all of that already');
    expect(await home.written()).toBe(before);
  });

  it('keeps another way to know the node, unless it is replaced', async () => {
    await home.write('[[nodes]]\nnode = "relay.example.net"\nca = "ca.pem"\ndata-port = 5000\n');
    expect((await runImport(lineOf(), '--yes')).stderr).toContain(`${home.file}:3: ca = "ca.pem" says who relay.example.net:4433 is`);
    await runImport(lineOf({ ticket: undefined }), '--yes', '--replace');
    expect(await home.written()).toBe(`[[nodes]]\nnode = "relay.example.net"\ndata-port = 5000\npin = "${formatPin(PIN)}"\n`);
  });

  it('does not hide that the node was trusted with another key', async () => {
    const known = join(home.folder, 'state', 'lightspeed', 'known-nodes');
    await mkdir(join(home.folder, 'state', 'lightspeed'), { recursive: true });
    await writeFile(known, `relay.example.net:4433 ${formatPin(new Uint8Array(32).fill(9))}\n`);
    const { code, stderr } = await runImport(lineOf(), '--yes');
    expect(code).toBe(2);
    expect(stderr).toContain(`has another pin in ${known}`);
    expect((await runImport(lineOf(), '--yes', '--replace')).code).toBe(0);
  });

  it('is left alone if its nodes stand in another form', async () => {
    const before = `nodes = [{ node = "other.example.org" }]\n`;
    await home.write(before);
    const { code, stderr } = await runImport(lineOf(), '--yes');
    expect(code).toBe(2);
    expect(stderr).toContain(
      'its nodes do not stand in tables [[nodes]] of their own, and so it is left as it is; change it yourself: node = ',
    );
    expect(stderr).not.toContain('lst1_');
    expect(await home.written()).toBe(before);
  });

  it.skipIf(process.platform === 'win32')('becomes its owner’s only, and a link to it stays a link', async () => {
    const real = join(home.folder, 'dotfiles.toml');
    await home.write('');
    await rm(home.file);
    await writeFile(real, 'fec = 8\n');
    await chmod(real, 0o644);
    await symlink(real, home.file);
    await runImport(lineOf(), '--yes');
    expect(await readlink(home.file)).toBe(real);
    expect(await modeOf(real)).toBe('600');
    expect(await readFile(real, 'utf8')).toContain('fec = 8\n\n[[nodes]]\n');
  });

  it('with a mistake is not written to', async () => {
    await home.write('fec = [\n');
    expect((await runImport(lineOf(), '--yes')).stderr).toMatch(/config\.toml:\d: not valid TOML/);
    expect(await home.written()).toBe('fec = [\n');
  });
});
