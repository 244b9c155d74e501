import { execFileSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { findTool } from '../../src/base/run-tool.ts';
import { succeed } from './execute.ts';
import { KeptRoot } from './kept-root.ts';
import { singleFile } from './made-programs.ts';

/** Wine 10, for programs of 64 bits only. Wine 8 of the release before cannot run this Node. */
const FETCH = ['--variant=essential', '--include=wine64', 'trixie'] as const;
/** Makes the drive C: that programs find. That takes long, so it is kept, too. */
const MAKE_WINDOWS = `
mount -t proc proc "$1/proc"
mount --rbind /dev "$1/dev"
mkdir "$1/windows"
chroot "$1" /usr/lib/wine/wine64 wineboot.exe --init
chroot "$1" /usr/lib/wine/wineserver64 --wait
`;
const KEPT = new KeptRoot(`wine-trixie-${hash('sha256', [...FETCH, MAKE_WINDOWS].join(' ')).slice(0, 8)}`);

/** Command words that run others with mounts and processes of their own, which end with them. */
export const ALONE = ['unshare', '--mount', '--pid', '--fork', '--kill-child'] as const;

/** What Wine finds in its environment. It has nothing for programs of .NET and for HTML, and does not ask for it. */
export const WINE_ENVIRONMENT = {
  PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  LC_ALL: 'C.UTF-8',
  WINEPREFIX: '/windows',
  WINESERVER: '/usr/lib/wine/wineserver64',
  WINEDEBUG: '-all',
  WINEDLLOVERRIDES: 'mscoree,mshtml=',
} as const;

/** The client for Windows; empty if it was not made. */
export const WINDOWS_CLIENT = singleFile('lightspeed', 'win-x64\\.exe') ?? '';

/** Why programs for Windows cannot be tried here; undefined if they can. */
export const NO_WINE =
  (WINDOWS_CLIENT === '' ? 'not made: run pnpm artefacts single-file' : undefined) ??
  (process.arch === 'x64' ? undefined : `it needs a processor of x64, and this is ${process.arch}`) ??
  (process.platform === 'linux' && process.getuid?.() === 0 ? undefined : 'it needs root on Linux, for a root folder of its own') ??
  (findTool('mmdebstrap') === undefined ? 'no mmdebstrap: sudo apt install mmdebstrap' : undefined) ??
  failureOf([...ALONE, 'true']) ??
  (KEPT.isThere ? undefined : failureOf(['mmdebstrap', '--simulate', ...FETCH, '/dev/null']));

/** Why a command fails; undefined if it succeeds. */
function failureOf([file = '', ...words]: readonly string[]): string | undefined {
  try {
    execFileSync(file, words, { stdio: ['ignore', 'ignore', 'pipe'] });
    return undefined;
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim().split('\n') : [];
    return `${file} fails: ${said.find((line) => line.startsWith('E:')) ?? said.at(-1)}`;
  }
}

/** A root folder with Wine, only for reading. It is fetched once, and kept in the user's cache. */
export async function wineRoot(): Promise<string> {
  await KEPT.require(async (unfinished) => {
    await succeed('mmdebstrap', '--quiet', ...FETCH, unfinished);
    const environment = Object.entries(WINE_ENVIRONMENT).map((pair) => pair.join('='));
    await succeed('env', '-i', ...environment, ...ALONE, 'sh', '-ec', MAKE_WINDOWS, 'sh', unfinished);
  });
  return KEPT.folder;
}
