import { z } from 'zod';
import { messageOf } from '../base/node-error.ts';

const anyFormat = z.object({ format: z.int() });

/**
 * Reads a file of the state folder. Such files are JSON and tell their format, which is theirs alone.
 * @param format the one that this version writes, and that is taken for a file that tells none.
 * @throws {SyntaxError} with one line about the first fault: a file of another format has one for each entry.
 */
export function parseStateFile<Output>(text: string, format: number, schema: z.ZodType<Output>): Output {
  const json = parseJson(text);
  const { format: told = format } = anyFormat.safeParse(json).data ?? {};
  if (told !== format) {
    const whose = told > format ? 'a newer' : 'an older';
    throw new SyntaxError(`they have format ${told}, of ${whose} version of the program; this version reads format ${format}`);
  }
  const { success, data, error } = schema.safeParse(json);
  if (success) return data;
  const [{ path, message }] = error.issues;
  throw new SyntaxError(path.length === 0 ? message : `${path.join('.')}: ${message}`);
}

/** The engine's message has a piece of the text, with its ends of lines. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SyntaxError(messageOf(cause).replaceAll(/\s+/g, ' '), { cause });
  }
}
