/**
 * A seeded network emulator without I/O on a virtual clock. It has loss, bursts of loss, delay, jitter, reordering,
 * duplication and a limited rate, the same every time for the same seed. `Netem` is one direction of a link,
 * `NetemLink` both, `Simulation` the clock that drives endpoints over them.
 */
export { NetemError } from './errors.ts';
export type { NetemErrorCode } from './errors.ts';
export { NetemLink } from './link.ts';
export { Netem } from './netem.ts';
export type { NetemStats } from './netem.ts';
export type { BurstLoss, Impairments, NetemOptions, OutageLoss, Policer } from './options.ts';
export { Random } from './random.ts';
export { Simulation } from './simulation.ts';
export type { Endpoint } from './simulation.ts';
