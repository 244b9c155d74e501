/** Why a name could not be looked up, in words. */
export function explainLookup(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOTFOUND') return 'there is no such name (ENOTFOUND)';
  if (code === 'EAI_AGAIN') return 'the name service does not answer (EAI_AGAIN); is this machine online?';
  return code || String(error);
}
