import { msUntilKeepalive } from '@lightspeed/control';
import type { Pong } from '@lightspeed/control';
import type { ControlConnection } from '@lightspeed/control/quic';
import { clockUs } from '../base/clocks.ts';
import type { ParsedRegisterSettings } from '../settings/register-settings.ts';
import type { RegisteredConnection } from './register.ts';

/** A node that does not answer a Ping within this time is not reached by this connection any more. */
const MOST_PONG_MS = 3_000;
/**
 * Two thirds of QUIC’s idle timeout, so that one may have to be sent again. A node answers QUIC's own PING in its
 * library, which wakes up once. A Ping of ours wakes the library two or three times, and the node's main thread too.
 */
const KEEPALIVE_MS = 20_000;

/**
 * Keeps a control connection from idling out, and measures it (docs/protocol.md, Registration): Pings of ours, and PINGs of QUIC
 * between them. These arrive when those of the node's other clients do.
 */
export class ControlPings {
  /** The round trip of the last Ping, and how far the node's clock is ahead of ours. */
  roundTripMs: number | undefined;
  clockOffsetMs: number | undefined;
  readonly #settings: ParsedRegisterSettings;
  /** Told of a connection on which a Ping was not answered in time. */
  readonly #silent: (registered: RegisteredConnection) => void;
  #registered: RegisteredConnection | undefined;
  #beat: NodeJS.Timeout | undefined;
  #pong: NodeJS.Timeout | undefined;
  #beatsUntilPing = 0;

  constructor(settings: ParsedRegisterSettings, silent: (registered: RegisteredConnection) => void) {
    this.#settings = settings;
    this.#silent = silent;
  }

  /** Begins with a Ping; what was begun before is to have been stopped. */
  start(registered: RegisteredConnection): void {
    this.#registered = registered;
    this.#beatsUntilPing = 0;
    this.#onBeat(registered);
  }

  stop(): void {
    this.#registered = undefined;
    clearInterval(this.#beat);
    clearTimeout(this.#pong);
    this.#pong = undefined;
  }

  /** Finds out soon whether the connection still works. */
  send(): void {
    const registered = this.#registered;
    if (registered === undefined) return;
    const { dialect, pingMs } = this.#settings;
    registered.stream.send({ type: 'ping', timestampUs: clockUs() }, dialect).catch(() => undefined);
    this.#pong ??= setTimeout(() => this.#silent(registered), Math.min(MOST_PONG_MS, pingMs));
  }

  answered({ echoedTimestampUs, serverTimestampUs }: Pong): void {
    const sentUs = Number(echoedTimestampUs);
    const nowUs = Number(clockUs());
    clearTimeout(this.#pong);
    this.#pong = undefined;
    this.roundTripMs = (nowUs - sentUs) / 1_000;
    this.clockOffsetMs = (Number(serverTimestampUs) - (nowUs + sentUs) / 2) / 1_000;
  }

  #onBeat(registered: RegisteredConnection): void {
    const { pingMs } = this.#settings;
    if (this.#beatsUntilPing > 0) {
      this.#beatsUntilPing--;
      const { connection }: { readonly connection: ControlConnection } = registered;
      connection.ping();
    } else {
      // Pings as frequent are keepalives themselves.
      this.#beatsUntilPing = Math.max(0, Math.round(pingMs / KEEPALIVE_MS) - 1);
      this.send();
    }
    clearInterval(this.#beat);
    this.#beat = setInterval(() => this.#onBeat(registered), this.#msUntilBeat());
  }

  #msUntilBeat(): number {
    const { pingMs } = this.#settings;
    const { clockOffsetMs, roundTripMs } = this;
    if (pingMs <= KEEPALIVE_MS) return pingMs;
    if (clockOffsetMs === undefined || roundTripMs === undefined) return KEEPALIVE_MS;
    return msUntilKeepalive({ nowMs: Number(clockUs()) / 1_000, aheadMs: clockOffsetMs, roundTripMs, longestMs: KEEPALIVE_MS });
  }
}
