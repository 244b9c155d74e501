import { once } from 'node:events';
import { CaptureError, CaptureClient, addGatewayEntry, install, remove } from '@lightspeed/capture';
import type { CaptureTarget, CapturedFlow, Places } from '@lightspeed/capture';
import { closeFd } from '@lightspeed/udp';
import { answerParent } from '../../../src/child-program.ts';

/*
 * A client of the helper that asks what it wants, as whatever user it runs as.
 */

let client: CaptureClient | undefined;

/** @returns 'done', or the code of the refusal */
async function asked(ask: (client: CaptureClient) => Promise<unknown>): Promise<string> {
  if (client === undefined) throw new Error('there is no connection');
  try {
    await ask(client);
    return 'done';
  } catch (error) {
    if (error instanceof CaptureError) return error.code;
    throw error;
  }
}

const program = {
  connect: (socket: string) => {
    client?.close();
    client = CaptureClient.connect(socket);
  },
  /** Resolves when nothing is left of its capture. */
  close: async () => {
    const ended = client === undefined ? undefined : once(client, 'ended');
    client?.close();
    await ended;
  },
  catch: (target: CaptureTarget) => asked(async (client) => closeFd((await client.catch(target, [])).fd)),
  place: (pid: number) => asked((client) => client.place(pid)),
  answer: (flow: CapturedFlow) => asked(async (client) => closeFd(await client.answer(flow))),
  direct: (flow: CapturedFlow) => asked((client) => client.direct(flow, new Uint8Array(8))),
  trial: () => asked((client) => client.trial()),
  pid: () => process.pid,
  install: (places: Places) => install(places),
  remove: (places: Places) => remove(places),
  addGatewayEntry: ({ gatewayFile }: Places, uid: number, lan: string) => addGatewayEntry(gatewayFile, uid, lan),
};

/** What such a client does. */
export type AskerProgram = typeof program;

answerParent(program);
