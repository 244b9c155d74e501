import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { nodeConfig, startNode } from '@lightspeed/proxy';
import type { NodeSettings } from '@lightspeed/proxy';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ENGINES, testNode } from './support/scene.ts';

function starting(settings: NodeSettings): Promise<unknown> {
  return startNode(nodeConfig({ dataBind: '127.0.0.1:0', httpBind: 'off', controlBind: 'off', ...settings }));
}

describe.each(ENGINES)('a node over the %s engine', (io) => {
  it.each([1, 2])('names a data port that is in use, with %i workers', async (workers) => {
    const other = createSocket('udp4');
    onTestFinished(() => void other.close());
    other.bind(0, '127.0.0.1');
    await once(other, 'listening');
    const address = `127.0.0.1:${other.address().port}`;
    await expect(starting({ io, workers, dataBind: address })).rejects.toMatchObject({
      code: 'ERR_PROXY_PORT_IN_USE',
      message: `${address} (data plane) cannot be used: another program listens there (EADDRINUSE): end it, or choose another port; see --data-bind`,
    });
  });

  it("does not join another node's port", async () => {
    const { port } = (await testNode({ io, workers: 2 })).dataAddress;
    for (const workers of [1, 2]) {
      await expect(starting({ io, workers, dataBind: `127.0.0.1:${port}` })).rejects.toMatchObject({
        code: 'ERR_PROXY_PORT_IN_USE',
      });
    }
  });

  it('names an address that is not of this machine', async () => {
    await expect(starting({ io, dataBind: '192.0.2.250:4434' })).rejects.toMatchObject({
      code: 'ERR_PROXY_BIND',
      message:
        '192.0.2.250:4434 (data plane) cannot be used: this machine does not have that address (EADDRNOTAVAIL): choose one that it has; see --data-bind',
    });
    await expect(starting({ io, egressBind: '192.0.2.250' })).rejects.toMatchObject({
      code: 'ERR_PROXY_BIND',
      message:
        '192.0.2.250 (egress) cannot be used: this machine does not have that address (EADDRNOTAVAIL): choose one that it has; see --egress-bind',
    });
  });

  it('names a control port that another program has, in the same words', async () => {
    const other = createSocket('udp4');
    onTestFinished(() => void other.close());
    other.bind(0, '127.0.0.1');
    await once(other, 'listening');
    const controlBind = `127.0.0.1:${other.address().port}`;
    await expect(starting({ io, controlBind })).rejects.toMatchObject({
      code: 'ERR_PROXY_PORT_IN_USE',
      message: `${controlBind} (control plane) cannot be used: another program listens there (EADDRINUSE): end it, or choose another port; see --control-bind`,
    });
  });

  it('gives its data port back when HTTP cannot be had', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void other.close());
    await once(other, 'listening');
    const taken = `127.0.0.1:${(other.address() as AddressInfo).port}`;
    // Below the ports that systems choose themselves.
    const dataBind = io === 'batch' ? '127.0.0.1:23401' : '127.0.0.1:23402';
    await expect(starting({ io, dataBind, httpBind: taken })).rejects.toMatchObject({
      code: 'ERR_PROXY_PORT_IN_USE',
      message: `${taken} (HTTP) cannot be used: another program listens there (EADDRINUSE): end it, or choose another port; see --http-bind`,
    });
    await testNode({ io, dataBind });
  });
});
