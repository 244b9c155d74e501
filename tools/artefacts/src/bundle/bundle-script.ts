import { builtinModules, isBuiltin } from 'node:module';
import { rolldown } from 'rolldown';
import type { OutputChunk } from 'rolldown';
import { esmExternalRequirePlugin } from 'rolldown/plugins';
import { ArtefactError } from '../base/artefact-error.ts';
import { WORKSPACE } from '../base/workspace.ts';
import { seams } from './seams.ts';

/** A script with all that it imports. */
export interface BundledScript {
  readonly code: string;
  /** The files that are in it, by their paths. */
  readonly modules: readonly string[];
}

/** What a bundled module may ask of where it is: only the module that knows it, in the form of program folders. */
const ALLOWED_META = new Set(['import.meta.dirname']);

/**
 * Makes one ES module of a script and all that it imports, but Node's own modules.
 * @param entry the script's path
 * @throws {ArtefactError} (rejection) `ERR_ARTEFACT_BUNDLE` if something would be missing at run time.
 */
export async function bundleScript(entry: string): Promise<BundledScript> {
  await using bundle = await rolldown({
    input: entry,
    cwd: WORKSPACE,
    platform: 'node',
    // Not 'import': koffi's form for it finds its native code in a way that cannot be bundled.
    resolve: { conditionNames: ['@lightspeed/source', 'node'] },
    // CommonJS modules have no path in here. What asks for one is content with any.
    transform: { define: { __filename: 'process.execPath', __dirname: 'process.execPath', 'require.main': 'undefined' } },
    plugins: [seams(), esmExternalRequirePlugin({ external: [/^node:/, ...builtinModules] })],
    onLog(level, log, handle) {
      if (level === 'warn') throw new ArtefactError('ERR_ARTEFACT_BUNDLE', `bundling ${entry}: ${log.message}`);
      handle(level, log);
    },
  });
  const { output } = await bundle.generate({ format: 'esm', codeSplitting: false, minify: false, keepNames: true });
  const [chunk] = output;
  requireComplete(entry, chunk);
  return { code: chunk.code, modules: Object.keys(chunk.modules) };
}

function requireComplete(entry: string, { code, fileName, imports, dynamicImports }: OutputChunk): void {
  // What is imported only when it is needed is in the same file.
  const missing = [...imports, ...dynamicImports].filter((name) => !isBuiltin(name) && name !== fileName);
  if (missing.length > 0)
    throw new ArtefactError('ERR_ARTEFACT_BUNDLE', `${entry} would import ${missing.join(', ')} at run time: bundle it`);
  const asked = [...withoutComments(code).matchAll(/import\.meta\.?\w*/g)].map(([text]) => text).filter((text) => !ALLOWED_META.has(text));
  if (asked.length > 0) throw new ArtefactError('ERR_ARTEFACT_BUNDLE', `${entry} asks for ${asked.join(', ')}: add its module to seams.ts`);
}

/** Without lines that are in comments of documentation. */
function withoutComments(code: string): string {
  return code.replaceAll(/^\s*\*.*$/gm, '');
}
