import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { CaptureError, CaptureClient, TRIAL_SERVER, addGatewayEntry, install, remove } from '@lightspeed/capture';
import type { CaptureTarget, CapturedFlow, FlowAddress, Places } from '@lightspeed/capture';
import { closeFd, openDataSocketFd } from '@lightspeed/udp';
import { answerParent } from '../../../src/child-program.ts';
import type { GameAddress } from './matchmaking.ts';

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
  /** Sends as a socket that a capture has left behind, or got, would: with a server's address and a mark. @returns whether it arrives */
  speaks: async (server: GameAddress, mark: number, hearerIp: string): Promise<boolean> => {
    const hearer = createSocket('udp4').bind(0, hearerIp);
    await once(hearer, 'listening');
    // It listens as soon as it has the descriptor.
    const left = createSocket('udp4').bind({ fd: openDataSocketFd({ address: server.ip, port: server.port, transparent: true, mark }) });
    const heard = new Promise<string>((resolve) => hearer.once('message', (bytes) => resolve(bytes.toString())));
    const { port } = hearer.address();
    await new Promise((resolve) => left.send('forged', port, hearerIp, resolve));
    hearer.send('the next', port, hearerIp);
    const first = await heard;
    left.close();
    hearer.close();
    return first === 'forged';
  },
  install: (places: Places) => install(places),
  remove: (places: Places) => remove(places),
  addGatewayEntry: ({ gatewayFile }: Places, uid: number, lan: string) => addGatewayEntry(gatewayFile, uid, lan),
};

/** What such a client does. */
export type AskerProgram = typeof program;

answerParent(program);
