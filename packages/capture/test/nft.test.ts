import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const canRun = process.getuid?.() === 0 && existsSync('/usr/sbin/nft');
const NFT = new URL('../src/helper/nft.ts', import.meta.url).href;
const TABLE = 'table ip owned { flags owner; set s { typeof ip saddr . udp sport; flags timeout; }; }';

/** Runs a helper's program in a network of its own. @returns what it has printed */
async function helper(program: string): Promise<string> {
  const script = `import { readFileSync } from 'node:fs';
    import { spawn, execFileSync } from 'node:child_process';
    import { Nft } from ${JSON.stringify(NFT)};
    const nft = new Nft();
    nft.command(${JSON.stringify(TABLE)});
    ${program}`;
  const words = ['--net', process.execPath, '--input-type=module', '--eval', script];
  const { stdout } = await promisify(execFile)('unshare', words);
  return stdout;
}

describe.skipIf(!canRun)('nft', () => {
  it('takes no memory for the requests that it had', { timeout: 60_000 }, async () => {
    const grown = await helper(`
      const ask = (from, to) => {
        for (let n = from; n < to; n++) {
          try { nft.command(\`get element ip owned s { 10.0.\${n >> 8}.\${n & 255} . 7 }\`); } catch {}
        }
        // What C has allocated.
        return Number(/\\[heap\\]\\n(?:.*\\n)*?Rss: +(\\d+) kB/.exec(readFileSync('/proc/self/smaps', 'utf8'))[1]);
      };
      const before = ask(0, 4_000);
      process.stdout.write(String(ask(4_000, 20_000) - before));`);
    // In kB: 100 bytes a request would be 1,600.
    expect(Number(grown)).toBeLessThan(800);
  });

  it('leaves its table to no child that outlives it', async () => {
    const tables = await helper(`
      const child = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
      const list = () => execFileSync('/usr/sbin/nft', ['list', 'tables']).toString();
      console.log(list());
      nft.end();
      console.log('then', list());
      process.kill(child.pid);`);
    expect(tables).toMatch(/^table ip owned\s+then\s*$/);
  });

  it('says what is refused', async () => {
    const said = await helper(
      `try { nft.command('get element ip owned s { 10.0.0.1 . 7 }'); } catch (error) { console.log(error.message); }`,
    );
    expect(said).toContain('No such file or directory');
  });
});
