const TLS_ALERT = 0x100;
const BAD_CERTIFICATE = 42;

/**
 * The code of a handshake's failure as QUIC sends it, 0x100 and a TLS alert, out of Deno's words for it, which are all that
 * it gives: `aborted by peer: the cryptographic handshake failed: error 120`. A certificate is not accepted with one of many
 * alerts, but always in the same words.
 */
export function tlsAlertOf(why: string): number | undefined {
  const alert = /\bcryptographic handshake failed: error (\d{1,3})\b/.exec(why)?.[1];
  if (alert === undefined) return undefined;
  return TLS_ALERT + (why.includes('invalid peer certificate') ? BAD_CERTIFICATE : Number(alert));
}
