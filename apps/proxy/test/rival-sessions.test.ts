import { ticketExtension } from '@lightspeed/control';
import type { NodeSettings, RunningNode } from '@lightspeed/proxy';
import { describe, expect, it } from 'vitest';
import { eventually } from './support/eventually.ts';
import { Control, playingClient, registeredClient } from './support/registered-client.ts';
import { registrarNode, testServer } from './support/scene.ts';
import { Issuer } from './support/tickets.ts';

const issuer = new Issuer();

function ticketNode(settings: NodeSettings = {}): Promise<RunningNode> {
  return registrarNode({ issuerKeys: [issuer.publicKey], ...settings });
}

/** Asks for a session. */
async function newcomer(node: RunningNode, ticket: Uint8Array): Promise<Control> {
  const control = await Control.connect(node);
  await control.register([ticketExtension.encode(ticket)]);
  return control;
}

describe('a client whose ticket has all its sessions', () => {
  it('takes the place of one that was killed', async () => {
    const node = await ticketNode({ httpBind: '127.0.0.1:0' });
    const ticket = issuer.ticket({ maxSessions: 1 });
    const killed = await playingClient(node, { ticket });
    killed.control.isGone = true;
    const { ack } = await registeredClient(node, { ticket });
    expect(ack.sessionId).not.toBe(killed.ack.sessionId);
    await killed.next('fin');
    await eventually(() => expect(node.stats().relay.registrations).toBe(1));
    expect(killed.control.pings).toBe(1);
    expect((await killed.control.refusal())[1]).toBe('it did not answer, and another client with its ticket has taken its place');
    const { host = '', port = 0 } = node.httpAddress ?? {};
    const page = await (await fetch(`http://${host}:${port}/metrics`)).text();
    expect(page).toContain('lightspeed_registrations_ended_total{why="displaced"} 1');
  });

  it('does not throw out one that answers, and hears whose session it is', async () => {
    const node = await ticketNode();
    const server = await testServer();
    const ticket = issuer.ticket({ maxSessions: 1 });
    const first = await playingClient(node, { ticket });
    const second = await newcomer(node, ticket);
    expect((await second.refusal())[1]).toMatch(
      /^the ticket has as many sessions as it may have at once; it is used from 127\.0\.0\.0\/24 since \d{4}-\d\d-\d\d \d\d:\d\d UTC, until that client ends or answers no more$/,
    );
    await first.roundTrip(server.endpoint, 'still here');
  });

  it('does not throw out one whose packets come, though it does not answer', async () => {
    const node = await ticketNode();
    const server = await testServer();
    const ticket = issuer.ticket({ maxSessions: 1 });
    const first = await playingClient(node, { ticket });
    first.control.isGone = true;
    const second = await newcomer(node, ticket);
    for (let packet = 0; second.said.length === 0; packet++) await first.roundTrip(server.endpoint, `${packet}`);
    expect((await second.refusal())[0]).toBe('rate_limited');
    await first.roundTrip(server.endpoint, 'still here');
  });

  it('throws out one of two that are gone, if two come at once for one of which there is room', async () => {
    const node = await ticketNode();
    const ticket = issuer.ticket({ maxSessions: 2 });
    const killed = [await playingClient(node, { ticket }), await playingClient(node, { ticket })];
    for (const { control } of killed) control.isGone = true;
    const newcomers = await Promise.all([newcomer(node, ticket), newcomer(node, ticket)]);
    const answers = newcomers.map(({ said }) => said);
    await eventually(() => expect(answers.every((said) => said.length > 0)).toBe(true));
    expect(answers.map(([{ type }]) => type).toSorted()).toEqual(['disconnect', 'register_ack']);
    await eventually(() => expect(node.stats().relay.registrations).toBe(2));
  });

  it('hears how long a session lasts whose control connection was lost', async () => {
    const node = await ticketNode();
    const ticket = issuer.ticket({ maxSessions: 1 });
    const first = await playingClient(node, { ticket });
    await first.control.connection.close();
    await eventually(async () => {
      const [, words] = await (await newcomer(node, ticket)).refusal();
      expect(words).toMatch(
        /; it is used from 127\.0\.0\.0\/24, whose control connection was lost \d+ s ago; that session ends in [23]\d s, or in [23]\d\d s while packets come$/,
      );
    });
  });
});

it('without a ticket that counts, nobody is asked whether he is there', async () => {
  const node = await ticketNode();
  const first = await playingClient(node, { ticket: issuer.ticket({ maxSessions: 1 }) });
  const expired = issuer.ticket({ maxSessions: 1, expiresAt: Math.floor(Date.now() / 1_000) - 1 });
  for (const ticket of [expired, new Issuer().ticket(), issuer.ticket({ maxSessions: 1 })]) {
    const { said } = await newcomer(node, ticket);
    await eventually(() => expect(said.length).toBeGreaterThan(0));
  }
  expect(first.control.pings).toBe(0);
});
