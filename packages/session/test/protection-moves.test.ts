import { DEFAULT_PROTECTION, PeerCapability } from '@lightspeed/session';
import type { ProtectionSettings } from '@lightspeed/session';
import { firstBlock, readReportDelayMs } from '@lightspeed/wire';
import { describe, expect, it } from 'vitest';
import { MAX_REPORTED_DELAY_MS } from '../src/protection/loop/queueing-delay.ts';
import { SERVER } from './support/lstp-client.ts';
import type { LstpClient } from './support/lstp-client.ts';
import { CLIENT_IP, SECRET, SESSION_ID, clientAt, prove } from './support/proof-client.ts';
import { RelayHost } from './support/relay-host.ts';

describe('a client that moves', () => {
  it('is not told of a queue on its new way because that is longer', () => {
    const settings: ProtectionSettings = { ...DEFAULT_PROTECTION, mode: { kind: 'off' } };
    const host = new RelayHost({ admission: 'registered', protections: [settings] });
    const registration = { sessionId: SESSION_ID, prefixHigh: 0, prefixLow: CLIENT_IP, token: 9, dialect: 'standard' as const };
    host.relay.register({ ...registration, secret: SECRET, protection: settings, capabilities: PeerCapability.challenges });
    /** The delay of the next report, for data whose timestamps stand still: each way looks as if its queue grew. */
    const delayAt = (client: LstpClient) => {
      client.data('hello');
      host.takeToClients();
      host.fromServer(0, new Uint8Array(100), SERVER.ip, SERVER.port);
      const [{ bytes }] = host.takeToClients();
      return readReportDelayMs(bytes, firstBlock(bytes, 0));
    };
    const client = clientAt(host, '203.0.113.5:1', 9);
    prove(client, 9, 4n);
    expect(delayAt(client)).toBe(0);
    host.pass(1_000);
    expect(delayAt(client)).toBe(MAX_REPORTED_DELAY_MS);
    const moved = clientAt(host, '203.0.113.5:2', 9);
    moved.sequence = client.sequence;
    prove(moved, 9, 5n);
    host.pass(1_000);
    expect(delayAt(moved)).toBe(0);
  });
});
