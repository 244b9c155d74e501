import type { DatagramEngine, EngineKind, EngineOptions } from '../engine.ts';
import { UdpError } from '../errors.ts';
import { BatchEngine } from '../linux/batch-engine.ts';
import { findObstacle } from '../linux/obstacle.ts';
import { parseEngineOptions } from '../options.ts';
import { PortableEngine } from '../portable/portable-engine.ts';

/** Which engine was chosen, and why. */
export interface EngineChoice {
  readonly kind: EngineKind;
  /** Why, for the log. */
  readonly reason: string;
  /**
   * Whether it is `portable` on a platform on which `batch` is promised, although nobody has asked for it. Then `reason` says
   * what is in the way, and users should hear of it: datagrams cost some five times as much.
   */
  readonly fellBack: boolean;
}

/**
 * Chooses the engine for this machine: `batch` where it works, `portable` on others. Throws a `UdpError`
 * 'ERR_UDP_BATCH_UNAVAILABLE' when `batch` is demanded and cannot work.
 */
export function chooseEngine(io: 'auto' | EngineKind): EngineChoice {
  if (io === 'portable') return { kind: 'portable', reason: 'asked for', fellBack: false };
  const obstacle = findObstacle();
  if (obstacle === undefined) {
    return { kind: 'batch', reason: io === 'batch' ? 'asked for' : 'recvmmsg, sendmmsg and epoll work here', fellBack: false };
  }
  if (io === 'auto') return { kind: 'portable', reason: obstacle.reason, fellBack: obstacle.isUnexpected };
  throw new UdpError('ERR_UDP_BATCH_UNAVAILABLE', `the batch engine cannot work here: ${obstacle.reason}`, {
    cause: obstacle.cause,
  });
}

/** Makes an engine. Each belongs to the thread that made it. */
export function createEngine(kind: EngineKind, options: EngineOptions = {}): DatagramEngine {
  const settings = parseEngineOptions(options);
  if (kind === 'batch') return new BatchEngine(settings);
  if (settings.busyPollUs > 0) {
    throw new UdpError('ERR_UDP_INVALID_ARGUMENT', 'busyPollUs: only the batch engine can poll; leave it out, or 0');
  }
  return new PortableEngine(settings);
}
