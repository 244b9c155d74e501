import { ClientError } from '../../base/errors.ts';

/** Longest packet or capture that a hexdump may hold. */
export const MAX_DUMPED_BYTES = 16 * 1024 * 1024;

/** What is thrown of text that cannot be read: `ERR_CLIENT_NOT_HEX`. */
export function notHex(message: string): ClientError {
  return new ClientError('ERR_CLIENT_NOT_HEX', message);
}

/** Text of strangers as an error shows it. */
export function shorten(word: string): string {
  return word.length > 40 ? `${word.slice(0, 40)}...` : word;
}
