import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { PLATFORMS } from '../base/platforms.ts';
import { startBuild } from '../base/start-build.ts';
import { findTool, runTool } from '../base/run-tool.ts';
import { COMMANDS, OUT, manifestOf } from '../base/workspace.ts';
import { nativeFiles } from '../bundle/native-files.ts';
import { singleFileParts } from '../bundle/program-files.ts';
import { buildProgram } from './build-program.ts';
import { compress } from './compress.ts';
import { writeSums } from '../base/sums.ts';

/*
 * Makes the programs of one file, out/single-files. README.md of this project says what is in there.
 */

const FOLDER = join(OUT, 'single-files');
/** Each takes a processor, and hundreds of megabytes. */
const AT_ONCE = 2;
/** Signs programs for macOS on any system. */
const SIGNER = 'rcodesign';

const say = startBuild();
rmSync(FOLDER, { recursive: true, force: true });
say('bundling');
const parts = { client: await singleFileParts('client'), proxy: await singleFileParts('proxy') };
const signer = findTool(SIGNER);
const made: string[] = [];
for (const platform of PLATFORMS) {
  if (platform.isSigned && signer === undefined) {
    say(`${platform.name} is left out: its programs would be unsigned, and macOS would not run them; .ci/build-rcodesign brings ${SIGNER}`);
    continue;
  }
  const native = await nativeFiles(platform, say);
  // Nodes need native QUIC. Clients have a form in wasm.
  for (const program of platform.quicAddon === undefined ? (['client'] as const) : (['client', 'proxy'] as const)) {
    const file = join(FOLDER, `${COMMANDS[program]}-${manifestOf(program).version}-${platform.name}${platform.suffix}`);
    say(`building ${file}`);
    await buildProgram(new Map([...native, ...parts[program]]), file);
    if (platform.isSigned && signer !== undefined) await runTool(signer, ['sign', file]);
    made.push(file);
  }
}
say(`compressing ${made.length} programs, which takes minutes`);
const waiting = [...made];
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      await compress(file);
      say(`${file}.zst is there`);
    }
  }),
);
writeSums(FOLDER);
say(`${FOLDER} is there`);
