import type { Dialect } from '@lightspeed/wire';
import { BodyWriter } from './body-writer.ts';
import { ControlError } from './control-error.ts';
import { disconnectCode } from './disconnect-reason.ts';
import { writeExtensions } from './extension.ts';
import { MessageType } from './message.ts';
import type { OutgoingMessage } from './message.ts';

/** Messages that dialect `reference` does not have. */
const STANDARD_ONLY: ReadonlySet<OutgoingMessage['type']> = new Set(['tags', 'report', 'probe', 'probe_result']);

/**
 * A message as the frame `[length u16][type u8][body]`, length counting type and body (docs/protocol.md, Control plane).
 *
 * Dialect `reference` has no extensions: they are left out, which is what a peer that does not know them does too.
 *
 * @returns a fresh array of 3 to 4,098 bytes
 * @throws {ControlError} when the message cannot be said in `dialect`; see {@link ControlErrorCode}
 */
export function encode(message: OutgoingMessage, dialect: Dialect): Uint8Array {
  if ('dialect' in message && message.dialect !== dialect) {
    throw new ControlError('ERR_CONTROL_DIALECT_MISMATCH', `a ${message.type} of dialect ${message.dialect} in dialect ${dialect}`);
  }
  if (STANDARD_ONLY.has(message.type) && dialect === 'reference') {
    throw new ControlError('ERR_CONTROL_DIALECT_MISMATCH', `a ${message.type} message in dialect reference, which has none`);
  }
  const body = new BodyWriter();
  writeFixedFields(body, message, dialect);
  if (dialect === 'standard' && 'extensions' in message) writeExtensions(body, message.extensions ?? []);
  return body.finish();
}

function writeFixedFields(body: BodyWriter, message: OutgoingMessage, dialect: Dialect): void {
  switch (message.type) {
    case 'ping':
      body.u8('type', MessageType.ping);
      body.u64('timestampUs', message.timestampUs);
      return;
    case 'pong':
      body.u8('type', MessageType.pong);
      body.u64('echoedTimestampUs', message.echoedTimestampUs);
      body.u64('serverTimestampUs', message.serverTimestampUs);
      return;
    case 'register':
      body.u8('type', MessageType.register);
      if (message.dialect === 'reference') {
        body.u8('protocolVersion', message.protocolVersion);
        body.u8('gameId', message.gameId);
        return;
      }
      body.u8('gameId', message.gameId);
      if (message.clientVersion === '') throw new ControlError('ERR_CONTROL_VERSION_EMPTY', 'clientVersion must not be empty');
      body.str8('clientVersion', message.clientVersion);
      return;
    case 'register_ack':
      body.u8('type', MessageType.registerAck);
      body.u32('sessionId', message.sessionId);
      body.u8('token', message.token);
      body.str8('nodeId', message.nodeId);
      body.str8('region', message.region);
      return;
    case 'disconnect':
      body.u8('type', MessageType.disconnect);
      body.u8('reason', typeof message.reason === 'number' ? message.reason : disconnectCode(message.reason, dialect));
      return;
    case 'server_info':
      body.u8('type', MessageType.serverInfo);
      if (message.dialect === 'reference') {
        body.u8('loadPercent', message.loadPercent);
        body.u32('activeSessions', message.activeSessions);
        body.u32('capacity', message.capacity);
        return;
      }
      body.str8('nodeId', message.nodeId);
      body.str8('region', message.region);
      body.u8('loadPercent', message.loadPercent);
      body.str8('version', message.version);
      return;
    case 'tags':
      body.u8('type', MessageType.tags);
      body.u32('sessionId', message.sessionId);
      return;
    case 'report':
      body.u8('type', MessageType.report);
      body.u32('sessionId', message.sessionId);
      body.u32('expected', message.expected);
      body.u32('received', message.received);
      body.u32('late', message.late);
      body.u32('recovered', message.recovered);
      return;
    case 'probe':
      body.u8('type', MessageType.probe);
      body.u32('requestId', message.requestId);
      body.u32('ip', message.ip);
      body.u16('port', message.port);
      body.u8('kind', message.kind);
      body.u8('count', message.count);
      body.u16('spacingMs', message.spacingMs);
      body.u16('maxAgeSecs', message.maxAgeSecs);
      return;
    case 'probe_result':
      body.u8('type', MessageType.probeResult);
      body.u32('requestId', message.requestId);
      body.u8('refusal', message.refusal);
      body.u16('ageSecs', message.ageSecs);
      body.u32('origin', message.origin);
      body.u8('number of samples', message.samplesUs.length);
      for (const sampleUs of message.samplesUs) body.u32('sampleUs', sampleUs);
  }
}
