import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { missingInterface } from '../base/interfaces.ts';

/*
 * What a router needs: it forwards IPv4 packets, and does not tell the devices of the LAN to take another router. What was changed is
 * given back by a shell of its own, when its standard input is closed: also when this process is killed.
 */

/** Settings that were changed. */
export interface Forwarding {
  /** Gives back what was there before. */
  end(): Promise<void>;
}

/**
 * @param lan an interface: its name was checked.
 * @throws {Error} if the machine has no such interface.
 */
export function startForwarding(lan: string): Forwarding {
  const wanted: readonly (readonly [string, string])[] = [
    ['/proc/sys/net/ipv4/ip_forward', '1'],
    // The higher of the two counts.
    ['/proc/sys/net/ipv4/conf/all/send_redirects', '0'],
    [`/proc/sys/net/ipv4/conf/${lan}/send_redirects`, '0'],
  ];
  const missing = missingInterface(lan);
  if (missing !== undefined) throw new Error(missing);
  const changed = wanted.filter(([path, value]) => readFileSync(path, 'utf8').trim() !== value);
  // Turning forwarding on or off sets other settings anew: so the first is given back first, as it was set first.
  const back = changed.map(([path]) => `echo ${readFileSync(path, 'utf8').trim()} > ${path}`);
  if (changed.length === 0) return { end: () => Promise.resolve() };
  const child: ChildProcess = spawn('/bin/sh', ['-c', `trap '' INT TERM HUP; read -r _; ${back.join('; ')}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  const over = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  for (const [path, value] of changed) writeFileSync(path, value);
  return {
    end: async () => {
      child.stdin?.end();
      await over;
    },
  };
}
