import { whyNoNamespaces } from '../namespaces/internet.ts';
import { startBox, whyNoBox } from './support/arm64-box.ts';
import { twoInterfaces } from './support/lan.ts';
import { SERVERS, openCaptureStage } from './support/stage.ts';

/*
 * Has a device of a LAN play through `lightspeed gateway` on an emulated machine of arm64, which packed packages have set up. The exit
 * code is 0 only if every datagram has come back, by the batch engine and by the node.
 */

const MOST_MS = 600_000;
const DATAGRAMS = 40;

process.exitCode = await main();

async function main(): Promise<number> {
  const why = (await whyNoNamespaces()) ?? whyNoBox();
  if (why !== undefined) {
    process.stderr.write(`There can be no router of arm64 here: ${why}\n`);
    return 1;
  }
  await using started = new AsyncDisposableStack();
  const stage = await openCaptureStage(started);
  const lan = await twoInterfaces(stage);
  await stage.offer({ datagrams: DATAGRAMS });
  const box = await startBox(started, stage, lan);
  const machine = await box.line(/^aarch64/, MOST_MS);
  const { io } = JSON.parse(await box.line(/"event":"started"/, MOST_MS)) as { readonly io: string };
  await box.line(/"event":"catching"/, MOST_MS);
  const { sent, received, strange } = await stage.plain(lan.device).report();
  const { udp } = await stage.matchmaker.seen();
  process.stdout.write(
    `${machine}, ${io} engine: ${received} of ${sent} came back, ${strange} from others; servers saw ${Object.keys(udp).join()}\n`,
  );
  const all = DATAGRAMS * SERVERS.length;
  const isWhole = io === 'batch' && sent === all && received === all && strange === 0 && udp[stage.node.address] === all;
  process.stdout.write(isWhole ? 'The game was carried.\n' : 'The game was not carried.\n');
  return isWhole ? 0 : 1;
}
