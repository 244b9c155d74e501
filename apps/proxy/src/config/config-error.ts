/** A configuration that cannot be used. The message is one line: where it stands, what was got, what is allowed. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'ERR_PROXY_CONFIG';
}
