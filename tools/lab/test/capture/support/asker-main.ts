import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { CaptureError, CaptureClient, TRIAL_SERVER, addGatewayEntry, install, remove } from '@lightspeed/capture';
import type { CaptureTarget, CapturedFlow, FlowAddress, Places } from '@lightspeed/capture';
import { closeFd } from '@lightspeed/udp';
import { answerParent } from '../../../src/child-program.ts';

/*
 * A client of the helper that asks what it wants, as whatever user it runs as.
 */

let client: CaptureClient | undefined;
/** The server's socket that has answered the trial. */
let kept: Socket | undefined;

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
  /** Resolves when its connection is closed. */
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
  /** Catches, answers the trial, and keeps the socket for that, whatever comes. @returns where the trial's datagram came from */
  catchAndKeep: async (target: CaptureTarget): Promise<FlowAddress> => {
    if (client === undefined) throw new Error('there is no connection');
    const { fd } = await client.catch(target, []);
    const listener = createSocket('udp4').bind({ fd });
    const caught = once(listener, 'message') as Promise<[Buffer, { readonly address: string; readonly port: number }]>;
    const passed = client.trial();
    const [bytes, { address: ip, port }] = await caught;
    kept = createSocket('udp4').bind({ fd: await client.answer({ source: { ip, port }, server: TRIAL_SERVER }) });
    kept.send(bytes, port, ip);
    await passed;
    listener.close();
    return { ip, port };
  },
  /** Sends by the socket that was kept. @returns 'sent', or what the system says */
  speak: ({ ip, port }: FlowAddress): Promise<string> =>
    new Promise((resolve) => {
      kept?.send('spoken', port, ip, (error) =>
        resolve(error === null ? 'sent' : ((error as NodeJS.ErrnoException).code ?? String(error))),
      );
    }),
  pid: () => process.pid,
  install: (places: Places) => install(places),
  remove: (places: Places) => remove(places),
  addGatewayEntry: ({ gatewayFile }: Places, uid: number, lan: string) => addGatewayEntry(gatewayFile, uid, lan),
};

/** What such a client does. */
export type AskerProgram = typeof program;

answerParent(program);
