/**
 * Packets of the tunnel in captures, explained: what `lightspeed decode` is made of, for other programs (docs/protocol.md, Header). It
 * does no input or output.
 *
 * @module
 */
export { LinkType } from './capture-file/captured-frame.ts';
export type { CapturedFrame, FrameReader } from './capture-file/captured-frame.ts';
export { frameReaderFor } from './capture-file/frame-reader.ts';
export { FrameExplainer } from './explain-frame.ts';
export type { ExplainerOptions, FrameExplanation } from './explain-frame.ts';
export type { PacketExplanation } from './explain-packet.ts';
export type { Field } from './fields.ts';
export { packetsOf } from './packet-source.ts';
export type { InputPacket } from './packet-source.ts';
export { TextLayers } from './text-layers.ts';
export type { Layered } from './text-layers.ts';
export { TextReader } from './text-input/text-reader.ts';
export type { DumpedPacket } from './text-input/dumped-packet.ts';
