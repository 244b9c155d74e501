import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { LabError, reasonOf } from './errors.ts';
import { ForeignProcess } from './foreign-process.ts';

/** What a parent asks of its child, and what the child says to that: what came of it, or why it cannot be had. */
interface Call {
  readonly method: string;
  readonly args: readonly unknown[];
}
type Answer = { readonly said: unknown } | { readonly failed: string };
type Methods = Readonly<Record<string, (...args: readonly unknown[]) => unknown>>;

const NEVER_MS = 0x7fff_ffff;
/** What a child has to do when its parent is gone may take so long. */
const LEAVING_MS = 2_500;

/** The methods of an object in another process, to be called one at a time. What they take and give is copied. */
export type Remote<Api> = AsyncDisposable & {
  readonly [Method in keyof Api]: Api[Method] extends (...args: infer Args) => infer Said
    ? (...args: Args) => Promise<Awaited<Said>>
    : never;
};

/** How a program of the lab is started. */
export interface ChildOptions {
  readonly program: URL;
  /** As errors call it. */
  readonly name: string;
  /** What to put in front of its command line, such as `taskset -c 1`. */
  readonly within?: readonly string[];
  /** For each answer. Without it, one is waited for as long as the program runs. */
  readonly timeoutMs?: number;
}

/**
 * Starts a program of the lab in a process of its own.
 * @returns what it gives to {@link answerParent}; calls reject with {@link LabError} if it cannot, ends, or is late
 */
export function startChild<Api>({ program, name, within = [], timeoutMs = NEVER_MS }: ChildOptions): Remote<Api> {
  const [first, ...rest] = [...within, process.execPath, '--conditions=@lightspeed/source', fileURLToPath(program)];
  const child = new ForeignProcess(first, rest, process.env, undefined, name);
  return new Proxy({} as Remote<Api>, {
    get(_target, method) {
      if (method === Symbol.asyncDispose) return () => child[Symbol.asyncDispose]();
      // Whoever awaits it looks for `then`.
      if (typeof method === 'symbol' || method === 'then') return undefined;
      return async (...args: readonly unknown[]) => {
        const answer = (await child.exchange({ method, args }, timeoutMs)) as Answer;
        if ('failed' in answer) throw new LabError('ERR_LAB_PROCESS', `${name} cannot ${method}: ${answer.failed}`);
        return answer.said;
      };
    },
  });
}

/**
 * The child's side: has its parent call the methods of an object.
 * @param leave called when the parent is gone, or stops it; the process ends then.
 */
export function answerParent(api: object, leave: () => Promise<unknown> = () => Promise.resolve()): void {
  const methods = api as Methods;
  process.on('message', ({ method, args }: Call) => {
    const tell = (answer: Answer) => process.send?.(answer);
    const called = async () => methods[method](...args);
    called().then(
      (said) => tell({ said }),
      (error: unknown) => tell({ failed: reasonOf(error) }),
    );
  });
  const end = () => void Promise.race([leave(), setTimeout(LEAVING_MS)]).finally(() => process.exit(0));
  process.once('disconnect', end);
  process.once('SIGTERM', end);
}
