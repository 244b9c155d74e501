import { once } from 'node:events';
import { formatIpv4 } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import { answerParent } from '../child-program.ts';
import { createLoopbackSocket } from '../loopback-socket.ts';
import type { AgentQuestion, EchoSources, PlayerStart, PlayersPlan } from './agent-messages.ts';
import { Player } from './player.ts';
import { probe } from './probe.ts';

/** Tunnels that start at the same time: each costs a thread. */
const AT_ONCE = 8;
const BUFFER_BYTES = 4 << 20;

let players: Player[] = [];
const sources: Record<string, number> = {};

answerParent(answer, async () => {
  await Promise.all(players.map((player) => player.close()));
});

async function answer(question: AgentQuestion): Promise<unknown> {
  switch (question.ask) {
    case 'echo':
      return echo(question.at);
    case 'play':
      return play(question.plan);
    case 'rebind':
      return void (await Promise.all(players.map((player) => player.rebind(question.local))));
    case 'mark':
      return Promise.all(players.map((player) => player.mark()));
    case 'sources':
      return sources satisfies EchoSources;
    case 'finish':
      return Promise.all(players.map((player) => player.finish()));
    case 'probe':
      return probe(question.plan);
  }
}

async function echo({ ip, port }: Endpoint): Promise<void> {
  const socket = createLoopbackSocket();
  socket.on('message', (bytes, from) => {
    const source = `${from.address}:${from.port}`;
    sources[source] = (sources[source] ?? 0) + 1;
    socket.send(bytes, from.port, from.address);
  });
  // It may be bound before `bind` returns.
  const listening = once(socket, 'listening');
  socket.bind(port, formatIpv4(ip));
  await listening;
  socket.setRecvBufferSize(BUFFER_BYTES);
}

async function play(plan: PlayersPlan): Promise<PlayerStart[]> {
  while (players.length < plan.players) {
    const more = Math.min(AT_ONCE, plan.players - players.length);
    players = [...players, ...(await Promise.all(Array.from({ length: more }, () => Player.start(plan))))];
  }
  return players.map(({ start }) => start);
}
