import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Lets a user make a gateway of an interface without being root. @param file of the {@link Places} */
export function addGatewayEntry(file: string, uid: number, lan: string): void {
  const lines = new Set([...linesOf(file), `${uid} ${lan}`]);
  mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
  writeFileSync(`${file}.new`, [...lines].map((line) => `${line}\n`).join(''), { mode: 0o644 });
  renameSync(`${file}.new`, file);
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  } catch {
    return [];
  }
}
