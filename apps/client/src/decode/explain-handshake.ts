import { ProtectionForm } from '@lightspeed/session';
import type { FieldReader } from './fields.ts';

/** `LSRP`, and the version 1, of terms of protection (docs/protocol.md, Blocks). */
const TERMS_START = [0x4c, 0x53, 0x52, 0x50, 0x01];
/** Payloads of HANDSHAKE packets (docs/protocol.md, Registered clients, Path validation). */
const CHALLENGE_BYTES = 8;
const CHALLENGE_AND_NONCE_BYTES = 16;
const PROOF_BYTES = 28;
const ANSWERING_PROOF_BYTES = 36;
const PROOF_TAG_BYTES = 16;

const FORM_NAMES: readonly (readonly [number, string])[] = [
  [ProtectionForm.repeat, 'repeats'],
  [ProtectionForm.xor, 'XOR'],
  [ProtectionForm.request, 'requests'],
  [ProtectionForm.report, 'reports'],
];
const ALL_FORMS = FORM_NAMES.reduce((bits, [bit]) => bits | bit, 0);

/**
 * Reads the payload of a HANDSHAKE: terms of protection, a challenge, or a proof.
 * @returns whether it is one of these; if not, nothing was read.
 */
export function readHandshake(reader: FieldReader): boolean {
  switch (reader.left) {
    case CHALLENGE_BYTES:
      if (beginsWithTerms(reader)) readTerms(reader);
      else readChallenge(reader, 'asked for, or sent back');
      return true;
    case CHALLENGE_AND_NONCE_BYTES:
      readChallenge(reader, 'which the next proof answers');
      reader.wide(8, 'opening nonce', 'of the proof that opened the session');
      return true;
    case PROOF_BYTES:
    case ANSWERING_PROOF_BYTES:
      readProof(reader);
      return true;
    default:
      return false;
  }
}

function readProof(reader: FieldReader): void {
  const answers = reader.left === ANSWERING_PROOF_BYTES;
  reader.number(4, 'session id', () => 'of the registration');
  reader.wide(8, 'nonce', 'a higher one with each proof');
  if (answers) readChallenge(reader, 'which this proof answers');
  reader.raw(PROOF_TAG_BYTES, 'proof', 'made with the secret of the session; not checked');
}

function readChallenge(reader: FieldReader, meaning: string): void {
  const at = reader.bytes.length - reader.left;
  const isZero = reader.bytes.subarray(at, at + CHALLENGE_BYTES).every((byte) => byte === 0);
  reader.wide(CHALLENGE_BYTES, 'challenge', isZero ? 'none: asks for one, or says that none is needed' : meaning);
}

function readTerms(reader: FieldReader): void {
  reader.raw(TERMS_START.length - 1, 'terms', 'of protection: "LSRP"');
  reader.number(1, 'terms version', () => '');
  reader.number(1, 'forms', formsInWords);
  reader.number(1, 'deadline', () => 'what comes later is of no use any more', ' ms');
  reader.number(1, 'budget', () => "of the payloads' bytes, for redundancy", ' %');
}

function formsInWords(forms: number): string {
  const names = FORM_NAMES.filter(([bit]) => (forms & bit) !== 0).map(([, name]) => name);
  const rest = forms & ~ALL_FORMS;
  if (rest !== 0) names.push(`0x${rest.toString(16)} (unknown)`);
  return names.length === 0 ? 'none: no blocks' : names.join(', ');
}

function beginsWithTerms(reader: FieldReader): boolean {
  const at = reader.bytes.length - reader.left;
  return TERMS_START.every((byte, index) => reader.bytes[at + index] === byte);
}
