import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pluginFolder } from '../src/cli/dissector.ts';
import { explainPacket } from '../src/decode/explain-packet.ts';
import type { PacketExplanation } from '../src/decode/explain-packet.ts';
import { TO_NODE, frame, goldenPackets, hasProgram, pcap } from './support/captures.ts';
import type { Golden } from './support/captures.ts';
import { lightspeed } from './support/command.ts';

const LUA = fileURLToPath(new URL('../dissector/lightspeed.lua', import.meta.url));
const hasTshark = hasProgram('tshark');
const packet = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex');

/** HANDSHAKE packets with each payload that there is (docs/protocol.md, Blocks, Registered clients, Path validation). */
const HANDSHAKES: Golden[] = [
  ['terms of protection', '12000000000F4240 0000000000000000 00000000 4C53525001 0F 32 64'],
  ['a request for a challenge', '12000000000F4240 0000000000000000 00000000 0000000000000000'],
  ['a challenge with the opening nonce', '12AB0000000F4240 0000000000000000 00000000 8D569C41B5A24B89 0000000000000001'],
  ['a proof', '12AB0000000F4240 0000000000000000 00000000 01020304 0000000000000001 41F0889CE26AEA0CB1B5EA9B79773ADA'],
  [
    'a proof that answers',
    '12AB0001000F4240 0000000000000000 00000000 01020304 0000000000000002 8D569C41B5A24B89 21049720D8F524DF6AE2DDA756ED3E09',
  ],
  ['a payload that is none of these', '12AB0001000F4240 0000000000000000 00000000 0102'],
].map(([name, hex]) => ({ name, dialect: 'standard', bytes: packet(hex) }));

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lightspeed-dissector-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A field as tshark shows it: name without prefix, bytes from the packet's start, length, value. */
type Shown = readonly [name: string, offset: number, length: number, value: string];

/** What tshark says of each packet, in PDML. */
function dissected(packets: readonly Uint8Array[], ends: typeof TO_NODE, ...options: readonly string[]): Shown[][] {
  const file = join(folder, 'golden.pcap');
  writeFileSync(file, pcap(packets.map((bytes, index) => ({ timeNs: BigInt(index), bytes: frame(bytes, ends) }))));
  const run = spawnSync('tshark', ['-X', `lua_script:${LUA}`, '-r', file, '-T', 'pdml', ...options], {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    env: { ...process.env, HOME: folder },
  });
  expect(run.stderr).not.toMatch(/Lua|lua|error/);
  return run.stdout
    .split('<packet>')
    .slice(1)
    .map((text) => {
      const shown = [...text.matchAll(/<field name="lightspeed\.(\w+)" showname="[^"]*" size="(\d+)" pos="(\d+)" show="([^"]*)"/g)];
      const start = Number(shown[0]?.[3] ?? 0);
      return shown.map(([, name, size, pos, show]): Shown => [name, Number(pos) - start, Number(size), show]);
    });
}

/** Our own explanation in the form of tshark's. */
function explained({ fields, blocks, refusal }: PacketExplanation) {
  const own = fields
    .filter(({ length }) => length > 0)
    .map(({ name, offset, length, value, hex, meaning, unit }): Shown => {
      const abbreviation = meaning.startsWith('cut short') ? 'cut_short' : name.toLowerCase().replaceAll(' ', '_');
      const isRaw =
        unit === ' byte' || (unit === ' bytes' && Number(value) === length && hex.length === 3 * length - 1 && !/length/.test(name));
      return [abbreviation, offset, length, isRaw ? hex.toLowerCase().replaceAll(' ', ':') : String(value)];
    });
  return { own, numbers: blocks?.flatMap(({ numbers }) => numbers) ?? [], refusal: refusal?.reason };
}

function asExplained(shown: readonly Shown[]) {
  const isOwn = ([name]: Shown) => name !== 'about' && name !== 'refusal' && name !== 'malformed' && name !== 'message';
  const own = shown
    .filter(isOwn)
    .map(([name, offset, length, value]): Shown => [name, offset, length, value.startsWith('0x') ? String(Number(value)) : value]);
  const numbers = shown.filter(([name]) => name === 'about').map(([, , , value]) => Number(value));
  return { own, numbers, refusal: shown.find(([name]) => name === 'refusal')?.[3] };
}

describe.skipIf(!hasTshark)('the dissector in tshark', () => {
  it.each(['standard', 'reference'] as const)('shows of all golden packets of dialect %s what decode shows', (dialect) => {
    const golden = [...goldenPackets(), ...HANDSHAKES].filter((one) => one.dialect === dialect && one.bytes.length > 0);
    const shown = dissected(
      golden.map(({ bytes }) => bytes),
      TO_NODE,
      '-o',
      `lightspeed.dialect:${dialect}`,
    );

    expect(golden.length).toBeGreaterThan(3);
    expect(shown.length).toBe(golden.length);
    golden.forEach(({ name, bytes }, index) => {
      const own = explained(explainPacket(bytes, dialect));
      const numbers = own.refusal === undefined ? own.numbers : [];
      const theirs = asExplained(shown[index]);
      expect([name, { ...theirs, numbers: own.refusal === undefined ? theirs.numbers : [] }]).toEqual([name, { ...own, numbers }]);
    });
  });

  it('says of a malformed packet why receivers drop it', () => {
    const [shown] = dissected([packet('2000002C000F4240C0A80164681A013230391E61 00070908 0000')], TO_NODE);

    expect(shown.find(([name]) => name === 'refusal')?.[3]).toBe('bad_data_index');
    expect(shown.map(([name]) => name)).toContain('malformed');
  });

  it('finds sessions on other ports by packets that hardly look so by chance, and takes no others', () => {
    const ends = { ...TO_NODE, destinationPort: 9_999 };
    const data = packet('1000002A000F4240C0A80164681A013230391E616869');
    const keepalive = packet('11000005000F4240000000000000000000000000');

    expect(dissected([data, data], ends)).toEqual([[], []]);
    expect(dissected([keepalive, data], ends).map((shown) => shown.length)).toEqual([9, 10]);
    expect(dissected([data], ends, '-o', 'lightspeed.ports:9999').map((shown) => shown.length)).toEqual([10]);
  });
});

describe('lightspeed dissector', () => {
  it('prints it', async () => {
    const { code, stdout, stderr } = await lightspeed(['dissector']);

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('Proto("lightspeed"');
  });

  it("knows the folder of a user's plugins", () => {
    expect(pluginFolder('linux', {}, '/home/me')).toBe(join('/home/me', '.local', 'lib', 'wireshark', 'plugins'));
    expect(pluginFolder('win32', { APPDATA: 'X' }, 'C:')).toBe(join('X', 'Wireshark', 'plugins'));
  });
});
