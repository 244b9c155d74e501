import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { parseClientConfig } from '../src/config/client-config.ts';
import { ownConfigFile } from '../src/config/config-folder.ts';
import { parseToml } from '../src/config/toml-file.ts';

const parse = (text: string) => parseClientConfig({ path: 'c.toml', text, root: parseToml('c.toml', text) });

describe('a file of settings', () => {
  it('has options, nodes, and a node on the way', () => {
    const config = parse(`fec = 8
way = ["203.0.113.0/24=direct",
       "198.51.100.7=fra.example.net"]

[[nodes]]
node = "fra.example.net"
pin = "sha256//x"
trust-on-first-use = false

[[nodes]]
"node" = "ams.example.net:4433"
data-port = 4434

[via]
node = "par.example.net"
`);
    expect([...config.options].map(([key, { texts, where }]) => [key, texts, where])).toEqual([
      ['fec', ['8'], 'c.toml:1: fec = 8'],
      [
        'way',
        ['203.0.113.0/24=direct', '198.51.100.7=fra.example.net'],
        'c.toml:2: way = ["203.0.113.0/24=direct","198.51.100.7=fra.example.net"]',
      ],
    ]);
    expect(config.nodes).toMatchObject([
      { node: { texts: ['fra.example.net'], line: 'c.toml:6' }, pin: { line: 'c.toml:7' } },
      { node: { line: 'c.toml:11' }, 'data-port': { texts: ['4434'], line: 'c.toml:12' } },
    ]);
    // What is switched off is as if it were not there.
    expect(Object.keys(config.nodes[0])).toEqual(['node', 'pin']);
    expect(config.via).toMatchObject({ node: { texts: ['par.example.net'], line: 'c.toml:15' } });
  });

  it.each([
    ['fec = [', 'c.toml:1: not valid TOML at column'],
    ['\nfecc = 4', 'c.toml:2: unknown key "fecc"; did you mean fec?'],
    ['colour = "red"', 'c.toml:1: unknown key "colour"; allowed: path, multipath, way,'],
    ['constructor = 1', 'c.toml:1: unknown key "constructor"; allowed: path,'],
    ['# a comment\nticket = "x"', 'c.toml:2: unknown key "ticket"; it belongs into [[nodes]]'],
    ['fec = true', 'c.toml:1: fec: got true, allowed is a whole number or "off"'],
    ['keepalive-ms = 0.5', 'c.toml:1: keepalive-ms: got 0.5, allowed is a whole number'],
    ['source = 2026-11-27', 'c.toml:1: source: got 2026-11-27, allowed is a text'],
    ['way = ["a", 1]', 'c.toml:1: way: got ["a",1], allowed is a list of texts'],
    ['[nodes]\nnode = "a"', 'c.toml:1: nodes: got {"node":"a"}, allowed is [[nodes]]'],
    ['\nnodes = ["a"]', 'c.toml:2: nodes: got "a", allowed is [[nodes]]'],
    ['via = "a"', 'c.toml:1: via: got "a", allowed is [via]'],
    ['[[nodes]]\nnode = "a"\n\n[[nodes]]\npin = "x"', 'c.toml:4: [[nodes]] has no key node; allowed is node = "HOST[:PORT]"'],
    ['[[nodes]]\nnode = "a"\n[[nodes]]\nnode = "b"\npinn = "x"', 'c.toml:5: unknown key "pinn"; did you mean pin?'],
    ['[[nodes]]\nnode = "a"\n[[nodes]]\nnode = "a"', 'c.toml:4: node = "a" is there a second time; allowed: each node once'],
    ['[[nodes]]\nnode = 4433', 'c.toml:2: node: got 4433, allowed is a text'],
    ['[[nodes]]\nnode = "a"\ntrust-on-first-use = "yes"', 'c.toml:3: trust-on-first-use: got "yes", allowed is true or false'],
  ])('is refused with line, what was got and what is allowed: %j', (text, message) => {
    expect(() => parse(text)).toThrow(
      expect.objectContaining({ code: 'ERR_CLIENT_CONFIG', message: expect.stringContaining(message) as string }) as Error,
    );
  });
});

describe('the folder of settings', () => {
  it('is the one that the system names, else the usual one', () => {
    expect(ownConfigFile('config.toml', { XDG_CONFIG_HOME: '/x' }, 'linux')).toBe('/x/lightspeed/config.toml');
    expect(ownConfigFile('config.toml', { XDG_CONFIG_HOME: 'x' }, 'linux')).toMatch(/\/\.config\/lightspeed\/config\.toml$/);
    vi.stubEnv('HOME', '');
    onTestFinished(() => void vi.unstubAllEnvs());
    expect(ownConfigFile('config.toml', {}, 'linux')).toMatch(/^\/.*\/\.config\/lightspeed\/config\.toml$/);
    expect(ownConfigFile('config.toml', {}, 'darwin')).toMatch(/\/\.config\/lightspeed\/config\.toml$/);
    expect(ownConfigFile('config.toml', { APPDATA: '/roaming' }, 'win32')).toBe(join('/roaming', 'lightspeed', 'config.toml'));
    expect(ownConfigFile('config.toml', {}, 'win32')).toContain(join('AppData', 'Roaming', 'lightspeed'));
  });
});
