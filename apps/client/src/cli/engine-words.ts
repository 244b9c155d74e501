/** What users hear where datagrams are not moved as their platform promises. @param reason why, as `EngineChoice` says it */
export function fallbackText(reason: string): string {
  return `datagrams move one by one, which costs more: the batch engine cannot work here: ${reason}`;
}
