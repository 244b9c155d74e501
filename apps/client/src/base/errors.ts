/** Stable values of {@link ClientError.code}. */
export type ClientErrorCode =
  /** A setting is outside what is allowed. */
  | 'ERR_CLIENT_INVALID_SETTING'
  /** A host name gives no address that can be used. */
  | 'ERR_CLIENT_RESOLVE'
  /** An ingress, or the socket towards the node, could not be opened. */
  | 'ERR_CLIENT_OPEN'
  /** The helper cannot be reached, or catches nothing. */
  | 'ERR_CLIENT_CAPTURE'
  /** The node did not answer in time. */
  | 'ERR_CLIENT_NO_ANSWER'
  /** The node did not take the registration, or its control connection could not be made. */
  | 'ERR_CLIENT_REGISTER'
  /** No node takes the ticket any more: it has expired, or was revoked. */
  | 'ERR_CLIENT_TICKET'
  /** The node has not shown that it is the one that was meant: its key, certificate or name is another. */
  | 'ERR_CLIENT_NODE_IDENTITY'
  /** Only a session that was registered, with a secret, can do that. */
  | 'ERR_CLIENT_NOT_REGISTERED'
  /** The tunnel was closed before the node had answered. */
  | 'ERR_CLIENT_CLOSED'
  /** The data-plane thread ended by itself. */
  | 'ERR_CLIENT_WORKER'
  /** A file of settings cannot be read, or says something that is not allowed. */
  | 'ERR_CLIENT_CONFIG'
  /** Text that should be a packet in hexadecimal is not. */
  | 'ERR_CLIENT_NOT_HEX'
  /** A capture of packets cannot be read to its end. */
  | 'ERR_CLIENT_DAMAGED_CAPTURE';

/** What a tunnel's user has to know about. Nothing that arrives from the network is ever thrown. */
export class ClientError extends Error {
  override readonly name = 'ClientError';
  /** Stable, for programs. */
  readonly code: ClientErrorCode;
  /** Which setting is at fault, such as `ways[0].way`: the message begins with it. */
  readonly setting: string | undefined;
  /** Whether the same may succeed soon: this machine may have no network yet, or no name service, or not that local address. */
  readonly mayPass: boolean;

  constructor(code: ClientErrorCode, message: string, options?: { cause?: unknown; setting?: string; mayPass?: boolean }) {
    super(message, options);
    this.code = code;
    this.setting = options?.setting;
    this.mayPass = options?.mayPass ?? false;
  }
}
