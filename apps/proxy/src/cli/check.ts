import { localHosts } from '@lightspeed/control/quic';
import { BUILT_IN_DENIALS, formatDestinationRule } from '@lightspeed/security';
import { formatIpv4 } from '@lightspeed/wire';
import { stringify } from 'smol-toml';
import type { NodeConfig } from '../config/node-config.ts';
import { FIELDS, OPTIONS } from '../config/options.ts';
import type { Field, Option, Written } from '../config/options.ts';
import { protectionWarnings } from '../config/protection.ts';
import { ipv4Of } from '../base/own-addresses.ts';
import { checkFiles } from './check-files.ts';

/**
 * Prints what would hold, as a configuration file, what that means for destinations, and what a start would warn of.
 * @throws {ConfigError} about files with which the node would not start.
 */
export async function check(config: NodeConfig): Promise<void> {
  const warnings = [...protectionWarnings(config), ...(await checkFiles(config))];
  const said = warnings.length === 0 ? '' : ['Warnings:', ...warnings.map((text) => `  ${text}`)].map((line) => `# ${line}\n`).join('');
  process.stdout.write(`${effectiveToml(config)}\n${policySummary(config)}${said}`);
}

/** The whole configuration as the file that would give it. */
export function effectiveToml(config: NodeConfig): string {
  const sections: Record<string, Record<string, Written>> = {};
  for (const field of FIELDS) {
    const [section, key] = OPTIONS[field].key.split('.');
    const value = written(field, config);
    sections[section] ??= {};
    if (value !== undefined) sections[section][key] = value;
  }
  return stringify(sections);
}

function written<F extends Field>(field: F, config: NodeConfig): Written | undefined {
  const option: Option<NodeConfig[F]> = OPTIONS[field];
  return option.write(config[field]);
}

function policySummary({ denyDestinations, allowDestinations, onlyAllowedDestinations }: NodeConfig): string {
  const rules = (list: typeof denyDestinations) => list.map(formatDestinationRule).join(', ') || 'none';
  const lines = [
    'Destinations, the first that covers one decides:',
    `  denied: the node's own ports on this machine, ${rules(denyDestinations)}`.replace(/, none$/, ''),
    `  allowed: ${rules(allowDestinations)}`,
  ];
  if (onlyAllowedDestinations) {
    lines.push('  denied: everything else');
  } else {
    lines.push(
      `  denied: ${BUILT_IN_DENIALS.map(formatDestinationRule).join(', ')}, port 0`,
      `  denied: this machine, ${ipv4Of(localHosts()).map(formatIpv4).join(', ')}`,
      '  allowed: everything else',
    );
  }
  return lines.map((line) => `# ${line}\n`).join('');
}
