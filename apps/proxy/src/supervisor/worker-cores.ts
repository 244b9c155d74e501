import { allowedCores } from '@lightspeed/udp';
import type { EngineKind } from '@lightspeed/udp';
import type { NodeConfig } from '../config/node-config.ts';
import { NodeError } from '../base/node-error.ts';

/**
 * The processor for each worker, in their order; none where the system chooses. `auto` takes the last ones that this
 * process may use: network cards' interrupts and the main thread are mostly on the first.
 * @throws {NodeError} if there are not enough, or some may not be used.
 */
export function workerCores({ pin, workers }: NodeConfig, engine: EngineKind): readonly number[] {
  if (pin === 'off') return [];
  if (engine !== 'batch') {
    throw new NodeError('ERR_PROXY_ENGINE', '--pin needs the batch engine (Linux): leave it out here');
  }
  const allowed = allowedCores();
  if (pin === 'auto') {
    if (allowed.length >= workers) return allowed.slice(-workers);
    throw coresError(`${workers} workers cannot each have a processor of their own`, allowed, 'take fewer --workers');
  }
  const missing = pin.filter((core) => !allowed.includes(core));
  if (missing.length > 0) throw coresError(`--pin names ${missing.join(', ')}`, allowed, 'name some of those');
  if (pin.length === workers) return pin;
  throw coresError(`--pin names ${pin.length} processors for ${workers} workers`, allowed, 'name one for each worker');
}

function coresError(problem: string, allowed: readonly number[], remedy: string): NodeError {
  return new NodeError('ERR_PROXY_CORES', `${problem}; this process may use ${allowed.join(', ')}: ${remedy}`);
}
