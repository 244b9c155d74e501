import { chownSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { temporaryFolder } from '@lightspeed/lab';
import { describe, expect, it } from 'vitest';
import { findTool, runTool } from '../../src/base/run-tool.ts';
import { OUT, WORKSPACE, manifestOf } from '../../src/base/workspace.ts';
import { NO_FOLDER, bareEnvironment, programsInFolder } from '../support/made-programs.ts';
import { playMatch } from '../support/match.ts';
import { NO_PODMAN, Podman } from '../support/podman.ts';

const UID = 65_532;
const START_MS = 30_000;
const MAX_IMAGE_BYTES = 160_000_000;
const images = join(OUT, 'image');
const archive = existsSync(images) ? readdirSync(images).find((name) => name.endsWith(`-linux-${process.arch}-image.tar.gz`)) : undefined;
const why = NO_PODMAN ?? NO_FOLDER ?? (archive === undefined ? `no image in ${images}: run pnpm artefacts image` : undefined);
/** As careful operators start it. */
const CLOSED = ['--pull', 'never', '--read-only', '--cap-drop', 'all', '--security-opt', 'no-new-privileges'];

/** A container runtime that has loaded the image. */
async function scene(started: AsyncDisposableStack) {
  const folder = started.use(await temporaryFolder()).path;
  const podman = started.use(new Podman(folder));
  const unpacked = join(folder, 'image.tar');
  writeFileSync(unpacked, gunzipSync(readFileSync(join(images, archive ?? ''))));
  await podman.do('load', '--input', unpacked);
  return { folder, podman, image: `localhost/lightspeed-proxy:${manifestOf('proxy').version}` };
}

const hadolint = findTool('hadolint');

it.skipIf(hadolint === undefined)('the Dockerfile has no faults that hadolint finds', async () => {
  expect(await runTool(hadolint ?? '', [join(WORKSPACE, 'deploy/image/Dockerfile')])).toBe('');
});

describe.skipIf(why !== undefined)(`the image of a node${why === undefined ? '' : ` (${why})`}`, () => {
  it('is small, belongs to nobody in particular, and names no mirror', async () => {
    await using started = new AsyncDisposableStack();
    const { podman, image } = await scene(started);
    const [{ Size, Config }] = JSON.parse(await podman.do('image', 'inspect', image)) as [
      { readonly Size: number; readonly Config: Readonly<Record<string, unknown>> },
    ];

    expect(Size).toBeLessThan(MAX_IMAGE_BYTES);
    expect(Config).toMatchObject({ User: '65532:65532', Entrypoint: ['/usr/bin/lightspeed-proxy'], Cmd: ['serve'], StopSignal: 'SIGTERM' });
    const ask = ['--rm', '--network', 'none', '--entrypoint', '/usr/lib/lightspeed-proxy/node', image];
    expect(await podman.do('run', ...ask, '--print', "require('node:fs').existsSync('/etc/apt')")).toBe('false');
  });

  it('serves on a read-only root, without capabilities, as user 65532: healthy, in batches, by native QUIC, until it is stopped', async () => {
    await using started = new AsyncDisposableStack();
    const { podman, image } = await scene(started);
    const id = await podman.do('run', '--detach', '--network', 'none', ...CLOSED, image, 'serve', '--log-format', 'json');
    await expect.poll(() => podman.do('logs', id), { timeout: START_MS }).toContain('"node serves"');
    const log = (await podman.do('logs', id)).split('\n').map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);

    expect(log.find(({ msg }) => msg === 'node serves')).toMatchObject({ engine: 'batch', quic: 'native' });
    expect(await podman.do('healthcheck', 'run', id)).toBe('');
    expect(await podman.do('exec', id, 'lightspeed-proxy', 'status')).toMatch(/^the node is serving/);
    expect(statSync(`/proc/${await podman.do('inspect', '--format', '{{.State.Pid}}', id)}`).uid).toBe(UID);
    await podman.do('stop', '--time', '20', id);
    expect(await podman.do('inspect', '--format', '{{.State.ExitCode}}', id)).toBe('0');
  });

  it('lets a client register, and carries 50 of 50 datagrams; its commands make keys and tickets', async () => {
    await using started = new AsyncDisposableStack();
    const { folder, podman, image } = await scene(started);
    const shared = join(folder, 'shared');
    mkdirSync(shared);
    chownSync(shared, UID, UID);
    const proxy = [...podman.words, 'run', '--rm', '--network', 'host', ...CLOSED, '--volume', `${shared}:${shared}`, image];
    const match = await playMatch({ ...programsInFolder(folder), proxy, env: bareEnvironment(folder) }, shared);

    expect(match.node).toEqual({ engine: 'batch', quic: 'native' });
    expect(match.answered).toBe(50);
  });
});
