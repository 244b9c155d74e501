import { randomInt } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { formatIpv4 } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import { openLoopbackSocket } from '../loopback-socket.ts';
import { isWhole, lengthOf, readNumber, writeContent, writeNumbers } from '../payload.ts';
import { Way } from './way.ts';
import { startPace } from './pace.ts';

/** So long after all was sent, or after the last answer, the rest will not come. */
const SILENCE_MS = 500;
const LOOK_MS = 20;
const MOST_MISSING = 10;
/** A game may go on for hours. */
const MOST_ROUND_TRIPS = 65_536;
const MOST_STREAMS = 2 ** 31;

/** A game that sends numbered datagrams at a steady rate to a server that sends them back. */
export type Game = Awaited<ReturnType<typeof startGame>>;

/** How it went: of the datagrams that were sent since the last mark. */
export type GameReport = ReturnType<Game['report']>;

/**
 * Starts a game, whose datagrams have 40 to 199 bytes.
 * @param server what the game believes to be its server: the tunnel's ingress, say
 * @param down told when answers come, for whoever tells it when they are sent
 * @param stream the number by which its datagrams are told from those of other games, below 2^31
 */
export async function startGame(server: Endpoint, perSecond: number, stream = randomInt(MOST_STREAMS), down = new Way()) {
  const socket = await openLoopbackSocket();
  const address = formatIpv4(server.ip);
  /** When those were sent that have no answer, by number. */
  const pendingMs = new Map<number, number>();
  let next = 0;
  let marked = 0;
  /** Of those that were answered, the highest number. */
  let newest = -1;
  let sentMs = Infinity;
  let heardMs = performance.now();
  const nothingSeen = () => ({
    /** Answers that came again. */
    duplicates: 0,
    /** Datagrams that are no game's, or are no more as they were sent. */
    corrupted: 0,
    /** Datagrams of another game, or from somebody else than the server. */
    misdelivered: 0,
    /** The longest time without an answer. */
    longestGapMs: 0,
    longestPauseMs: 0,
    /** Of the answers, or of the last many. */
    roundTripsMs: [] as number[],
  });
  let seen = nothingSeen();
  const up = new Way();
  const pace = startPace(perSecond, (nowMs) => {
    seen.longestPauseMs = Math.max(seen.longestPauseMs, nowMs - sentMs);
    sentMs = nowMs;
    pendingMs.set(next, nowMs);
    up.sent(next, nowMs);
    const payload = Buffer.alloc(lengthOf(next));
    writeNumbers(payload, 0, stream, next++);
    writeContent(payload, 0);
    socket.send(payload, server.port, address);
  });
  socket.on('message', (bytes, from) => {
    const nowMs = performance.now();
    const number = readNumber(bytes, 4);
    if (!isWhole(bytes, 0, bytes.length)) seen.corrupted++;
    else if (from.port !== server.port || from.address !== address || readNumber(bytes, 0) !== stream || number >= next)
      seen.misdelivered++;
    else hear(number, nowMs);
  });
  const hear = (number: number, nowMs: number) => {
    seen.longestGapMs = Math.max(seen.longestGapMs, nowMs - heardMs);
    heardMs = nowMs;
    newest = Math.max(newest, number);
    const askedMs = pendingMs.get(number);
    if (askedMs === undefined) {
      seen.duplicates++;
      return;
    }
    pendingMs.delete(number);
    down.arrived(number, nowMs);
    if (seen.roundTripsMs.push(nowMs - askedMs) > MOST_ROUND_TRIPS) seen.roundTripsMs.splice(0, MOST_ROUND_TRIPS / 2);
  };
  /** @param end of the numbers that count; all that were sent when left out */
  const report = (end = next) => {
    const missing = [...pendingMs.keys()].filter((number) => number >= marked && number < end);
    return {
      sent: end - marked,
      /** Different ones of them that were answered. */
      answered: end - marked - missing.length,
      /** Numbers of those that were not, counted from the mark: the first ones. */
      missing: missing.slice(0, MOST_MISSING).map((number) => number - marked),
      /** How many of those were not, though a newer one was. */
      overtaken: missing.filter((number) => number < newest).length,
      ...seen,
      /** How many datagrams' time has passed at most between two that were sent: 1 of a game that was never held up. */
      longestPauseDatagrams: Math.round((seen.longestPauseMs * perSecond) / 1_000),
    };
  };
  /** Ends what is counted, gives the last answers time, and counts anew what is sent from here on. @returns the count */
  const mark = async () => {
    const end = next;
    await setTimeout(SILENCE_MS);
    const past = report(end);
    marked = end;
    seen = nothingSeen();
    return past;
  };
  /** Sends no more, and waits for the last answers. */
  const finish = async () => {
    clearInterval(pace);
    const stoppedMs = performance.now();
    const isSilent = () => performance.now() - Math.max(stoppedMs, heardMs) >= SILENCE_MS;
    while (report().answered < report().sent && !isSilent()) await setTimeout(LOOK_MS);
    return report();
  };
  const close = () => {
    clearInterval(pace);
    return socket[Symbol.asyncDispose]();
  };
  return { stream, up, down, report, mark, finish, sent: () => next, newest: () => newest, [Symbol.asyncDispose]: close };
}
