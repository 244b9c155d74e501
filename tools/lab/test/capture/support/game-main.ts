import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { GameAddress, Match, MatchReport } from './matchmaking.ts';

/** `game-main.ts MATCHMAKER PORT [MATCH]`: plays the match that the matchmaker names, and prints a {@link MatchReport}. */

/** How long answers are waited for that are still to come: a busy machine may stand still for a while. */
const LATE_MS = 5_000;
const BROWSED = 'browse';
const IPV6_DATAGRAMS = 10;

const [, , matchmaker, port, given] = process.argv;
const match = given === undefined ? await findMatch() : (JSON.parse(given) as Match);
if (match.inChild === true && given === undefined) {
  const alone = { ...match, inChild: false };
  const child = spawn(process.execPath, [...process.execArgv, fileURLToPath(import.meta.url), matchmaker, port, JSON.stringify(alone)], {
    stdio: 'inherit',
  });
  await once(child, 'exit');
} else {
  console.log(JSON.stringify(await play()));
}

async function findMatch(): Promise<Match> {
  const socket = connect(Number(port), matchmaker);
  let text = '';
  socket.setEncoding('utf8').on('data', (part: string) => (text += part));
  await once(socket, 'end');
  return JSON.parse(text) as Match;
}

async function play(): Promise<MatchReport> {
  const socket = createSocket('udp4');
  const sentAt = new Map<string, number>();
  const rtts: number[] = [];
  let strange = 0;
  let allCame = Promise.withResolvers<undefined>();
  const allAnswers = async () => {
    allCame = Promise.withResolvers<undefined>();
    if (sentAt.size > 0) await Promise.race([allCame.promise, setTimeout(LATE_MS, undefined, { ref: false })]);
  };
  const names = match.servers.map(({ ip, port }) => `${ip}:${port}`);
  socket.on('message', (bytes, from) => {
    const nowMs = performance.now();
    const [name, number] = bytes.toString().split('#');
    const began = sentAt.get(`${name}#${number}`);
    if (began === undefined || name !== `${from.address}:${from.port}`) {
      strange++;
      return;
    }
    sentAt.delete(`${name}#${number}`);
    rtts.push(nowMs - began);
    if (sentAt.size === 0) allCame.resolve(undefined);
  });
  socket.bind(0);
  await once(socket, 'listening');
  const localPort = socket.address().port;
  const browser = browse(match.browsed ?? 0);
  const overIpv6 = askOverIpv6(match.ipv6);
  const startMs = performance.now();
  let sent = 0;
  for (let number = 0; number < match.datagrams; number++) {
    for (const [index, { ip, port }] of match.servers.entries()) {
      const text = `${names[index]}#${number}`;
      sentAt.set(text, performance.now());
      socket.send(text, port, ip);
      sent++;
    }
    const dueMs = startMs + ((number + 1) * 1_000) / match.perSecond;
    if (match.inTurns === true) await allAnswers();
    if (dueMs > performance.now()) await setTimeout(dueMs - performance.now());
  }
  await allAnswers();
  socket.close();
  rtts.sort((a, b) => a - b);
  const quantile = (part: number) => rtts[Math.min(rtts.length - 1, Math.floor(rtts.length * part))] ?? 0;
  const uid = process.getuid?.() ?? 0;
  const lastLost = Math.max(-1, ...[...sentAt.keys()].map((name) => Number(name.split('#')[1])));
  return {
    lastLost,
    sent,
    received: rtts.length,
    strange,
    p50: quantile(0.5),
    p99: quantile(0.99),
    localPort,
    uid,
    browsed: await browser,
    ipv6: await overIpv6,
  };
}

/** @returns how many answers came. */
async function askOverIpv6(server: GameAddress | undefined): Promise<number> {
  if (server === undefined) return 0;
  const socket = createSocket('udp6');
  let answers = 0;
  for (; answers < IPV6_DATAGRAMS; answers++) {
    socket.send(`${answers}`, server.port, server.ip);
    await once(socket, 'message', { signal: AbortSignal.timeout(2 * LATE_MS) });
  }
  socket.close();
  return answers;
}

/** Asks very many servers once, as a server browser does. @returns how many have answered */
async function browse(count: number): Promise<number> {
  if (count === 0) return 0;
  const socket = createSocket('udp4');
  let answers = 0;
  const allCame = Promise.withResolvers<undefined>();
  socket.on('message', (bytes) => {
    if (bytes.toString() === BROWSED && ++answers === count) allCame.resolve(undefined);
  });
  const [{ ip }] = match.servers;
  for (let index = 0; index < count; index++) {
    socket.send(BROWSED, 30_000 + index, ip);
    if (index % 20 === 19) await setTimeout(10);
  }
  await Promise.race([allCame.promise, setTimeout(LATE_MS, undefined, { ref: false })]);
  socket.close();
  return answers;
}
