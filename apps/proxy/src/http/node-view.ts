import type { EngineChoice } from '@lightspeed/udp';
import type { NodeConfig } from '../config/node-config.ts';
import type { ControlPlane } from '../control/control-plane.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';

/** What the pages tell about. */
export interface NodeView {
  readonly config: NodeConfig;
  readonly engine: EngineChoice;
  readonly supervisor: Supervisor;
  /** Undefined if it is off. */
  readonly control: ControlPlane | undefined;
  /** On the clock of `performance.now`. */
  readonly startedMs: number;
  /** Lines of the log that nobody read in time. */
  readonly droppedLines: () => number;
}
