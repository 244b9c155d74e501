import { ConfigError } from '../config/config-error.ts';

const SECONDS_PER: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 };

/** Reads `90s`, `15m`, `12h`, `30d`, `2w`. @returns seconds. @throws {ConfigError} */
export function parseDuration(flag: string, text: string): number {
  const [, count, unit] = /^([1-9]\d{0,5})([smhdw])$/.exec(text) ?? [];
  if (count === undefined) {
    throw new ConfigError(
      `${flag}: got ${JSON.stringify(text)}, allowed is a whole number from 1 to 999999 with s, m, h, d or w, for example 30d`,
    );
  }
  return Number(count) * SECONDS_PER[unit];
}
