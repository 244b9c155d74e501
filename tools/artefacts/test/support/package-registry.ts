import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { succeed } from './execute.ts';

interface Served {
  readonly manifest: { readonly name: string; readonly version: string };
  readonly archive: Buffer;
}

/** A registry of npm's on 127.0.0.1 that has the packages of a folder, each in one version, and no others. */
export class PackageRegistry implements AsyncDisposable {
  readonly #server: Server;
  readonly #packages: ReadonlyMap<string, Served>;

  private constructor(packages: ReadonlyMap<string, Served>) {
    this.#packages = packages;
    this.#server = createServer(({ url = '' }, response) => {
      const answer = this.#answerTo(decodeURIComponent(url).slice(1));
      response.writeHead(answer === undefined ? 404 : 200).end(answer);
    });
  }

  /** @param folder of packed packages */
  static async serve(folder: string): Promise<PackageRegistry> {
    const packages = new Map<string, Served>();
    for (const name of readdirSync(folder)) {
      const file = join(folder, name);
      const manifest = JSON.parse(await succeed('tar', '-xzOf', file, 'package/package.json')) as Served['manifest'];
      packages.set(manifest.name, { manifest, archive: readFileSync(file) });
    }
    const registry = new PackageRegistry(packages);
    registry.#server.listen(0, '127.0.0.1');
    await once(registry.#server, 'listening');
    return registry;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  /** The description of a package for its name, and its archive for the name and `.tgz`. */
  #answerTo(path: string): string | Buffer | undefined {
    const served = this.#packages.get(path.replace(/\.tgz$/, ''));
    if (served === undefined) return undefined;
    const { manifest, archive } = served;
    if (path.endsWith('.tgz')) return archive;
    const { name, version } = manifest;
    const integrity = `sha512-${createHash('sha512').update(archive).digest('base64')}`;
    const described = { ...manifest, dist: { tarball: `${this.url}${name}.tgz`, integrity } };
    return JSON.stringify({ name, 'dist-tags': { latest: version }, versions: { [version]: described } });
  }
}
