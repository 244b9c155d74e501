/**
 * The control messages of LightSpeed, which a client and a node exchange beside the packets of the game. {@link encode}
 * and {@link decode} turn them into bytes and back. {@link FrameReader} and {@link readFrom} take them out of a stream,
 * and {@link writeTo} puts them into one. Both dialects of the protocol are supported. Knows no transport and does no
 * I/O of its own.
 *
 * @module
 */
export { ControlError } from './control-error.ts';
export type { ControlErrorCode } from './control-error.ts';
export { decode } from './decode.ts';
export type { DecodingDialect } from './decode.ts';
export { DISCONNECT_REASONS, disconnectCode, disconnectReason } from './disconnect-reason.ts';
export type { DisconnectReason } from './disconnect-reason.ts';
export { encode } from './encode.ts';
export type { Extension } from './extension.ts';
export {
  dataAddressExtension,
  dataAddressV6Extension,
  egressAddressExtension,
  observedAddressExtension,
  observedAddressV6Extension,
} from './address-extensions.ts';
export type { ExtensionCodec } from './extension-codec.ts';
export { ExtensionId } from './extension-id.ts';
export {
  capabilitiesExtension,
  Capability,
  drainingExtension,
  keepaliveIntervalExtension,
  limitsExtension,
  loadExtension,
  reasonTextExtension,
  refusalCodeExtension,
  RESUME_TAG_BYTES,
  resumeExtension,
  resumeMessage,
  SESSION_SECRET_BYTES,
  sessionSecretExtension,
  ticketExtension,
} from './extension-values.ts';
export type { NodeLoad, ResumeRequest, SessionLimits } from './extension-values.ts';
export { FrameReader } from './frame-reader.ts';
export { KEEPALIVE_SLOT_MS, msUntilKeepalive } from './keepalive-times.ts';
export type { KeepaliveTimes } from './keepalive-times.ts';
export { gameById, gameByKey, GAMES } from './game.ts';
export type { Game } from './game.ts';
export { MAX_FRAME_BYTES, MAX_MESSAGE_BYTES } from './frame-size.ts';
export { MessageType, REFERENCE_PROTOCOL_VERSION } from './message.ts';
export type {
  ControlMessage,
  Disconnect,
  OutgoingMessage,
  Ping,
  Pong,
  Probe,
  ProbeResult,
  ReferenceRegister,
  ReferenceServerInfo,
  Register,
  RegisterAck,
  Report,
  ServerInfo,
  StandardRegister,
  StandardServerInfo,
  Tags,
  UnknownMessage,
} from './message.ts';
export { PROBE_KIND_CODES, PROBE_LOST, PROBE_REFUSAL_CODES, probeRefusalName } from './probe-codes.ts';
export type { ProbeRefusal } from './probe-codes.ts';
export type { Refusal, RefusalCode } from './refusal.ts';
export { MAX_REFUSED_ENTRIES, REFUSED_REASONS, refusedDestinationsExtension, refusedPacketsExtension } from './report-extensions.ts';
export type { RefusedDestination, RefusedPackets, RefusedReason } from './report-extensions.ts';
export { readFrom, writeTo } from './message-transfer.ts';
export type { ByteWriter } from './message-transfer.ts';
export { probeOriginsExtension, probedRoutersExtension } from './probe-extensions.ts';
export { protectionExtension } from './protection-extension.ts';
export type { ProtectionOffer } from './protection-extension.ts';
