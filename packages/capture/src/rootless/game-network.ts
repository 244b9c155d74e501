import { spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { CaptureClient, CaptureError } from '../client/capture-client.ts';
import { namespaceProgram } from './namespace-program.ts';
import { requireRootless, systemPath } from './obstacles.ts';
import { resolverFile } from './resolver.ts';

/*
 * A game in namespaces of its own, for users without rights. The outer user namespace owns the network namespace: its root is
 * the user, and the helper runs there. The game is in an inner user namespace, as the user: it cannot change the rules.
 */

/** The game's end of a connection that tells, by its end, that nothing of the game is left. */
const GAME_FD = 4;

/**
 * Says that it is there, and becomes what follows. Users may ping, as on most systems. `$1` is a list of name servers, or empty.
 * What is run in front of it is a shell.
 */
const SETTLE = `{ echo 0 0 > /proc/sys/net/ipv4/ping_group_range; } 2>/dev/null
[ -z "$1" ] || mount --bind "$1" /etc/resolv.conf || exit 1
shift
echo there >&${GAME_FD}
exec "$@"`;

/**
 * Connects a network namespace by pasta, until nothing of the game is left; whoever started it may be gone then. `$0` is a
 * process in there.
 * The first part is pasta's parent, and waits for the game's end: pasta ends with it, by the kernel, since it stays in the
 * foreground. The second part reads what pasta says: its number when it is there.
 * UDP ports of the game are not opened on the machine: the sockets for answers would be among them. Addresses of the network
 * stay what they are, the router's too.
 */
const KEEPER = `exec 3<&0 </dev/null
{
  setpriv --pdeathsig TERM pasta --foreground --config-net --no-map-gw --udp-ports none --no-netns-quit --pid /dev/stdout "$0" 2>&1 3<&- &
  exec >/dev/null 2>&1
  while read -r _; do :; done <&3
  kill "$!"
} | {
  while read -r line; do
    case $line in
      *[!0-9]* | '') echo "$line" >&2 ;;
      *) echo there; exec >/dev/null 2>&1 ;;
    esac
  done
  echo gone
}`;

/** pasta says so of each line where there is no system log. */
const NO_SYSLOG = /^Failed to send \d+ bytes to syslog$/;

/** What makes the namespaces of a program, as words of its command line. */
export interface NamespaceWords {
  /** In front of what waits for the start. A line comes by descriptor 4 when it is there. Its network has nothing before {@link connectNetwork}. */
  readonly outer: readonly string[];
  /** In front of the program itself: it has no rights over the others. */
  readonly inner: readonly string[];
}

/** @throws {CaptureError} `not_possible` with what is missing, and what to do about it. */
export async function namespaceWords(): Promise<NamespaceWords> {
  const resolver = resolverFile();
  const mounts = resolver === undefined ? [] : ['--mount', '--propagation', 'slave'];
  const outer = ['unshare', '--user', '--map-root-user', '--net', ...mounts, '--'];
  const inner = ['unshare', '--user', `--map-user=${process.getuid?.() ?? 0}`, `--map-group=${process.getgid?.() ?? 0}`, '--'];
  await requireRootless([...outer, ...inner, 'true']);
  return { outer: [...outer, '/bin/sh', '-c', SETTLE, 'lightspeed', resolver ?? ''], inner };
}

/**
 * Connects the network of a process in the outer namespaces, by pasta. It stays until nothing of the process is left, also when this
 * process is gone before.
 * @param held this process's end of {@link GAME_FD}; it is destroyed here.
 * @throws {CaptureError} `not_possible` with what pasta has said.
 */
export async function connectNetwork(pid: number, held: Readable & Writable): Promise<void> {
  const keeper = spawn('/bin/sh', ['-c', KEEPER, String(pid)], {
    // Not by Ctrl-C either.
    detached: true,
    stdio: [held, 'pipe', 'pipe'],
    cwd: '/',
    env: { PATH: systemPath(), LC_ALL: 'C' },
  });
  held.destroy();
  let said = '';
  keeper.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const isThere = await new Promise<boolean>((resolve) => {
    keeper.stdout.once('data', (text: Buffer) => {
      if (text.toString().startsWith('there')) resolve(true);
      // Without pasta, it would wait for the game.
      else if (keeper.pid !== undefined) process.kill(-keeper.pid, 'SIGTERM');
    });
    keeper.once('close', () => resolve(false));
    keeper.once('error', () => resolve(false));
  });
  keeper.stdout.destroy();
  keeper.stderr.destroy();
  keeper.unref();
  if (isThere) return;
  const lines = said.split('\n').filter((line) => line.trim() !== '' && !NO_SYSLOG.test(line));
  throw new CaptureError('not_possible', `pasta cannot connect a network namespace: ${lines.slice(-2).join('; ') || 'it said nothing'}`);
}

/** Starts the helper beside a process in the outer namespaces. It ends with the connection. @throws {CaptureError} `no_helper` */
export function startNamespaceHelper(pid: number): CaptureClient {
  const words = ['--user', '--net', '--preserve-credentials', '--target', String(pid), '--', ...namespaceProgram()];
  return CaptureClient.pairWith((fd) => {
    const helper = spawn('nsenter', words, {
      detached: true,
      stdio: ['ignore', 'ignore', 'ignore', fd],
      cwd: '/',
      env: { PATH: systemPath() },
    });
    // The connection ends then.
    helper.on('error', () => undefined);
    helper.unref();
  });
}
