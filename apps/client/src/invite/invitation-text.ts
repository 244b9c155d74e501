import { INVITATION_SCHEME, parseInvitation } from '@lightspeed/security';
import type { Invitation, InvitationRefusal } from '@lightspeed/security';
import { sha256 } from '@lightspeed/security/node';
import { printable } from '../base/printable.ts';
import { joinedLines } from './pasted-text.ts';

/** More than any mail around an invitation. */
export const MAX_TEXT_LENGTH = 65_536;
const MOST_SHOWN = 60;
/** What may stand in front of an invitation, on the same line. */
const BEFORE = /(?:^|[\s"'`<>“”‘’„‚«»‹›(:])$/;

/**
 * The invitation in a text as people get it: wrapped by mail, quoted, in quotation marks, within a sentence. Lines are joined as far
 * as the invitation goes.
 * @returns the only one, or what is wrong; safe to print.
 */
export function invitationIn(text: string): Invitation | InvitationRefusal {
  if (text.length > MAX_TEXT_LENGTH) {
    return { type: 'refused', code: 'too_long', text: `the text is ${text.length} characters long; allowed are ${MAX_TEXT_LENGTH}` };
  }
  const begin = text.indexOf(INVITATION_SCHEME);
  if (begin < 0 || !BEFORE.test(text.slice(0, begin))) return noInvitation(text);
  if (text.indexOf(INVITATION_SCHEME, begin + 1) >= 0) {
    return { type: 'refused', code: 'not_an_invitation', text: `there is more than one ${INVITATION_SCHEME}; take one at a time` };
  }
  const results = joinedLines(text.slice(begin)).map((candidate) => parseInvitation(candidate, sha256));
  // Of the refusals, that of the first line says the most, unless it only ends too early.
  return results.find(({ type }) => type === 'invitation') ?? results.find(isNotJustCut) ?? results[0];
}

function isNotJustCut(result: Invitation | InvitationRefusal): boolean {
  return result.type === 'refused' && result.code !== 'damaged' && result.code !== 'node';
}

function noInvitation(text: string): InvitationRefusal {
  const shown = printable(text.trim().slice(0, MOST_SHOWN));
  const got = shown === '' ? 'nothing' : `"${shown}${text.trim().length > MOST_SHOWN ? '…' : ''}"`;
  return { type: 'refused', code: 'not_an_invitation', text: `got ${got}; allowed is a line that begins with ${INVITATION_SCHEME}v1/` };
}
