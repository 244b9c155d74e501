import { appendFileSync, chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ArtefactError } from '../base/artefact-error.ts';
import { startBuild } from '../base/start-build.ts';
import { requireTool, runTool } from '../base/run-tool.ts';
import { OUT, WORKSPACE, manifestOf } from '../base/workspace.ts';
import { NODE_LICENCE } from '../bundle/native-files.ts';
import { unpackDebian } from './debian-root.ts';

/*
 * Makes the images of a node, in out/image, without a daemon. For each platform it makes a context in out/PLATFORM/image, which
 * deploy/image/Dockerfile takes. From that it makes an archive for `gzip -dc ARCHIVE | docker load`, or `podman load`.
 */

const PLATFORMS = [
  { name: 'linux-x64', architecture: 'amd64' },
  { name: 'linux-arm64', architecture: 'arm64' },
] as const;
const LIB = 'usr/lib/lightspeed-proxy';
/** There is no shell in the image. */
const COMMAND = `#!/${LIB}/node\nvoid import('/${LIB}/proxy/main.js');\n`;
/** Of nobody in particular: no system has it. */
const USER = 'lightspeed:x:65532:65532:LightSpeed node:/var/lib/lightspeed-proxy:/usr/sbin/nologin\n';
const GROUP = 'lightspeed:x:65532:\n';

const say = startBuild();
const buildah = requireTool(['buildah'], 'sudo apt install buildah');
const { version } = manifestOf('proxy');
const folder = join(OUT, 'image');
const scratch = join(folder, 'scratch');
rmSync(folder, { recursive: true, force: true });
mkdirSync(scratch, { recursive: true });
for (const { name, architecture } of PLATFORMS) {
  const context = join(OUT, name, 'image');
  say(`unpacking Debian for ${name}`);
  await makeContext(context, join(OUT, name, 'lib'), architecture);
  say(`building the image for ${name}`);
  const file = join(folder, `lightspeed-proxy-${version}-${name}-image.tar.gz`);
  await build(context, architecture, file);
  say(`${file} is there, ${(statSync(file).size / 1e6).toFixed(1)} MB`);
}
rmSync(scratch, { recursive: true });

async function makeContext(context: string, programs: string, architecture: string): Promise<void> {
  if (!existsSync(join(programs, 'proxy/main.js'))) {
    throw new ArtefactError('ERR_ARTEFACT_BUNDLE', `${programs} has no proxy/main.js: run pnpm artefacts bundle first`);
  }
  const root = join(context, 'root');
  rmSync(context, { recursive: true, force: true });
  mkdirSync(join(context, 'state/lightspeed-proxy'), { recursive: true });
  chmodSync(join(context, 'state/lightspeed-proxy'), 0o700);
  await unpackDebian(root, architecture);
  appendFileSync(join(root, 'etc/passwd'), USER);
  appendFileSync(join(root, 'etc/group'), GROUP);
  mkdirSync(join(root, LIB));
  for (const file of ['node', NODE_LICENCE, 'http3.node', 'koffi.node', 'http3_client.wasm', 'proxy']) {
    cpSync(join(programs, file), join(root, LIB, file), { recursive: true });
  }
  writeFileSync(join(root, 'usr/bin/lightspeed-proxy'), COMMAND);
  chmodSync(join(root, 'usr/bin/lightspeed-proxy'), 0o755);
}

/** In a storage of its own, with times of 1970: so two builds of the same context are the same. */
async function build(context: string, architecture: string, file: string): Promise<void> {
  const storage = ['--root', join(scratch, 'storage'), '--runroot', join(scratch, 'run'), '--storage-driver', 'vfs'];
  const image = `localhost/lightspeed-proxy:${version}`;
  const archive = join(scratch, 'image.tar');
  // Docker's format has the check of health, and OCI's has none.
  const options = ['--isolation', 'chroot', '--format', 'docker', '--timestamp', '0', '--arch', architecture, '--tag', image];
  await runTool(buildah, [...storage, 'bud', ...options, '--file', join(WORKSPACE, 'deploy/image/Dockerfile'), context]);
  await runTool(buildah, [...storage, 'push', image, `docker-archive:${archive}:${image}`]);
  writeFileSync(file, gzipSync(readFileSync(archive), { level: 6 }));
  rmSync(archive);
}
