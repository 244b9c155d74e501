import { refusalCodeExtension } from '@lightspeed/control';
import type { Disconnect } from '@lightspeed/control';
import { ClientError } from '../base/errors.ts';

/** Refusals of a ticket that does not become valid again. */
const FOR_GOOD: ReadonlySet<string> = new Set(['expired', 'revoked']);

/** The node has answered, and does not take the registration, or ends it. */
export class RefusedError extends ClientError {
  /** Whether the node will not take the same ticket again. */
  readonly isForGood: boolean;

  private constructor(message: string, isForGood: boolean) {
    super(isForGood ? 'ERR_CLIENT_TICKET' : 'ERR_CLIENT_REGISTER', message);
    this.isForGood = isForGood;
  }

  /** @param message what the node says, in words. */
  static of(message: string, { extensions }: Partial<Pick<Disconnect, 'extensions'>> = {}): RefusedError {
    const code = extensions && refusalCodeExtension.find(extensions);
    const isForGood = code !== undefined && FOR_GOOD.has(code);
    return new RefusedError(isForGood ? `${message}; ask the operator of the node for another ticket` : message, isForGood);
  }
}

/** Whether the node that said so will not take the same ticket again. */
export function isForGood(error: unknown): error is RefusedError {
  return error instanceof RefusedError && error.isForGood;
}

/** Whether the node has heard us, and does not want us, or is not the one that we want. */
export function isAnswer(error: ClientError): boolean {
  return error instanceof RefusedError || error.code === 'ERR_CLIENT_NODE_IDENTITY';
}
