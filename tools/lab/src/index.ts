/**
 * End-to-end runs of LightSpeed on real sockets: a link that loses packets, a game with bots, load and attacks. The
 * programs are `demo.ts`, `soak.ts` and `teeworlds.ts`; this is what other tools may want of them.
 *
 * @module
 */
export { LabError } from './errors.ts'
export type { LabErrorCode } from './errors.ts'
export { LossyLink } from './lossy-link.ts'
export type { LossyLinkOptions, LossyLinkStats } from './lossy-link.ts'
