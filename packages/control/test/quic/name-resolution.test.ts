import { lookup } from 'node:dns/promises';
import { connectControl } from '@lightspeed/control/quic';
import { expect, test, vi } from 'vitest';

vi.mock('node:dns/promises');

const connect = (timeoutMs: number) => connectControl({ host: 'node.example', port: 4434, verify: { kind: 'insecure' }, timeoutMs });

test('a name service that does not answer in time is named as what is missing, not the node', async () => {
  vi.mocked(lookup).mockReturnValue(new Promise(() => undefined));
  await expect(connect(20)).rejects.toMatchObject({
    code: 'ERR_QUIC_RESOLVE',
    message: 'node.example has no address: the name service does not answer',
  });
});

test('what the name service says is passed on', async () => {
  vi.mocked(lookup).mockRejectedValue(new Error('getaddrinfo ENOTFOUND node.example'));
  await expect(connect(60_000)).rejects.toMatchObject({
    code: 'ERR_QUIC_RESOLVE',
    message: 'node.example has no address: getaddrinfo ENOTFOUND node.example',
  });
});
