import { setTimeout } from 'node:timers/promises';
import { formatIpv4 } from '@lightspeed/wire';
import type { Endpoint } from '@lightspeed/wire';
import { closeSocket, openLoopbackSocket } from '../loopback-socket.ts';
import { Pace } from './pace.ts';

const PAYLOAD_BYTES = 64;
/** So long after all was sent, or after the last answer, the rest will not come. */
const SILENCE_MS = 500;
const LOOK_MS = 20;
const MOST_MISSING = 10;

/** A game that sends numbered datagrams at a steady rate to a server that sends them back. */
export type EchoGame = Awaited<ReturnType<typeof startEchoGame>>;

/** How it went: of the datagrams that were sent since the last mark. */
export type EchoReport = Awaited<ReturnType<EchoGame['mark']>>;

/** Starts a game that sends numbered datagrams at a steady rate to a server that sends them back. */
export async function startEchoGame(server: Endpoint, perSecond: number) {
  const socket = await openLoopbackSocket();
  const address = formatIpv4(server.ip);
  const sentMs: number[] = [];
  /** -1 for one that was not answered yet. */
  const roundTripsMs: number[] = [];
  let markedNumber = 0;
  let heardMs = performance.now();
  const fresh = { duplicates: 0, strange: 0, longestGapMs: 0, longestPauseMs: 0 };
  let seen = { ...fresh };
  const pace = new Pace(perSecond, (nowMs) => {
    seen.longestPauseMs = Math.max(seen.longestPauseMs, nowMs - (sentMs.at(-1) ?? nowMs));
    const payload = Buffer.alloc(PAYLOAD_BYTES);
    payload.writeUInt32BE(sentMs.push(nowMs) - 1);
    roundTripsMs.push(-1);
    socket.send(payload, server.port, address);
  });
  socket.on('message', (bytes) => {
    const nowMs = performance.now();
    const number = bytes.length === PAYLOAD_BYTES ? bytes.readUInt32BE() : sentMs.length;
    if (number >= sentMs.length) {
      seen.strange++;
      return;
    }
    seen.longestGapMs = Math.max(seen.longestGapMs, nowMs - heardMs);
    heardMs = nowMs;
    if (roundTripsMs[number] >= 0) seen.duplicates++;
    else roundTripsMs[number] = nowMs - sentMs[number];
  });
  const reportTo = (end: number) => {
    const trips = roundTripsMs.slice(markedNumber, end);
    const missing = trips.flatMap((trip, number) => (trip < 0 ? [number] : []));
    return {
      sent: trips.length,
      /** Different ones of them that were answered. */
      answered: trips.length - missing.length,
      /** Numbers of those that were not, counted from the mark: the first ones. */
      missing: missing.slice(0, MOST_MISSING),
      /** Answers that came again. */
      duplicates: seen.duplicates,
      /** Datagrams that are no answers to what was sent. */
      strange: seen.strange,
      /** The longest time without an answer. */
      longestGapMs: seen.longestGapMs,
      /** How many datagrams' time has passed at most between two that were sent: 1 of a game that was never held up. */
      longestPauseDatagrams: Math.round((seen.longestPauseMs * perSecond) / 1_000),
      /** Of all answers, ascending. */
      roundTripsMs: trips.filter((trip) => trip >= 0).toSorted((a, b) => a - b),
    };
  };
  /** Ends what is counted, gives the last answers time, and counts anew what is sent from here on. @returns the count */
  const mark = async () => {
    const end = sentMs.length;
    await setTimeout(SILENCE_MS);
    const report = reportTo(end);
    markedNumber = end;
    seen = { ...fresh };
    return report;
  };
  /** Sends no more, and waits for the last answers. */
  const finish = async () => {
    pace.stop();
    const stoppedMs = performance.now();
    const isSilent = () => performance.now() - Math.max(stoppedMs, heardMs) >= SILENCE_MS;
    while (roundTripsMs.includes(-1, markedNumber) && !isSilent()) await setTimeout(LOOK_MS);
    return reportTo(sentMs.length);
  };
  const close = () => {
    pace.stop();
    return closeSocket(socket);
  };
  return { mark, finish, [Symbol.asyncDispose]: close };
}
