import { WayChooser } from '@lightspeed/choice';
import { parseIpv4 } from '@lightspeed/wire';
import { expect, it } from 'vitest';
import { NEVER_NETWORKS, neverByPort } from '../src/profiles/never-by-node.ts';

const chooser = new WayChooser({ nodes: ['relay.example.net:4433'], never: NEVER_NETWORKS });

it.each([
  ['Valve’s relays', '155.133.224.0', 27_015, 'sdr'],
  ['the last address of its network', '155.133.255.255', 27_030, 'sdr'],
  ['what comes behind it', '155.134.0.0', 27_015, 'no-evidence'],
  ['another network of it', '208.78.167.255', 27_015, 'sdr'],
  ['a beacon of GameLift', '3.120.1.2', 7_770, 'beacon'],
  ['a beacon of PlayFab', '20.1.2.3', 3_075, 'beacon'],
  ['STUN', '203.0.113.9', 3_478, 'stun'],
  ['STUN of WebRTC', '203.0.113.9', 19_309, 'stun'],
  ['a game server', '203.0.113.9', 27_015, 'no-evidence'],
  ['a port between those of STUN', '203.0.113.9', 3_482, 'no-evidence'],
] as const)('%s: %s port %d is %s', (_what, address, serverPort, reason) => {
  const serverIp = (parseIpv4(address) ?? 0) >>> 0;
  const decision = chooser.decide({ serverIp, serverPort, never: neverByPort(serverPort) }, 0);
  expect(decision).toMatchObject({ way: 'direct', reason });
});
