/**
 * End-to-end runs of LightSpeed on real sockets: a link that loses packets, a game with bots, load and attacks. The
 * programs are `demo.ts` and `soak.ts`. This is what other tools want of them: links, nodes and other programs in
 * processes of their own, clients that register.
 *
 * @module
 */
export type { CaptureFigures, KillFigures, LoadFigures } from './capture-figures.ts';
export { LabError, readOptions, reasonOf } from './errors.ts';
export { command, ForeignProcess } from './foreign-process.ts';
export { findProgram } from './find-program.ts';
export { startPlayers } from './game/player-process.ts';
export type { PlayerProcess } from './game/player-process.ts';
export { Issuer } from './issuer.ts';
export { temporaryFolder } from './leftovers.ts';
export type { LoadTarget } from './load/generator-main.ts';
export type { RegisteredSession } from './load/registrant.ts';
export { startLoad, startRegistrants } from './load/processes.ts';
export type { LoadProcess, Registrants } from './load/processes.ts';
export type { WindowPlan } from './load/schedule.ts';
export type { WindowResult } from './load/window-run.ts';
export { LOOPBACK, freeLoopbackEndpoint, openLoopbackSocket } from './loopback-socket.ts';
export { LossyLink } from './lossy-link.ts';
export { NodeProgram } from './node-program.ts';
export type { NodeProgramOptions } from './node-program.ts';
export { cpuNs, residentBytes } from './process-usage.ts';
export { watch } from './watch.ts';
