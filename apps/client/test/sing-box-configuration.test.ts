import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Running } from './support/command.ts';

let home = '';
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'lightspeed-sing-box-'));
});
afterEach(() => rm(home, { recursive: true }));

const run = (...args: readonly string[]) => new Running(['config', 'sing-box', ...args], { XDG_CONFIG_HOME: home }).ended();

interface Rule {
  readonly network?: string;
  readonly process_name?: readonly string[];
  readonly process_path?: readonly string[];
  readonly port_range?: readonly string[];
  readonly ip_cidr?: readonly string[];
  readonly outbound: string;
}

async function configurationFor(...args: readonly string[]) {
  const { code, stdout, stderr } = await run(...args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as { outbounds: object[]; inbounds: object[]; route: { final: string; rules: Rule[] } };
}

it.each([['config'], ['config', 'sing-box']])(
  'the help says in which window of which system each command is typed: %s',
  async (...words) => {
    const { stdout } = await new Running([...words, '--help'], { XDG_CONFIG_HOME: home }).ended();
    const [, unix = '', windows = ''] = stdout.split(/^Example on /m);
    expect(unix).toMatch(
      /^Linux and macOS\. In a first terminal:\n[^]* \$ sudo sing-box run [^]*In a second terminal, without sudo:\n {2}\$ lightspeed socks\n/,
    );
    expect(windows).toMatch(/^Windows\. In a first Command Prompt, started with "Run as administrator":\n[^]* > sing-box run /);
    expect(windows).toMatch(/In a second Command Prompt, started as usual:\n {2}> lightspeed socks\n/);
  },
);

describe('a configuration of sing-box', () => {
  it('sends the UDP of the game’s programs to lightspeed socks, and nothing else', async () => {
    const { outbounds, inbounds, route } = await configurationFor('--game', 'cs2');
    expect(inbounds).toMatchObject([{ type: 'tun', auto_route: true }]);
    expect(outbounds).toEqual([
      { type: 'direct', tag: 'direct' },
      { type: 'socks', tag: 'lightspeed', server: '127.0.0.1', server_port: 1_080, version: '5', network: 'udp' },
    ]);
    expect(route.final).toBe('direct');
    expect(route.rules.filter(({ outbound }) => outbound !== 'direct')).toEqual([
      { network: 'udp', process_name: ['cs2.exe', 'cs2'], action: 'route', outbound: 'lightspeed' },
    ]);
  });

  it('leaves LightSpeed itself alone before it looks for the game, and what is never caught', async () => {
    const { route } = await configurationFor('--game', 'cs2');
    expect(route.rules.map(({ outbound }) => outbound)).toEqual(['direct', 'direct', 'direct', 'lightspeed']);
    expect(route.rules[0].process_path).toEqual([process.execPath]);
    expect(route.rules[1].port_range).toContain('3478:3481');
    expect(route.rules[2].ip_cidr).toContain('192.168.0.0/16');
  });

  it('is for several games, of the user’s own too, and for another port', async () => {
    await mkdir(join(home, 'lightspeed'));
    await writeFile(join(home, 'lightspeed', 'games.toml'), '[[games]]\nname = "Mine"\nprocesses = ["mine"]\n');
    const { outbounds, route } = await configurationFor('--game', 'Mine', '--game', 'Dota 2', '--listen', '127.0.0.1:1090');
    expect(route.rules.at(-1)?.process_name).toEqual(['mine', 'dota2.exe', 'dota2']);
    expect(outbounds[1]).toMatchObject({ server_port: 1_090 });
  });

  it.each([
    [['--game', 'Fortnight'], '--game "Fortnight" is not known; did you mean "Fortnite"?'],
    [['--game', 'Solitaire'], '--game "Solitaire" is not known; known: Fortnite, CS2,'],
    [[], "required option '--game <name>' not specified"],
    [['--game', 'cs2', '--listen', '192.0.2.1:1080'], '--listen 192.0.2.1:1080: allowed is an address of this machine itself'],
    [['--game', 'cs2', '--listen', '127.0.0.1:0'], '--listen 127.0.0.1:0: allowed'],
  ])('is refused in one line with exit code 2: %j', async (args, words) => {
    const { code, stdout, stderr } = await run(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^lightspeed: .*\n$/);
    expect(stderr).toContain(words);
  });
});
