/**
 * End-to-end runs of LightSpeed on real sockets: a link that loses packets, a game with bots, load and attacks. The
 * programs are `demo.ts`, `soak.ts` and `teeworlds.ts`; this is what other tools want of them: links, nodes and other
 * programs in processes of their own, clients that register, network namespaces.
 *
 * @module
 */
export { LabError } from './errors.ts';
export type { LabErrorCode } from './errors.ts';
export { ForeignProcess } from './foreign-process.ts';
export { Issuer } from './issuer.ts';
export { LOOPBACK } from './loopback-socket.ts';
export { LossyLink } from './lossy-link.ts';
export type { LossyLinkOptions, LossyLinkStats } from './lossy-link.ts';
export { whyNoNamespaces } from './namespaces/availability.ts';
export { command } from './namespaces/command.ts';
export type { Namespace } from './namespaces/namespace.ts';
export { Network } from './namespaces/network.ts';
export { NodeProgram } from './node-program.ts';
export type { NodeProgramOptions } from './node-program.ts';
export { Registrants } from './soak/registrants.ts';
export type { RegisteredSession, RegistrantsPlan } from './soak/registrants.ts';
