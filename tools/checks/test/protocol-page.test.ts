import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { codeBlocks } from './support/markdown.ts';
import { workspaceRoot } from '../src/workspace-root.ts';

const read = (path: string): string => readFileSync(join(workspaceRoot, path), 'utf8');
const bytesOf = (hex: string): string => hex.replace(/\s/g, '').toUpperCase();

const shown = codeBlocks(read('docs/protocol.md'))
  .filter(({ language }) => language === 'hex')
  .map(({ code }) => bytesOf(code));

test('every valid packet of the test vectors stands on the protocol page', () => {
  const { valid } = JSON.parse(read('packages/wire/test/vectors/packets.json')) as { valid: { name: string; hex: string }[] };
  const missing = valid.filter(({ hex }) => !shown.some((bytes) => bytes.includes(bytesOf(hex))));

  expect(missing.map(({ name }) => name)).toEqual([]);
});

test('every packet with a tag stands on the protocol page, tagged, and so do the keys', () => {
  const { packets } = JSON.parse(read('packages/wire/test/vectors/tags.json')) as { packets: { tagged: string }[] };
  const { vectors } = JSON.parse(read('packages/security/test/vectors/tag-keys.json')) as { vectors: { up: string; down: string }[] };

  expect(packets.filter(({ tagged }) => !shown.some((bytes) => bytes.includes(bytesOf(tagged))))).toEqual([]);
  expect(vectors.some(({ up, down }) => shown.includes(bytesOf(up + down)))).toBe(true);
});

test('every control message on the protocol page is one of the test vectors', () => {
  const { vectors } = JSON.parse(read('packages/control/test/vectors/messages.json')) as { vectors: { hex: string }[] };
  const known = vectors.map(({ hex }) => bytesOf(hex));
  const frames = codeBlocks(read('docs/protocol.md'))
    .filter(({ language, code }) => language === 'hex' && code.startsWith('00 '))
    .flatMap(({ code }) => code.split('\n').map(bytesOf));

  expect(frames.length).toBeGreaterThan(0);
  expect(frames.filter((frame) => !known.includes(frame))).toEqual([]);
});

test('the invitation on the protocol page is a test vector', () => {
  const { valid } = JSON.parse(read('packages/security/test/vectors/invitations.json')) as { valid: { text: string }[] };
  const blocks = codeBlocks(read('docs/protocol.md')).map(({ code }) => code.trim());

  expect(valid.some(({ text }) => blocks.includes(text))).toBe(true);
});

test('the proofs, the challenge and the ticket on the protocol page are test vectors, the ticket in both its forms', () => {
  const proofs = JSON.parse(read('packages/security/test/vectors/proofs.json')) as {
    valid: { packet: string }[];
    answering: { packet: string; challenge: string }[];
  };
  const tickets = JSON.parse(read('packages/security/test/vectors/tickets.json')) as {
    publicKeyText: string;
    valid: { bytes: string; text: string }[];
  };
  const [ticket] = tickets.valid.filter(({ bytes }) => shown.includes(bytesOf(bytes)));

  expect(proofs.valid.some(({ packet }) => shown.includes(bytesOf(packet)))).toBe(true);
  expect(proofs.answering.some(({ packet, challenge }) => [packet, challenge].every((hex) => shown.includes(bytesOf(hex))))).toBe(true);
  expect(ticket).toBeDefined();
  expect(codeBlocks(read('docs/protocol.md')).map(({ code }) => code.trim())).toContain(ticket?.text);
  expect(read('docs/protocol.md')).toContain(tickets.publicKeyText);
});
