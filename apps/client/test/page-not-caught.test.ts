import { expect, it } from 'vitest';
import { notCaughtBy } from '../src/cli/page-not-caught.ts';

const counts = { caught: 9, direct: 420, peers: 64, answersRefused: 0 };
const reasons = (...given: Parameters<typeof notCaughtBy>) => new Map(notCaughtBy(...given).map(({ what, why }) => [what, why]));

it('the page says what is left alone: direct flows and peers with their packets, others, ports, networks and nodes with reasons', () => {
  const left = notCaughtBy({ kind: 'run' }, ['192.0.2.10'], counts);
  expect(left.filter(({ packets }) => packets !== null).map(({ packets }) => packets)).toEqual([420, 64]);
  const why = reasons({ kind: 'run' }, ['192.0.2.10'], counts);
  expect(why.get('port 123')).toBe('NTP: a detour makes the clock wrong');
  expect(why.get('port 500')).toContain('VPN');
  expect(why.get('10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16')).toContain('private addresses');
  expect(why.get('192.0.2.10')).toBe('these are your nodes');
  expect(why.get('IPv6')).toBe('nodes reach game servers by IPv4 only');
  expect(why.get('programs that run already, and all others')).toBe('only the game and what it starts are caught');
  // Each reason once, however many ports have it.
  expect(left.filter(({ why }) => why.includes('system services'))).toHaveLength(1);
});

it('without figures of the helper nothing is claimed to be counted', () => {
  expect(notCaughtBy({ kind: 'run' }, [], undefined).every(({ packets }) => packets === null)).toBe(true);
});

it('a gateway names the devices that are caught', () => {
  const some = reasons({ kind: 'gateway', lan: 'eth1', devices: ['192.168.1.20'] }, [], counts);
  expect(some.get('all other devices')).toBe('only 192.168.1.20 is caught');
  expect(reasons({ kind: 'gateway', lan: 'eth1', devices: [] }, [], counts).has('all other devices')).toBe(false);
});
