import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Running, lightspeed } from './support/command.ts';
import { TO_NODE, ethernet, frame, goldenPackets, hasProgram, ipv4, pcap, udp } from './support/captures.ts';

const NOW = 1_700_000_000_123_456_000n;
const packet = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const DATA = packet('1000002A000F4240 C0A80164681A0132 30391E61 6869');
const KEEPALIVE = packet('11000005000F4240 0000000000000000 00000000');
const timed = (frames: readonly Uint8Array[]) => frames.map((bytes, index) => ({ timeNs: NOW + BigInt(index) * 1_000_000_000n, bytes }));
const golden = goldenPackets().filter(({ dialect, bytes }) => dialect === 'standard' && bytes.length >= 20);

let folder = '';
let file = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lightspeed-captures-'));
  file = join(folder, 'golden.pcap');
  writeFileSync(file, pcap(timed(golden.map(({ bytes }) => frame(bytes)))));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** JSON lines without what only some forms of a capture tell. */
function withoutTime(stdout: string): unknown[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => {
      const { capture, ...rest } = JSON.parse(line) as { capture: { time?: string } };
      return { capture: { ...capture, time: undefined }, ...rest };
    });
}

describe('decode of a capture', () => {
  it('names time and addresses of each packet, and says in one line what is not of the tunnel', async () => {
    const dns = { ...TO_NODE, destinationPort: 53 };
    const frames = [frame(DATA), frame(packet('9ABC0100'), dns), ethernet(ipv4(TO_NODE, DATA, 0, [], 6))];
    const { code, stdout, stderr } = await lightspeed(['decode', '-'], pcap(timed(frames)));

    const lines = stdout.split('\n');
    expect(code).toBe(0);
    expect(lines.slice(0, 2)).toEqual([
      '#1  2023-11-14T22:13:20.123456Z  10.0.0.1:51234 > 10.0.0.2:4434',
      'version 1 data packet, 22 bytes, sequence 42',
    ]);
    expect(lines.slice(-3)).toEqual([
      "#2  2023-11-14T22:13:21.123456Z  10.0.0.1:51234 > 10.0.0.2:53: not LightSpeed's: UDP to port 53, version nibble 9 (too_short)",
      "#3  2023-11-14T22:13:22.123456Z  10.0.0.1 > 10.0.0.2: not LightSpeed's: TCP",
      '',
    ]);
    expect(stderr).toBe("lightspeed: 3 packets, 1 of LightSpeed's\n");
  });

  it('believes bytes on other ports only if something else shows that they are packets', async () => {
    const ends = { ...TO_NODE, destinationPort: 9_999 };
    const ours = async (frames: readonly Uint8Array[], ...words: string[]) => {
      const { stdout } = await lightspeed(['decode', '-', '--json', ...words], pcap(timed(frames)));
      return stdout
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { ours: boolean }).ours);
    };
    const [data, keepalive] = [frame(DATA, ends), frame(KEEPALIVE, ends)];

    expect(await ours([data])).toEqual([false]);
    expect(await ours([data], '--port', '9999')).toEqual([true]);
    expect(await ours([data, data])).toEqual([false, true]);
    expect(await ours([keepalive, data])).toEqual([true, true]);
  });

  it('parts packets that segmentation offload would have parted', async () => {
    const next = Buffer.from(DATA);
    next.writeUInt16BE(43, 2);
    const { stdout } = await lightspeed(['decode', '-', '--json'], pcap(timed([frame(Buffer.concat([DATA, next]))])));

    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line): unknown => JSON.parse(line)),
    ).toMatchObject([
      { capture: { number: 1, part: 1, parts: 2 }, sequence: 42, lengthBytes: 22 },
      { capture: { number: 1, part: 2, parts: 2 }, sequence: 43, lengthBytes: 22 },
    ]);
  });

  it('shows a packet before the next one has come', async () => {
    const running = new Running(['decode', '-']);
    const bytes = pcap(timed([frame(DATA)]));
    running.send(bytes);
    await running.printed('sequence 42');

    expect(await running.ended()).toMatchObject({ code: 0 });
  });

  it('shows what came before the end of a capture that was cut off, with exit code 1', async () => {
    const { code, stdout, stderr } = await lightspeed(['decode', '-'], pcap(timed([frame(DATA), frame(DATA)])).subarray(0, -3));

    expect(code).toBe(1);
    expect(stdout).toContain('sequence 42');
    expect(stderr).toContain('the capture is damaged or cut off: it ends within frame 2');
  });

  it('says that a packet was not captured as a whole, with exit code 1', async () => {
    const { code, stdout } = await lightspeed(['decode', '-'], pcap(timed([frame(DATA).subarray(0, 50)])));

    expect(code).toBe(1);
    expect(stdout).toContain('only 8 of 22 bytes were captured; capture whole packets, as "tcpdump -s 0" does');
  });
});

describe('decode of the same packets', () => {
  const tools: readonly [string, string, readonly string[]][] = [
    ['tcpdump', '-w', ['-w', '-']],
    ['tcpdump', '-x', ['-x']],
    ['tcpdump', '-X', ['-X', '-n']],
    ['tcpdump', '-xx', ['-xx', '-e']],
    ['tcpdump', '-XX', ['-XX', '-tttt']],
    ['tshark', '-x', ['-x']],
    ['tshark', '-x -P', ['-x', '-P']],
    ['tshark', '-F pcapng', ['-F', 'pcapng', '-w', '-']],
    ['xxd', '', []],
    ['xxd', '-p', ['-p']],
    ['hexdump', '-C', ['-C']],
  ];
  it.skip.each(tools.filter(([program]) => !hasProgram(program)))('printed by %s %s: the program is missing', () => undefined);

  it.each(tools.filter(([program]) => hasProgram(program)))(
    'printed by %s %s gives the same explanation',
    async (program, _options, options) => {
      const words = program === 'tcpdump' || program === 'tshark' ? ['-r', file, ...options] : [...options, file];
      const { stdout } = spawnSync(program, words, { maxBuffer: 2 ** 26 });
      const direct = await lightspeed(['decode', file, '--json']);
      const dumped = await lightspeed(['decode', '-', '--json'], stdout);

      expect(withoutTime(direct.stdout).length).toBe(golden.length);
      expect(withoutTime(dumped.stdout)).toEqual(withoutTime(direct.stdout));
      expect(dumped.code).toBe(direct.code);
    },
  );

  it('in words whose order depends on the machine is refused', async () => {
    const { code, stderr } = await lightspeed(['decode', '-'], '0000000 0010 2a00 0f00 4042\n0000008\n');

    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'lightspeed: line 1: words whose bytes are in the order of the machine; use "hexdump -C" or "xxd"\n',
    });
  });

  it('below a line of tcpdump, but changed, is no answer', async () => {
    const ip = [...ipv4(TO_NODE, udp(TO_NODE, DATA))].map((byte, at) => (at === 15 ? byte ^ 1 : byte));
    const rows = [ip.slice(0, 16), ip.slice(16, 32), ip.slice(32, 48), ip.slice(48)].map(
      (row, index) =>
        `\t0x00${index}0:  ${Buffer.from(row)
          .toString('hex')
          .match(/.{1,4}/g)
          ?.join(' ')}`,
    );
    const { code, stdout } = await lightspeed(
      ['decode', '-'],
      `22:13:20.1 IP 10.0.0.0.1 > 10.0.0.2.4434: UDP, length 22\n${rows.join('\n')}\n`,
    );

    expect(code).toBe(1);
    expect(stdout).toContain('do not begin with a sound header of IP or Ethernet');
  });
});
