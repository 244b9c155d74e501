import { existsSync, readdirSync } from 'node:fs';

const INTERFACES = '/proc/sys/net/ipv4/conf';
/** No devices are at these. */
const OTHERS = /^(?:all|default|lo|lightspeed-.*)$/;

/**
 * Whether devices can be at an interface of this machine.
 * @param name checked, as it becomes a part of a path.
 * @returns what to tell if there is no such interface, with those that there are.
 */
export function missingInterface(name: string): string | undefined {
  if (!OTHERS.test(name) && existsSync(`${INTERFACES}/${name}`)) return undefined;
  const there = readdirSync(INTERFACES).filter((other) => !OTHERS.test(other));
  return `there is no interface ${name}; there are: ${there.join(', ') || 'none'}`;
}
