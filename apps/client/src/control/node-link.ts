import { EventEmitter } from 'node:events';
import { drainingExtension } from '@lightspeed/control';
import type { ControlMessage, OutgoingMessage, Probe } from '@lightspeed/control';
import { CloseCode } from '@lightspeed/control/quic';
import type { ConnectionClosed, Verification } from '@lightspeed/control/quic';
import { clockUs, nowMs } from '../base/clocks.ts';
import { ClientError } from '../base/errors.ts';
import { within } from '../base/within.ts';
import { BackOff, LONGEST_SILENCE_PAUSE_MS } from '../tunnel/back-off.ts';
import { printable } from '../base/printable.ts';
import { RefusedError, isAnswer, isForGood, isOfShutdown } from './refusal.ts';
import { ControlPings } from './control-pings.ts';
import type { NodeLinkEvents } from './node-link-events.ts';
import { closeText, disconnectText, register } from './register.ts';
import type { RegisteredConnection } from './register.ts';
import { goesOn } from './registered-session.ts';
import type { RegisteredSession } from './registered-session.ts';
import { returnPauseMs } from './return-pause.ts';
import { SessionKeeper } from './session-keeper.ts';
import type { ParsedNodeSettings, ParsedRegisterSettings } from '../settings/register-settings.ts';

/** A Disconnect has this long to arrive before the connection is closed behind it. */
const GOODBYE_MS = 500;
/** A node that drains may have ended, and been started again, by then: as soon as all its clients have left. */
const MOST_DRAINING_MS = 5_000;

/** The control connection with one node, made again whenever it is lost, and what was said on it. */
export class NodeLink extends EventEmitter<NodeLinkEvents> {
  readonly node: ParsedNodeSettings;
  /** Undefined before the first registration. */
  session: RegisteredSession | undefined;
  loadPercent: number | undefined;
  version: string | undefined;
  draining = false;
  /** The node wants tags on the packets of the session. */
  wantsTags = false;
  /** Packets with wrong tokens came in the node's name. */
  #isAttacked = false;
  isOfEarlierRun = false;
  /** The node will not take our ticket again. */
  dismissed = false;
  /** Until when it takes nobody, as it has said; in milliseconds of `performance.now()`. */
  #drainsUntilMs = Number.NEGATIVE_INFINITY;
  readonly #settings: ParsedRegisterSettings;
  readonly #keeper: SessionKeeper;
  readonly #backOff = new BackOff();
  readonly #abort = new AbortController();
  #registered: RegisteredConnection | undefined;
  #seenPin: Uint8Array | undefined;
  /** The connection was closed for a new certificate or a restart, of which nobody needs to hear unless something goes wrong. */
  #renewing = false;
  #retry: NodeJS.Timeout | undefined;
  readonly #pings: ControlPings;

  constructor(node: ParsedNodeSettings, settings: ParsedRegisterSettings) {
    super();
    this.node = node;
    this.#settings = settings;
    this.#keeper = new SessionKeeper(node, settings.sessions);
    this.#pings = new ControlPings(settings, (silent) => this.#drop(silent, 'the node does not answer on it'));
  }

  get connected(): boolean {
    return this.#registered !== undefined;
  }

  /** The round trip of the last Ping. */
  get pingMs(): number | undefined {
    return this.#pings.roundTripMs;
  }

  /** How far the node's clock is ahead of ours, as the last Ping has it. */
  get clockOffsetMs(): number | undefined {
    return this.#pings.clockOffsetMs;
  }

  /** QUIC's own, which every keepalive measures anew, or that of the last Ping where QUIC does not tell. */
  get roundTripMs(): number | undefined {
    return this.#registered?.connection.roundTripMs() ?? this.pingMs;
  }

  /** Registers for the first time. Says what went wrong if it does; {@link keepTrying} does not give up all the same. */
  async start(): Promise<RegisteredSession> {
    try {
      return await this.#register();
    } catch (thrown) {
      this.dismissed = isForGood(thrown);
      throw thrown;
    }
  }

  /** After a failed {@link start}: tries again, after growing pauses. */
  keepTrying(): void {
    if (this.connected || this.dismissed || this.#retry !== undefined || this.#abort.signal.aborted) return;
    this.#retryLater(LONGEST_SILENCE_PAUSE_MS);
  }

  /** Finds out soon whether the connection still works: something has happened. */
  check(): void {
    this.#pings.send();
  }

  /** Packets with wrong tokens came in the node's name: says so, and again whenever the session is resumed. */
  reportAttack(): void {
    this.#isAttacked = true;
    this.#sayTags();
  }

  /** Has the node measure; what comes of it is an event. @returns false if the node is not there now, or does not measure. */
  askProbe(probe: Extract<OutgoingMessage, Pick<Probe, 'type'>>): boolean {
    if (this.#registered === undefined || this.session?.measures !== true) return false;
    this.#registered.stream.send(probe, this.#settings.dialect).catch(() => undefined);
    return true;
  }

  /** The session seems to be over: asks for it again, or for another one. */
  renew(): void {
    this.#drainsUntilMs = Number.NEGATIVE_INFINITY;
    if (this.#registered !== undefined) this.#drop(this.#registered, 'the node has ended the session');
    else if (this.#retry !== undefined && this.draining) this.#retryLater();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Ends the registration, and with it the session. */
  async close(): Promise<void> {
    this.#abort.abort();
    clearTimeout(this.#retry);
    this.#pings.stop();
    const registered = this.#registered;
    this.#registered = undefined;
    // Without a goodbye the node keeps it for a while.
    if (registered !== undefined) await this.#sayGoodbye(registered);
    await this.#keeper.leave(registered !== undefined || this.dismissed);
  }

  async #sayGoodbye({ connection, stream }: RegisteredConnection): Promise<void> {
    const goodbye = stream.send({ type: 'disconnect', reason: 'normal' }, this.#settings.dialect);
    await within(
      GOODBYE_MS,
      goodbye.then(() => stream.end()),
    );
    await within(GOODBYE_MS, connection.whenClosed);
    await within(GOODBYE_MS, connection.close());
  }

  async #register(): Promise<RegisteredSession> {
    const before = this.session;
    const earlier = before ?? (await this.#keeper.earlier());
    const registered = await register(this.node, this.#verification(), this.#settings, earlier, this.#abort.signal);
    const { connection, session } = registered;
    if (this.#abort.signal.aborted) {
      void connection.close().catch(() => undefined);
      throw new ClientError('ERR_CLIENT_CLOSED', 'the tunnel was closed');
    }
    this.#seenPin = connection.peerPin ?? this.#seenPin;
    this.#registered = registered;
    this.session = session;
    this.isOfEarlierRun = this.#keeper.note(session);
    this.draining = false;
    this.#drainsUntilMs = Number.NEGATIVE_INFINITY;
    this.#backOff.established(nowMs());
    void connection.whenClosed.then((closed) => this.#ended(registered, closed));
    const resumed = goesOn(session, before);
    const renewed = this.#renewing && resumed;
    if (!resumed) this.wantsTags = this.#isAttacked = false;
    else if (this.wantsTags || this.#isAttacked) this.#sayTags();
    this.#renewing = false;
    if (renewed) this.emit('renewed');
    else this.emit('registered', session, resumed);
    registered.read((message) => this.#take(registered, message));
    this.#pings.start(registered);
    return session;
  }

  /** A key that was seen once in this run stays the only one. */
  #verification(): Verification {
    const { verify } = this.node;
    return verify.kind === 'first-use' ? { ...verify, known: this.#seenPin ?? verify.known } : verify;
  }

  #take(registered: RegisteredConnection, message: ControlMessage): void {
    if (this.#registered !== registered) return;
    if (message.type === 'pong') {
      this.#pings.answered(message);
      this.emit('measured');
    } else if (message.type === 'ping') {
      registered.answer(message.timestampUs, clockUs());
    } else if (message.type === 'server_info') {
      this.loadPercent = message.loadPercent;
      if (message.dialect === 'standard') {
        this.version = printable(message.version);
        const drainingMs = drainingExtension.find(message.extensions);
        if (drainingMs !== undefined) this.#drain(drainingMs);
      }
      this.emit('info');
    } else if (message.type === 'report') {
      this.emit('report', message);
    } else if (message.type === 'probe_result') {
      this.emit('probed', message);
    } else if (message.type === 'tags') {
      const isNew = !this.wantsTags;
      this.wantsTags = true;
      if (isNew) this.emit('tags');
    } else if (message.type === 'disconnect') {
      const text = `node ${this.node.name} ends the registration: ${disconnectText(message)}`;
      const refusal = RefusedError.of(text, message, this.node.ticket);
      if (message.reason === 'server_shutdown') this.#drain(0);
      if (!refusal.isForGood) this.#drop(registered, disconnectText(message));
      else if (this.#forget(registered)) this.#dismiss(refusal);
    }
  }

  #sayTags(): void {
    const sessionId = this.session?.sessionId ?? 0;
    this.#registered?.stream.send({ type: 'tags', sessionId }, this.#settings.dialect).catch(() => undefined);
  }

  #drain(ms: number): void {
    if (this.draining) return;
    this.draining = true;
    this.#drainsUntilMs = performance.now() + ms;
    this.emit('draining', ms);
  }

  #ended(registered: RegisteredConnection, closed: ConnectionClosed): void {
    const code = closed.by === 'peer' ? closed.code : CloseCode.normal;
    const pauseMs = returnPauseMs(code);
    if (pauseMs === undefined) {
      this.#drop(registered, closeText(closed));
    } else if (this.#forget(registered)) {
      this.#renewing = true;
      this.#retry = setTimeout(() => void this.#again(), pauseMs);
      if (code === CloseCode.nodeRestarts) this.emit('restarts');
    }
  }

  #dismiss(refusal: RefusedError): void {
    this.dismissed = true;
    this.emit('dismissed', refusal);
  }

  /** Gives a connection up, and makes another one after a pause. */
  #drop(registered: RegisteredConnection, why: string): void {
    if (this.#forget(registered)) this.emit('disconnected', why, this.#retryLater());
  }

  /** @returns whether it was the one in use */
  #forget(registered: RegisteredConnection): boolean {
    if (this.#registered !== registered) return false;
    this.#registered = undefined;
    this.#pings.stop();
    void registered.connection.close().catch(() => undefined);
    return true;
  }

  /** A node that drains refuses whoever asks, until its end, which may come sooner than it has said. */
  #retryLater(longestMs?: number): number {
    const drainsMs = Math.min(this.#drainsUntilMs - performance.now(), MOST_DRAINING_MS);
    const pauseMs = Math.max(this.#backOff.ended(nowMs(), longestMs), Math.ceil(drainsMs));
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#again(), pauseMs);
    return pauseMs;
  }

  async #again(): Promise<void> {
    this.#retry = undefined;
    try {
      await this.#register();
    } catch (thrown) {
      if (this.#abort.signal.aborted) return;
      if (!(thrown instanceof ClientError)) throw thrown;
      this.#renewing = false;
      if (isForGood(thrown)) this.#dismiss(thrown);
      else this.emit('refused', thrown, this.#retryLater(longestPauseMs(thrown)));
    }
  }
}

/** Until a node is asked again that has not let us in. */
function longestPauseMs(error: ClientError): number | undefined {
  // Its successor may be there soon, and is no other node to its players.
  if (isOfShutdown(error)) return MOST_DRAINING_MS;
  return isAnswer(error) ? undefined : LONGEST_SILENCE_PAUSE_MS;
}
