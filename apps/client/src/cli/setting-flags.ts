import type { ClientError } from '../base/errors.ts';

/** Which option says what a setting holds; the first that fits counts. */
const FLAGS: readonly (readonly [RegExp, string])[] = [
  [/^the number of paths/, 'the number of paths (one, --path and --via)'],
  [/^the number of ways/, 'the number of --way'],
  [/^the number of nodes in ways/, 'the number of nodes that --way names'],
  [/^(register\.nodes|node)\b/, '--node'],
  [/^register\.via\b/, '--via'],
  [/^register\.ticket\b/, '--ticket'],
  [/^ingresses\[\d+\]\.listen\b/, '--listen'],
  [/^ingresses\[\d+\]\.gameServer\b/, '--game-server'],
  [/^socks\.listen\b/, '--listen'],
  [/^socks\.user\.name\b/, '--user'],
  [/^socks\.user\.password\b/, '--password-file'],
  [/^ways\[/, '--way'],
  [/^paths\[/, '--path'],
  [/^source\b/, '--source'],
  [/^fecGroupSize\b/, '--fec'],
  [/^deadlineMs\b/, '--deadline-ms'],
  [/^budgetKbps\b/, '--budget-kbps'],
  [/^budget\b/, '--budget'],
  [/^token\b/, '--token'],
  [/^egressFiltering\b/, '--egress-filtering'],
  [/^flowTimeoutSecs\b/, '--flow-timeout-secs'],
];

/** The message of an error about a setting, with the option of the command line in place of the setting. */
export function messageWithFlags({ message, setting }: ClientError): string {
  if (setting === undefined || !message.startsWith(setting)) return message;
  const flag = FLAGS.find(([pattern]) => pattern.test(setting))?.[1];
  return flag === undefined ? message : `${flag}${message.slice(setting.length)}`;
}
