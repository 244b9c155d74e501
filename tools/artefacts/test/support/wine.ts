import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, closeSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ForeignProcess } from '@lightspeed/lab';
import type { Done } from './run.ts';
import { WineConsole } from './wine-console.ts';
import { ALONE, WINE_ENVIRONMENT, wineRoot } from './wine-root.ts';

const START_MS = 30_000;
const FILE = 'lightspeed.exe';
/**
 * Lays a file system in memory over the kept root, so that it stays as it is, and puts the program where a user of Windows might have
 * it. Arguments: the kept root, a folder to mount at, the program, its folder on drive C:.
 */
const MOUNT = `
mount -t tmpfs tmpfs "$2"
mkdir "$2/upper" "$2/work" "$2/system"
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/system"
mount -t proc proc "$2/system/proc"
mount --rbind /dev "$2/system/dev"
place="$2/system/windows/drive_c/$4"
mkdir "$place"
touch "$place/${FILE}"
mount --bind "$3" "$place/${FILE}"
echo ready
exec sleep infinity
`;

/** Windows as Wine has it, with one program in a folder of drive C:. It shares this machine's loopback. */
export class Wine implements AsyncDisposable {
  readonly #holder: ForeignProcess;
  readonly #folder: string;
  readonly #words: readonly string[];
  /** Where drive C: is for programs of this machine. */
  readonly driveC: string;
  #runs = 0;

  private constructor(holder: ForeignProcess, folder: string, place: string) {
    this.#holder = holder;
    this.#folder = folder;
    const leader = readFileSync(`/proc/${holder.pid}/task/${holder.pid}/children`, 'utf8').trim();
    const root = join(folder, 'mounted', 'system');
    this.driveC = `/proc/${leader}/root${root}/windows/drive_c`;
    const within = ['nsenter', '-t', leader, '--mount', '--pid', 'chroot', root] as const;
    this.#words = [...within, '/usr/lib/wine/wine64', `C:\\${place}\\${FILE}`];
  }

  /**
   * @param program a file for Windows
   * @param place the name of its folder on drive C:
   * @param folder for what is mounted and written
   */
  static async start(program: string, place: string, folder: string): Promise<Wine> {
    const mounted = join(folder, 'mounted');
    mkdirSync(mounted);
    const [first, ...rest] = ALONE;
    const words = [...rest, 'sh', '-ec', MOUNT, 'sh', await wineRoot(), mounted, program, place];
    const holder = new ForeignProcess(first, words, WINE_ENVIRONMENT);
    try {
      await holder.line(/^ready$/, START_MS);
      return new Wine(holder, folder, place);
    } catch (error) {
      await holder.kill();
      throw error;
    }
  }

  /** Runs the program to its end. It reads and writes files: to Wine's pipes Node cannot write. @param input what it reads */
  async run(words: readonly string[], input = ''): Promise<Done> {
    const [stdin, stdout, stderr] = ['in', 'out', 'err'].map((kind) => join(this.#folder, `${this.#runs}.${kind}`)) as [
      string,
      string,
      string,
    ];
    this.#runs++;
    writeFileSync(stdin, input);
    const files = [openSync(stdin, 'r'), openSync(stdout, 'w'), openSync(stderr, 'w')];
    try {
      const [file, ...rest] = [...this.#words, ...words] as [string, ...string[]];
      const child = spawn(file, rest, { env: WINE_ENVIRONMENT, stdio: files });
      const [code] = (await once(child, 'close')) as [number | null];
      return { code, stdout: readFileSync(stdout, 'utf8'), stderr: withoutWine(readFileSync(stderr, 'utf8')) };
    } finally {
      files.forEach(closeSync);
    }
  }

  /** Starts the program in a console. */
  console(words: readonly string[]): WineConsole {
    return new WineConsole([...this.#words, ...words], WINE_ENVIRONMENT);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Its first process hears no other signal.
    await this.#holder.kill();
  }
}

/** Wine itself says that there is no desktop. */
function withoutWine(text: string): string {
  return text.replaceAll(/^error: XDG_RUNTIME_DIR .*\r?\n/gm, '');
}
