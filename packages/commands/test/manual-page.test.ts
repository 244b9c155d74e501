import { execFileSync, spawnSync } from 'node:child_process';
import { describeCommand, manualPage } from '@lightspeed/commands';
import { describe, expect, it } from 'vitest';
import { sampleProgram } from './support/sample-program.ts';

const page = manualPage(describeCommand(sampleProgram()), { version: '1.2.3', madeAtSecs: 1_764_288_000, seeAlso: ['node.toml(5)'] });
const hasMandoc = spawnSync('mandoc', ['-Tlint'], { input: '' }).error === undefined;

describe('a manual page', () => {
  it('names program, version and day', () => {
    expect(page.split('\n')[0]).toBe('.TH SAMPLE-GAME 1 "2025-11-28" "sample-game 1.2.3" "LightSpeed"');
    expect(page).toContain('sample\\-game \\- play a sample\n');
  });

  it('has each command with its options and examples, which are text wherever they look like macros', () => {
    expect(page).toContain('.SS "sample\\-game config box"\nConfigure a box.');
    expect(page).toContain('.TP\n\\fB\\-i\\fR, \\fB\\-\\-io\\fR \\fI<engine>\\fR\nhow to move');
    expect(page).toContain('a pin, \\e and all');
    expect(page).toContain('\n\\&.not a macro\n\\(aqnor this\n');
    expect(page).toContain('.SH SEE ALSO\n\\fBnode.toml\\fR(5)');
  });

  it.skipIf(!hasMandoc)('has nothing of which mandoc warns, and reads well', () => {
    const { stdout, status } = spawnSync('mandoc', ['-Tlint', '-W', 'warning'], { input: page, encoding: 'utf8' });
    expect({ stdout, status }).toEqual({ stdout: '', status: 0 });
    const text = execFileSync('mandoc', ['-Tutf8'], { input: page, encoding: 'utf8' }).replaceAll(/.[\b]/g, '');
    expect(text).toContain("Open a player's port. Then wait.");
    expect(text).toContain('--state-dir <DIR>');
  });
});
