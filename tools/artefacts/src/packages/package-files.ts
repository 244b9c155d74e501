import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { NODE_LICENCE } from '../bundle/native-files.ts';
import { debianChangelog } from './changelog.ts';
import { configManual } from './config-manual.ts';
import type { Kind, Product } from './product.ts';

/** One thing that a package installs. */
export interface Installed {
  /** A file on this machine. */
  readonly from: string;
  /** Where it goes to. */
  readonly to: string;
  readonly mode: number;
  /** Whether an operator may change it, so that updates leave it alone. */
  readonly isConfiguration?: boolean;
  /** The only kind of packages that has it; both have it without this. */
  readonly only?: Kind;
}

/** What the files of a package are made of. */
export interface PackageSources {
  /** The workspace. */
  readonly root: string;
  /** The program folder of the platform. */
  readonly programs: string;
  /** Where files are made that are nowhere yet; emptied first. */
  readonly scratch: string;
  readonly version: string;
  /** In seconds since 1970. */
  readonly madeAtSecs: number;
}

const SHELLS = [
  { shell: 'bash', file: (name: string) => `/usr/share/bash-completion/completions/${name}` },
  { shell: 'zsh', file: (name: string) => `/usr/share/zsh/vendor-completions/_${name}` },
  { shell: 'fish', file: (name: string) => `/usr/share/fish/vendor_completions.d/${name}.fish` },
] as const;

/** Everything that a product's package installs, made where it is not there yet. */
export function packageFiles(product: Product, sources: PackageSources): readonly Installed[] {
  const { root, programs, scratch, version, madeAtSecs } = sources;
  const { name, app } = product;
  rmSync(scratch, { recursive: true, force: true });
  const made = (to: string, content: string | Buffer, mode = 0o644): Installed => {
    const from = join(scratch, to);
    mkdirSync(dirname(from), { recursive: true });
    writeFileSync(from, content);
    return { from, to, mode };
  };
  const printed = (...words: readonly string[]) => printedBy(root, app, words, madeAtSecs);
  const lib = `/usr/lib/${name}`;
  const shared = ['node', NODE_LICENCE, 'http3.node', 'koffi.node', 'http3_client.wasm'];
  return [
    ...shared.map((file) => ({ from: join(programs, file), to: `${lib}/${file}`, mode: file === 'node' ? 0o755 : 0o644 })),
    ...filesBelow(join(programs, app)).map((file) => ({ from: join(programs, app, file), to: `${lib}/${app}/${file}`, mode: 0o644 })),
    made(`/usr/bin/${name}`, `#!/bin/sh\nexec ${lib}/node ${lib}/${app}/main.js "$@"\n`, 0o755),
    made(`/usr/share/man/man1/${name}.1.gz`, gzipSync(printed('manual'), { level: 9 })),
    ...SHELLS.map(({ shell, file }) => made(file(name), printed('completion', shell))),
    made(`/usr/share/doc/${name}/copyright`, copyright(root, `${lib}/${app}/LICENSES.txt and ${lib}/${NODE_LICENCE}`)),
    { ...made(`/usr/share/lintian/overrides/${name}`, lintianOverrides(name)), only: 'deb' },
    made(`/usr/share/doc/${name}/changelog.gz`, gzipSync(debianChangelog(product, root, version, madeAtSecs), { level: 9 })),
    ...(app === 'proxy' ? serviceFiles(root, made, version, madeAtSecs) : []),
  ];
}

function serviceFiles(
  root: string,
  made: (to: string, content: string | Buffer) => Installed,
  version: string,
  madeAtSecs: number,
): readonly Installed[] {
  const packaging = join(root, 'tools/artefacts/packaging');
  const page = readFileSync(join(root, 'docs/operating.md'), 'utf8');
  const manual = configManual(page, version, new Date(madeAtSecs * 1_000).toISOString().slice(0, 10));
  return [
    { from: join(packaging, 'lightspeed-proxy.service'), to: '/usr/lib/systemd/system/lightspeed-proxy.service', mode: 0o644 },
    { from: join(packaging, 'lightspeed-proxy.sysusers'), to: '/usr/lib/sysusers.d/lightspeed-proxy.conf', mode: 0o644 },
    { from: join(packaging, 'lightspeed-proxy.tmpfiles'), to: '/usr/lib/tmpfiles.d/lightspeed-proxy.conf', mode: 0o644 },
    { from: join(packaging, 'lightspeed-proxy.sysctl'), to: '/usr/lib/sysctl.d/60-lightspeed-proxy.conf', mode: 0o644 },
    { from: join(packaging, 'node.toml'), to: '/etc/lightspeed/node.toml', mode: 0o644, isConfiguration: true },
    made('/usr/share/man/man5/node.toml.5.gz', gzipSync(manual, { level: 9 })),
  ];
}

/** What a program prints, run from its sources on this machine, whatever platform the package is for. */
function printedBy(root: string, app: string, words: readonly string[], madeAtSecs: number): string {
  const main = join(root, 'apps', app, 'src/main.ts');
  const env = { ...process.env, SOURCE_DATE_EPOCH: String(madeAtSecs) };
  return execFileSync(process.execPath, ['--conditions=@lightspeed/source', main, ...words], { encoding: 'utf8', env });
}

/** The licence of the program, and where those of what is in it are. */
function copyright(root: string, others: string): string {
  return `LightSpeed\n\n${readFileSync(join(root, 'LICENSE'), 'utf8').trim()}\n\nThe licences of the projects that are in it: ${others}\n`;
}

/** Node is as its project builds it, with libraries in it. */
function lintianOverrides(name: string): string {
  return `${name}: embedded-library *\n${name}: hardening-no-pie *\n`;
}

/** Paths within a folder, sorted. */
function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)))
    .toSorted();
}
