import { describe, expect, it } from 'vitest';
import { whyNoNamespaces } from '../namespaces/internet.ts';
import { openCaptureStage } from './support/stage.ts';

const why = await whyNoNamespaces();
const END_MS = 60_000;

interface Findings {
  readonly ok: boolean;
  readonly findings: readonly { readonly check: string; readonly state: string; readonly found: string; readonly advice?: string }[];
}

describe.skipIf(why !== undefined)(`doctor${why === undefined ? '' : ` (not run: ${why})`}`, () => {
  it('says what works, and names the rule that stands in the way', { timeout: END_MS }, async () => {
    await using started = new AsyncDisposableStack();
    const stage = await openCaptureStage(started);
    const examine = async (): Promise<Findings> => {
      const doctor = stage.lightspeed(['doctor', '--json']);
      return JSON.parse(await doctor.line(/^\{"ok"/, END_MS)) as Findings;
    };
    const of = ({ findings }: Findings, check: string) => findings.find((finding) => finding.check === check);

    expect(of(await examine(), 'helper')).toMatchObject({ state: 'no', found: expect.stringContaining('sudo lightspeed setup') as string });
    await stage.helper();
    const well = await examine();
    expect(well.ok).toBe(true);
    expect(of(well, 'helper')).toMatchObject({ state: 'ok' });
    expect(of(well, 'node, IPv4')).toMatchObject({ state: 'ok', found: `node lets you in at ${stage.node.address}` });
    // An address is of one family.
    expect(of(well, 'node, IPv6')).toBeUndefined();
    const wall =
      'table ip wall { chain input { type filter hook input priority filter; policy drop; ct state established,related accept; }; }';
    await stage.home.in.run('nft', ['-f', '-'], wall);
    const walled = await examine();
    expect(walled.ok).toBe(false);
    expect(of(walled, 'helper')).toMatchObject({ state: 'no', found: expect.stringContaining('table ip wall') as string });
  });
});
