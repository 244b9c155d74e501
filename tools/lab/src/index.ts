/**
 * End-to-end runs of LightSpeed on real sockets: a link that loses packets, a game with bots, load and attacks. The
 * programs are `demo.ts`, `soak.ts` and `teeworlds.ts`. This is what other tools want of them: links, nodes and other
 * programs in processes of their own, clients that register, network namespaces.
 *
 * @module
 */
export { ChildProgram, answerParent } from './child-program.ts';
export { LabError } from './errors.ts';
export type { LabErrorCode } from './errors.ts';
export { findProgram } from './find-program.ts';
export { ForeignProcess } from './foreign-process.ts';
export { Issuer } from './issuer.ts';
export type { FramingPlan } from './load/framing.ts';
export type { LoadTarget, WindowPlan } from './load/load-messages.ts';
export { LoadProcess } from './load/load-process.ts';
export { PAYLOAD_BYTES } from './load/payload.ts';
export { Registrants } from './load/registrants.ts';
export type { RegisteredSession, RegistrantsPlan } from './load/registrants.ts';
export type { WindowResult } from './load/window-run.ts';
export { LOOPBACK, freeLoopbackEndpoint } from './loopback-socket.ts';
export { LossyLink } from './lossy-link.ts';
export type { LossyLinkOptions, LossyLinkStats } from './lossy-link.ts';
export { command } from './namespaces/command.ts';
export { NodeProgram } from './node-program.ts';
export type { NodeProgramOptions } from './node-program.ts';
export { cpuNs, familyOf, residentBytes } from './process-usage.ts';
export { TemporaryFolder } from './temporary-folder.ts';
