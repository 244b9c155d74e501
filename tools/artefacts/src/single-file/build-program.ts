import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { runTool } from '../base/run-tool.ts';

/** Scripts end with a name of their own: traces of calls would show the whole script as its address. */
const THREAD_NAME = '\n//# sourceURL=worker.js\n';

/**
 * Makes a program of one file: Node, with a script that it runs and files that this can read (Node's documentation, Single executable
 * applications). Works for other systems, too.
 * @param parts by names; `node` is the runtime, and `main.js` what it runs
 * @throws {ArtefactError} (rejection) `ERR_ARTEFACT_TOOL_FAILED`
 */
export async function buildProgram(parts: ReadonlyMap<string, Buffer>, output: string): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), 'lightspeed-single-file-'));
  try {
    const assets: Record<string, string> = {};
    for (const [name, bytes] of parts) {
      const file = join('parts', name);
      mkdirSync(dirname(join(work, file)), { recursive: true });
      writeFileSync(join(work, file), name === 'worker.js' ? Buffer.concat([bytes, Buffer.from(THREAD_NAME)]) : bytes);
      if (name !== 'node' && name !== 'main.js') assets[name] = file;
    }
    mkdirSync(dirname(output), { recursive: true });
    // Node writes the script's path into the program: within the folder it is the same in each build.
    const settings = {
      main: join('parts', 'main.js'),
      mainFormat: 'module',
      executable: join('parts', 'node'),
      output: resolve(output),
      assets,
      execArgvExtension: 'none',
      disableExperimentalSEAWarning: true,
    };
    const settingsFile = join(work, 'settings.json');
    writeFileSync(settingsFile, JSON.stringify(settings));
    await runTool(process.execPath, ['--build-sea', settingsFile], { cwd: work });
    chmodSync(output, 0o755);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
