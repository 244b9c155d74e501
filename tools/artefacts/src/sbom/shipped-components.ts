import { basename } from 'node:path';
import { ArtefactError } from '../base/artefact-error.ts';
import { PLATFORMS } from '../base/platforms.ts';
import { lockedVersion } from '../fetch/locked-version.ts';
import type { Component } from './bill.ts';

const QUIC = '@currentspace/http3';
/** Versions that Node states of itself, but not of a library: interfaces and data. Those of libraries that it is built without are empty. */
const NO_LIBRARIES = new Set(['node', 'modules', 'napi', 'unicode', 'cldr', 'tz']);

/**
 * What programs have besides libraries of JavaScript: Node with what is compiled into it, and native code of all platforms.
 * @param versions of this process's Node, which knows what it is made of
 * @throws {ArtefactError} `ERR_ARTEFACT_BUNDLE` if this is not the Node that is shipped.
 */
export function shippedComponents(versions: Readonly<Record<string, string | undefined>> = process.versions): readonly Component[] {
  const { version } = lockedVersion(PLATFORMS[0].node.package);
  if (versions['node'] !== version) {
    throw new ArtefactError(
      'ERR_ARTEFACT_BUNDLE',
      `this runs on Node ${versions['node']}, and programs have ${version}: run npx -y pnpm@12.21.0 artefacts sbom`,
    );
  }
  return [nodeComponent(version, versions), ...PLATFORMS.flatMap(nativeCode)];
}

function nodeComponent(version: string, versions: Readonly<Record<string, string | undefined>>): Component {
  const purl = `pkg:generic/node@${version}`;
  return {
    type: 'platform',
    ...{ name: 'node', version, purl, 'bom-ref': purl },
    cpe: `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`,
    description: 'The runtime of the programs. In program folders and packages it has no symbols.',
    components: Object.entries(versions)
      .filter(([name, its]) => !NO_LIBRARIES.has(name) && its !== undefined && its !== '')
      .map(([name, its = '']) => {
        const part = `pkg:generic/${name}@${encodeURIComponent(its)}`;
        return { type: 'library', name, version: its, purl: part, 'bom-ref': `${purl}/${part}` };
      }),
  };
}

function nativeCode({ name: platform, quicAddon, koffi }: (typeof PLATFORMS)[number]): readonly Component[] {
  const files = [
    ...(quicAddon === undefined ? [] : [{ from: QUIC, file: quicAddon }]),
    ...(koffi === undefined ? [] : [{ from: koffi.package, file: koffi.file }]),
  ];
  return files.map(({ from, file }) => {
    const { version } = lockedVersion(from);
    const purl = `pkg:npm/${from.replace('@', '%40')}@${version}#${file}`;
    const description = `Native code for ${platform}. In program folders and packages it has no symbols.`;
    return { type: 'library', name: basename(file), version, purl, 'bom-ref': purl, description };
  });
}
