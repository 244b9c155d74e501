import type { Milliseconds, Port } from '@lightspeed/wire';

/* What the data-plane thread and the main thread say to each other about flows whose ways are the main thread's to say. */

/** From the data-plane thread. */
export type FlowMessage =
  /** A flow has opened for which no rule has a way. */
  | {
      readonly type: 'flow-opened';
      readonly id: number;
      /** IPv4 address, unsigned. */
      readonly serverIp: number;
      readonly serverPort: Port;
      /** The program's, as `serverIp`: it means something only where the kernel carries the flow. */
      readonly sourceIp: number;
      readonly sourcePort: Port;
      /** If it goes directly, the kernel carries it: it cannot move then, and nobody sees the server's answers. */
      readonly isKernelDirect: boolean;
    }
  /** The server has answered for the first time. */
  | { readonly type: 'flow-answered'; readonly id: number }
  /** It has ended, and was silent for so long before. */
  | { readonly type: 'flow-closed'; readonly id: number; readonly idleMs: Milliseconds };

/** From the main thread: which way a flow goes. */
export interface FlowCommand {
  readonly type: 'flow-way';
  readonly id: number;
  /** A node's slot, or one of the numbers of way-policy.ts. */
  readonly way: number;
  /** Also if the server has answered already: its way is dead. */
  readonly isForced: boolean;
}
