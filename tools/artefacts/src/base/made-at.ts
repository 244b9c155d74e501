import { WORKSPACE } from './workspace.ts';
import { runTool } from './run-tool.ts';

/**
 * The time that artefacts carry, in seconds since 1970: that of `SOURCE_DATE_EPOCH`, or else of the last commit. So two builds of a commit are the same.
 * @throws {ArtefactError} (rejection) `ERR_ARTEFACT_TOOL_FAILED` if neither is there.
 */
export async function madeAtSecs(): Promise<number> {
  return Number(process.env['SOURCE_DATE_EPOCH'] ?? (await runTool('git', ['log', '-1', '--format=%ct'], { cwd: WORKSPACE })));
}
