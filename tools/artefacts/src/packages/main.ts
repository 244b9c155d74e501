import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { PackageError, describePackage, makePackage } from './nfpm.ts';
import { packageFiles } from './package-files.ts';
import { KINDS, PLATFORMS, PRODUCTS, packageFile } from './product.ts';
import type { Kind, Platform, Product } from './product.ts';

const root = join(import.meta.dirname, '../../../..');
const out = join(root, 'tools/artefacts/out');

try {
  process.exitCode = run(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof PackageError)) throw error;
  process.stderr.write(`${error.message} (${error.code})\n`);
  process.exitCode = 1;
}

/** @returns the exit code: 2 for wrong usage. */
function run([word, ...rest]: readonly string[]): number {
  const kind = KINDS.find((each) => each === word);
  const platforms = PLATFORMS.filter(({ folder }) => rest.length === 0 || rest.includes(folder));
  if (kind === undefined || platforms.length < rest.length) {
    const folders = PLATFORMS.map(({ folder }) => folder).join(' | ');
    process.stderr.write(`Usage: main.ts ${KINDS.join(' | ')} [${folders} ...]; got: ${[word, ...rest].join(' ')}\n`);
    return 2;
  }
  for (const platform of platforms) for (const product of PRODUCTS) make(kind, platform, product);
  return 0;
}

function make(kind: Kind, platform: Platform, product: Product): void {
  const programs = join(out, platform.folder, 'lib');
  if (!existsSync(join(programs, product.app, 'main.js'))) {
    throw new PackageError(
      'ERR_ARTEFACTS_NO_BUNDLE',
      `${programs} has no ${product.app}/main.js: build it first, with pnpm artefacts bundle`,
    );
  }
  const { version } = JSON.parse(readFileSync(join(root, 'apps', product.app, 'package.json'), 'utf8')) as { version: string };
  const folder = join(out, kind);
  const scratch = join(out, 'scratch', kind, platform.folder, product.name);
  const madeAtSecs = commitSecs();
  const files = packageFiles(product, { root, programs, scratch, version, madeAtSecs });
  mkdirSync(folder, { recursive: true });
  const file = join(folder, packageFile(product, version, platform, kind));
  const scripts = join(root, 'tools/artefacts/packaging');
  makePackage(
    describePackage(product, platform, version, files, { scripts, madeAtSecs, compression: process.env.FAST ? 'gzip' : 'xz' }),
    kind,
    file,
    `${scratch}/nfpm.json`,
  );
  process.stdout.write(`${file}: ${(statSync(file).size / 1e6).toFixed(1)} MB\n`);
}

/** Of the last commit, so that two builds of it are the same; `SOURCE_DATE_EPOCH` goes before it. */
function commitSecs(): number {
  return Number(process.env['SOURCE_DATE_EPOCH'] ?? execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: root, encoding: 'utf8' }));
}
