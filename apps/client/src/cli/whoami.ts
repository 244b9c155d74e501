import { formatEndpoint, formatIpv4, formatSocketAddress } from '@lightspeed/wire';
import type { Endpoint, SocketAddress } from '@lightspeed/wire';
import { NodeLink } from '../control/node-link.ts';
import type { RegisteredSession } from '../control/registered-session.ts';
import { preferredAddress } from '../tunnel/messages.ts';
import { parseRegisterSettings } from '../settings/register-settings.ts';
import type { NodeArgument } from './endpoint.ts';
import { registrationOf } from './registration.ts';
import type { RegistrationOptions } from './registration.ts';
import type { Terminal } from './terminal.ts';

/** The options of `whoami`, as the command line gives them. */
export interface WhoamiOptions extends Omit<RegistrationOptions, 'register' | 'open' | 'token'> {
  readonly node: NodeArgument;
  readonly json?: boolean;
}

/** `lightspeed whoami`. @returns the exit code. */
export async function whoami(options: WhoamiOptions, terminal: Terminal): Promise<number> {
  const settings = await registrationOf({ ...options, register: true }, [options.node], undefined, terminal);
  const register = parseRegisterSettings(settings, 'standard');
  await using link = new NodeLink(register.nodes[0], register);
  const session = await link.start();
  if (options.json === true) terminal.json(forPrograms(link.node.name, session));
  else for (const line of forPeople(link.node.name, session)) terminal.line(line);
  return 0;
}

function forPrograms(node: string, { nodeId, region, data, observed, egress }: RegisteredSession): object {
  return {
    node,
    nodeId,
    region,
    data: addressText(preferredAddress(data)),
    observed: addressText(observed),
    egress: egress === undefined ? null : egressText(egress),
  };
}

function forPeople(node: string, { nodeId, region, observed, egress }: RegisteredSession): string[] {
  const unknown = 'the node does not say';
  return [
    `node ${node} is ${nodeId}${region === '' ? '' : ` in ${region}`}`,
    `it sees you at ${observed === undefined ? `(${unknown})` : formatSocketAddress(observed)}`,
    `game servers will see ${egress === undefined ? `(${unknown})` : egressText(egress)}`,
  ];
}

function addressText(address: SocketAddress | undefined): string | null {
  return address === undefined ? null : formatSocketAddress(address);
}

/** The port is the session's own, and not known before it has sent something. */
function egressText(egress: Endpoint): string {
  return egress.port === 0 ? formatIpv4(egress.ip) : formatEndpoint(egress.ip, egress.port);
}
