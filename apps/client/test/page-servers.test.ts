import { parseIpv4 } from '@lightspeed/wire';
import { describe, expect, it } from 'vitest';
import { PageServers } from '../src/cli/page-servers.ts';
import { Flow } from '../src/ingress/ingress.ts';
import { countByServer } from '../src/tunnel/flow-counts.ts';

const IP = parseIpv4('203.0.113.9') ?? 0;

function flowTo(port: number, up: number, down: number): Flow {
  const flow = new Flow(0, 1, 2, IP, port);
  flow.datagramsUp = up;
  flow.datagramsDown = down;
  return flow;
}

/** What is counted of these flows, of which the kernel carries those to one port. */
function counted(flows: readonly Flow[], kernelsPort = 0) {
  return countByServer({ each: (take) => flows.forEach(take) }, ({ destinationPort }) => destinationPort === kernelsPort);
}

describe('the game servers of the page', () => {
  it('have the datagrams of all their flows', () => {
    const servers = new PageServers('cs2');
    servers.add('203.0.113.9:27015', 'node', 'Quake');
    servers.count(counted([flowTo(27_015, 5, 3), flowTo(27_015, 1, 1), flowTo(9, 7, 7)]));
    expect(servers.flows([], 'fra-1', 'Frankfurt')).toMatchObject([
      { server: '203.0.113.9:27015', game: 'Quake', program: 'cs2', way: 'fra-1', region: 'Frankfurt', packetsUp: 6, packetsDown: 4 },
    ]);
  });

  it('have none where the kernel carries a flow: nobody has counted all of them', () => {
    const servers = new PageServers(null);
    servers.add('203.0.113.9:9', 'direct', null);
    servers.count(counted([flowTo(9, 1, 0)], 9));
    expect(servers.flows([], 'fra-1', 'Frankfurt')).toMatchObject([{ way: 'direct', region: null, packetsUp: null, packetsDown: null }]);
  });

  it('are as many as a person can look at', () => {
    expect(counted(Array.from({ length: 1_000 }, (_, port) => flowTo(port + 1, 1, 1)))).toHaveLength(256);
    const servers = new PageServers(null);
    for (let port = 1; port <= 1_000; port++) servers.add(`203.0.113.9:${port}`, 'node', null);
    expect(servers.flows([], 'fra-1', null)).toHaveLength(200);
  });
});
