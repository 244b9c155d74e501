import type { MacroData } from './macro-data.ts';

/** What no relay may do, whatever the load: to hand an answer to somebody else, or to hand it over twice. */
export function macroFaults({ loads }: MacroData): string[] {
  return loads.flatMap(({ plan, rows }) => {
    const at = `at ${plan.clients} clients and ${plan.ratePps} a second`;
    return rows.flatMap(({ relay, misdelivered, duplicates }) => [
      ...(misdelivered > 0 ? [`${relay} has handed ${misdelivered} answers to the wrong client ${at}`] : []),
      ...(duplicates > 0 ? [`${relay} has delivered ${duplicates} answers twice ${at}`] : []),
    ]);
  });
}
