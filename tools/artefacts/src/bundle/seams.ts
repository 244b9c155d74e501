import { join, relative } from 'node:path';
import type { Plugin } from 'rolldown';
import { ArtefactError } from '../base/artefact-error.ts';
import { WORKSPACE } from '../base/workspace.ts';
import { HELPER, NAMESPACE_HELPER } from '../program/roles.ts';

/*
 * Where a bundled program differs from a checkout: it finds its files and its native code at other places. Each package keeps that in one
 * module, and a bundle has another module with the same exports in its place.
 */

const PROGRAM_MODULES = join(import.meta.dirname, '../program');
const own = (name: string) => join(PROGRAM_MODULES, name);

/** In place of the modules that load koffi, and a module of a package that has it. */
const KOFFI = 'lightspeed:koffi';
const KOFFI_USER = join(WORKSPACE, 'packages/udp/src/index.ts');

/** Modules of the workspace, and what is in their place. */
const REPLACED: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'apps/client/src/base/program-files.ts': own('program-files.ts'),
    'apps/proxy/src/base/program-files.ts': own('program-files.ts'),
    'packages/udp/src/linux/koffi.ts': KOFFI,
    'packages/probe/src/linux/koffi.ts': KOFFI,
    'packages/capture/src/base/koffi.ts': KOFFI,
    'packages/control/src/quic/http3/wasm-core.ts': own('wasm-core.ts'),
    'packages/capture/src/rootless/namespace-program.ts': own('namespace-program.ts'),
    'packages/capture/src/setup/helper-files.ts': own('helper-files.ts'),
  }).map(([module, replacement]) => [join(WORKSPACE, module), replacement]),
);

/** What loads native code, as text for the modules below. */
const ADDONS = JSON.stringify(own('addons.ts'));
const KOFFI_ADDON = 'lightspeed:koffi-addon';
const QUIC_ADDON = 'lightspeed:quic-addon';

/** koffi's wrapper hides why its native code cannot be loaded: it is loaded before, so that its error is seen. */
const LOAD_KOFFI = `{ loadAddon('koffi.node'); return require('koffi'); }`;

/** Modules that are only here, by their names: bundles load libraries by them that a checkout finds by paths. */
const MADE: ReadonlyMap<string, string> = new Map([
  [KOFFI, `import { loadAddon } from ${ADDONS}; export function loadKoffi() ${LOAD_KOFFI}`],
  [KOFFI_ADDON, `module.exports = require(${ADDONS}).loadAddon('koffi.node');`],
  [QUIC_ADDON, `module.exports = require(${ADDONS}).loadAddon('http3.node');`],
]);

/** The QUIC library looks for its native code at a path that it computes, which no bundler can follow. */
const QUIC_LOADER = { module: /@currentspace\/http3\/dist\/event-loop\.js$/, call: 'require(findBinding())' };

/** The client in a single file is its helpers, too. The sources of each follow, as paths in the workspace: this text gets into the bundle. */
const CLIENT_ENTRY = 'lightspeed:client?';

/** The client and its helpers as one script, by their sources' paths: see src/program/roles.ts. @returns what to bundle */
export function clientEntry(sources: { readonly main: string; readonly helper: string; readonly namespaceHelper: string }): string {
  return (
    CLIENT_ENTRY + JSON.stringify(sources, (_name, value: unknown) => (typeof value === 'string' ? relative(WORKSPACE, value) : value))
  );
}

function clientScript(id: string): string {
  const { main, helper, namespaceHelper } = JSON.parse(id.slice(CLIENT_ENTRY.length)) as Parameters<typeof clientEntry>[0];
  const role = (word: string, source: string) => `if (process.argv[2] === '${word}') {
  process.argv.splice(2, 1);
  ${imported(source)};
} else `;
  return `${role(HELPER, helper)}${role(NAMESPACE_HELPER, namespaceHelper)}${imported(main)};`;
}

function imported(source: string): string {
  return `await import(${JSON.stringify(join(WORKSPACE, source))})`;
}

/** Puts the modules of bundles in their places. */
export function seams(): Plugin {
  return {
    name: 'seams',
    resolveId: {
      order: 'pre',
      async handler(specifier, importer, options) {
        if (MADE.has(specifier) || specifier.startsWith(CLIENT_ENTRY)) return specifier;
        if (specifier.startsWith('@koromix/koffi-')) return KOFFI_ADDON;
        const from = importer === KOFFI ? KOFFI_USER : importer;
        const resolved = await this.resolve(specifier, from, { ...options, skipSelf: true });
        return resolved === null ? null : (REPLACED.get(resolved.id) ?? resolved);
      },
    },
    load(id) {
      const code = id.startsWith(CLIENT_ENTRY) ? clientScript(id) : MADE.get(id);
      return code === undefined ? null : { code, moduleType: 'js' };
    },
    transform(code, id) {
      if (!QUIC_LOADER.module.test(id)) return null;
      if (code.split(QUIC_LOADER.call).length !== 2) {
        throw new ArtefactError(
          'ERR_ARTEFACT_BUNDLE',
          `${id} does not have '${QUIC_LOADER.call}' once: see how this version finds its native code`,
        );
      }
      return code.replace(QUIC_LOADER.call, `require('${QUIC_ADDON}')`);
    },
  };
}
