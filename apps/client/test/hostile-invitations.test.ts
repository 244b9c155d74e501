import { SigningKey } from '@lightspeed/security/node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Home, lineOf, runImport } from './support/invitations.ts';

let home: Home;
beforeEach(async () => {
  home = await Home.make();
});
afterEach(() => home.remove());

describe('a line from somebody hostile', () => {
  const hostile = (host: string) => lineOf({ node: { host, port: 4433 } });
  it.each<[string, string, string]>([
    ['a terminal escape', lineOf().replace('relay', 're\u001b]0;x\u0007lay'), 'U+001B'],
    ['a line that draws over itself', lineOf().replace('relay', 're\u009b2Klay'), 'U+009B'],
    ['an override of the writing direction', lineOf().replace('relay', 're\u202elay'), 'U+202E'],
    ['foreign letters that look like usual ones', lineOf().replace('relay', 'r\u0435lay'), 'U+0435'],
    ['no end of it', `${lineOf()}${'A'.repeat(70_000)}`, 'characters long; allowed are 65536'],
    ['a long host', lineOf().replace('relay', 'a'.repeat(2_000)), 'characters long; allowed are 1024'],
    ['another scheme', 'https://evil.example/', 'got "https://evil.example/"; allowed is a line that begins with lightspeed://v1/'],
    ['its own scheme in another one', `https://evil.example/?${lineOf()}`, 'allowed is a line that begins with'],
    ['a scheme that ends like its own', `x${lineOf()}`, 'allowed is a line that begins with'],
    ['escapes in a text that is none', 'hello\u001b[31m', 'got "hello\\u{1b}[31m"'],
    ['nothing', '  ', 'got nothing; allowed is a line'],
    ['two at once', `${lineOf()} ${lineOf()}`, 'more than one lightspeed://; take one at a time'],
    [
      'a path in place of a host',
      lineOf().replace('relay.example.net', '../../../etc/cron.d/x'),
      'its node is "../../../etc/cron.d/x:4433"',
    ],
    ['nothing behind the version', 'lightspeed://v1/', 'its node is ""; allowed: a name in lower case'],
    ['a field without a name', lineOf().replace('&ticket', '&&ticket'), 'it has a field ""; allowed: pin'],
    ['a pin twice', lineOf().replace('&ticket', '&pin=AA&ticket'), 'it has the field pin twice'],
    ['an unknown field', lineOf().replace('&ticket', '&run=sh&ticket'), 'it has a field "run"; allowed: pin, ticket, issuer, check'],
    ['a later version', lineOf().replace('v1', 'v9'), 'its version is not known here'],
    ['every address', lineOf().replace('relay.example.net', '0.0.0.0'), 'its node is "0.0.0.0:4433"; allowed: '],
    [
      'a ticket of another issuer',
      lineOf({ issuer: SigningKey.generate().publicKey }),
      'its ticket was not signed by the issuer that it names',
    ],
    ['a ticket that is none', lineOf({ ticket: Uint8Array.of(1, 2, 3) }), 'the ticket is damaged or incomplete'],
  ])('is refused with nothing written: %s', async (_what, text, words) => {
    const { code, stdout, stderr } = await runImport(text, '--yes', '--replace');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^lightspeed: import: [\x20-\x7e…]*\n$/u);
    expect(stderr).toContain(words);
    expect(stderr.length).toBeLessThan(1_400);
    expect(await home.isWritten()).toBe(false);
  });

  it.each([
    ['10.1.2.3', 'private, RFC 1918'],
    ['192.168.1.1', 'private, RFC 1918'],
    ['100.64.1.1', 'shared address space, RFC 6598'],
    ['169.254.1.1', 'link-local, RFC 3927'],
    ['127.0.0.53', 'this machine itself'],
    ['::1', 'this machine itself'],
    ['fd00::1', 'private, RFC 4193'],
    ['localhost', 'this machine itself'],
    ['router', 'a name of a local network'],
    ['printer.local', 'a name of a local network'],
    ['xn--rlay-p4d.example.net', 'beware: a name with letters of other alphabets, \\u{434}rlay.example.net'],
  ])('that names %s is shown as such', async (host, words) => {
    const { stdout } = await runImport(hostile(host), '--yes');
    expect(stdout.split('\n')[0]).toContain(`:4433  (${words}`);
    expect(stdout).toMatch(/^[\x20-\x7e\n]*$/);
  });

  it.each(['relay.examp1e.net', 'relay.exarnple.net', 'relay.exampel.net', 'relay.example.net.evil.org', 'relay.example.nett'])(
    'that names %s is told from the node that it looks like',
    async (host) => {
      await home.write('[[nodes]]\nnode = "relay.example.net"\n');
      const { stdout } = await runImport(hostile(host), '--yes');
      const beware = "Beware: its name is easily taken for relay.example.net, which you have already, and is another's.";
      expect(stdout.includes(beware)).toBe(host !== 'relay.exampel.net');
    },
  );

  it.each(['ams.example.net', 'relay2.example.net', 'other.example.org', '192.0.2.7'])('that names %s looks like nothing', async (host) => {
    await home.write('[[nodes]]\nnode = "relay.example.net"\n[[nodes]]\nnode = "192.0.2.8"\n');
    expect((await runImport(hostile(host), '--yes')).stdout).not.toContain('Beware');
  });
});
