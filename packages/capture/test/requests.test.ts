import { describe, expect, it } from 'vitest';
import { readRequest } from '../src/protocol.ts';

const ask = (request: object) => readRequest(JSON.stringify({ id: 7, ...request }));

describe('a request to the helper', () => {
  it.each([
    ['a run', { op: 'catch', version: 1, target: { kind: 'run' }, nodes: ['203.0.113.9'] }],
    ['a control group', { op: 'catch', version: 1, target: { kind: 'cgroup', path: 'user.slice/app-steam-1.scope' }, nodes: [] }],
    [
      'a gateway',
      { op: 'catch', version: 1, target: { kind: 'gateway', lan: 'eth0.7', devices: ['10.0.0.2', '00:1A:2b:3c:4d:5e'] }, nodes: [] },
    ],
    ['a process', { op: 'place', pid: 4711 }],
    ['a trial', { op: 'trial' }],
    ['counts', { op: 'counts' }],
    ['a socket that goes directly', { op: 'peers', source: { ip: '10.0.0.2', port: 5 } }],
    ['how long a flow is silent', { op: 'silence', flow: { source: { ip: '10.0.0.2', port: 5 }, server: { ip: '8.8.4.4', port: 1 } } }],
    ['an answer', { op: 'answer', flow: { source: { ip: '10.0.0.2', port: 5 }, server: { ip: '8.8.4.4', port: 65_535 } } }],
  ])('is read: %s', (_what, request) => {
    expect(ask(request)).toEqual({ id: 7, request });
  });

  it.each([
    ['an unknown one', { op: 'flush' }],
    ['a path that leaves the tree', { op: 'catch', version: 1, target: { kind: 'cgroup', path: '../..' }, nodes: [] }],
    ['a path with a quote', { op: 'catch', version: 1, target: { kind: 'cgroup', path: 'a" accept; "' }, nodes: [] }],
    ['an absolute path', { op: 'catch', version: 1, target: { kind: 'cgroup', path: '/a' }, nodes: [] }],
    ['an interface with a blank', { op: 'catch', version: 1, target: { kind: 'gateway', lan: 'eth0 eth1', devices: [] }, nodes: [] }],
    ['a device that is none', { op: 'catch', version: 1, target: { kind: 'gateway', lan: 'eth0', devices: ['0/0'] }, nodes: [] }],
    ['a node that is none', { op: 'catch', version: 1, target: { kind: 'run' }, nodes: ['relay.example'] }],
    ['too many nodes', { op: 'catch', version: 1, target: { kind: 'run' }, nodes: Array.from({ length: 65 }, () => '8.8.8.8') }],
    [
      'a version that is none, and cannot be made one',
      { op: 'catch', version: { valueOf: 1, toString: 2 }, target: { kind: 'run' }, nodes: [] },
    ],
    ['the first process', { op: 'place', pid: 1 }],
    ['a port that is none', { op: 'peers', source: { ip: '10.0.0.2', port: 65_536 } }],
    ['an IPv6 address', { op: 'peers', source: { ip: '::1', port: 5 } }],
  ])('is refused: %s', (_what, request) => {
    const { id, request: read, fault } = ask(request);
    expect([id, read]).toEqual([7, undefined]);
    expect(fault).toMatch(/\w/);
  });

  it.each(['', 'null', '[]', '{', '"text"'])('is refused: %j', (line) => {
    expect(readRequest(line)).toMatchObject({ id: 0, fault: expect.stringMatching(/\w/) as string });
  });
});
