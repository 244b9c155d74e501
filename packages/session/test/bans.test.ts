import { describe, expect, it } from 'vitest';
import { PeerCapability } from '@lightspeed/session';
import { tagKeys } from '@lightspeed/security';
import { hmacSha256 } from '@lightspeed/security/node';
import { TunnelHeader } from '@lightspeed/wire';
import { LstpClient, OTHER_SERVER, PROGRAM, SERVER } from './support/lstp-client.ts';
import { CLIENT_IP, SECRET, SESSION_ID, clientAt, proof, prove } from './support/proof-client.ts';
import { RelayHost } from './support/relay-host.ts';
import { BOTH, HOME, UNLIMITED, sealed } from './support/tagging-client.ts';

const UNPROVEN = '192.0.2.1:2';
/** The second new destination earns a ban. */
const STRICT = { ...UNLIMITED, maxDestinationsPerWindow: 1, fullWindowsToBan: 1 };

function registered(capabilities: number) {
  const host = new RelayHost(STRICT);
  const token = host.register({ sessionId: SESSION_ID, ip: CLIENT_IP, dialect: 'standard', secret: SECRET, capabilities });
  return { host, token };
}

/** A registered client that has proved itself, and stands at the edge of a ban. */
function playing(capabilities: number = PeerCapability.challenges) {
  const { host, token } = registered(capabilities);
  const client = clientAt(host, HOME, token);
  prove(client, token, 1n);
  client.data('x', SERVER);
  return { host, token, client };
}

function guessWrong(host: RelayHost, token: number): void {
  clientAt(host, HOME, (token % 255) + 1).data('guess');
}

describe('who opens too many new destinations', () => {
  it('is reported as who registered, and no address is banned', () => {
    const { host, client } = playing();
    client.data('x', OTHER_SERVER);
    expect([host.misusedSessions, host.bannedAddresses, host.relay.sessionCount]).toEqual([[SESSION_ID], [], 0]);
  });

  it('is reported likewise when it names an address as its own that has not shown that it receives', () => {
    const { host, token } = registered(PeerCapability.challenges);
    const client = clientAt(host, UNPROVEN, token);
    client.raw(proof(token, 1n));
    client.data('x', SERVER);
    client.data('x', OTHER_SERVER);
    expect([host.misusedSessions, host.bannedAddresses, host.relay.sessionCount]).toEqual([[SESSION_ID], [], 0]);
  });

  it('is only refused while others may have sent it in his name, who have tried tokens', () => {
    const { host, token, client } = playing();
    guessWrong(host, token);
    client.data('guessed', OTHER_SERVER);
    expect([host.misusedSessions, host.bannedAddresses, host.relay.sessionCount]).toEqual([[], [], 1]);
    expect(host.drops()).toEqual({ 'client:bad_token': 1, 'client:reflection': 1 });
  });

  it('is only refused while its session knows it by address and token, which others may have guessed', () => {
    const { host, token } = registered(0);
    const client = clientAt(host, HOME, token);
    client.send(TunnelHeader.handshake(0, 1));
    client.data('x', SERVER);
    client.data('x', OTHER_SERVER);
    expect([host.misusedSessions, host.bannedAddresses, host.relay.sessionCount]).toEqual([[], [], 1]);
  });

  it('is asked for tags if it can have them, and reported for what bears one, whatever else has come in its name', () => {
    const { host, token, client } = playing(BOTH);
    for (let i = 0; i < 3; i++) client.data('guessed at once', OTHER_SERVER);
    expect([host.misusedSessions, host.taggings, host.relay.sessionCount]).toEqual([[], [SESSION_ID], 1]);
    guessWrong(host, token);
    const own = TunnelHeader.data(client.sequence, 1, PROGRAM, OTHER_SERVER).withSessionToken(token).encode();
    client.raw(sealed(own, tagKeys(SECRET, SESSION_ID, 1n, hmacSha256).up));
    expect([host.misusedSessions, host.bannedAddresses, host.relay.sessionCount]).toEqual([[SESSION_ID], [], 0]);
    expect(host.count('bans')).toBe(1);
  });

  it('is banned by address at an open node, if that is validated and nobody has tried tokens', () => {
    const banned = [false, true].map((isGuessed) => {
      const host = new RelayHost({ ...STRICT, admission: 'open' });
      const client = new LstpClient(host).open();
      client.data('x', SERVER);
      const stranger = new LstpClient(host);
      stranger.token = (client.token % 255) + 1;
      if (isGuessed) stranger.data('guess');
      client.data('x', OTHER_SERVER);
      return host.bannedAddresses.length;
    });
    expect(banned).toEqual([1, 0]);
    const host = new RelayHost({ ...STRICT, admission: 'open' });
    const plain = new LstpClient(host).openPlainly();
    plain.data('x', SERVER);
    plain.data('x', OTHER_SERVER);
    expect(host.bannedAddresses).toEqual([]);
  });
});
