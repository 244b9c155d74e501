import { Argument, Option } from 'commander';
import type { Command } from 'commander';
import { decode, parseTagKey } from './decode.ts';
import type { DecodeOptions } from './decode.ts';
import { dissector } from './dissector.ts';
import type { DissectorOptions } from './dissector.ts';
import { collect, dialectOption, integer, jsonOption } from './options.ts';
import type { Terminal } from './terminal.ts';

const MAX_PORT = 65_535;

const DECODE_EXAMPLES = `
Examples:
  $ lightspeed decode 11000005000F4240000000000000000000000000
  $ lightspeed decode capture.pcapng
  $ sudo tcpdump -i any -s 0 -U -w - udp port 4434 | lightspeed decode -
  $ tcpdump -X -r capture.pcap | lightspeed decode -

A file or standard input may be a capture in pcap or pcapng. It may be text: hexdumps of tcpdump, tshark, Wireshark, xxd or
hexdump -C, or digits with one packet a line. It may also be one packet in binary. What is not LightSpeed's is said in one line.
The exit code is 1 if a packet is not valid, or if something cannot be read.
`;
const DISSECTOR_EXAMPLES = `
Examples:
  $ lightspeed dissector --install
  then start Wireshark again
  $ lightspeed dissector > lightspeed.lua
  then tshark -X lua_script:lightspeed.lua -r capture.pcap shows the packets
`;

/** Adds the commands that look into packets. */
export function addPacketCommands(program: Command, terminal: Terminal, done: (exitCode: number) => void): void {
  program
    .command('decode')
    .description('Explain packets field by field: one in hexadecimal, or those of a capture.')
    .addArgument(new Argument('<packet...>', 'the packet in hexadecimal, a file, or - for standard input'))
    .addOption(dialectOption())
    .addOption(new Option('--tag-key <hex>', 'key with which to check tags: that of the session and direction').argParser(parseTagKey))
    .addOption(
      new Option('--port <n>', 'data port of a node beside 4434, whose packets are LightSpeed’s; may be given several times').argParser(
        collect(integer(1, MAX_PORT)),
      ),
    )
    .addOption(jsonOption('one JSON object per packet'))
    .addHelpText('after', DECODE_EXAMPLES)
    .action(async (words: string[], options: DecodeOptions) => done(await decode(words, options, terminal)));
  program
    .command('dissector')
    .description('Print a dissector for Wireshark and tshark, which shows the packets of the tunnel.')
    .option('--install', 'write it into your folder of Wireshark’s plugins, and say where that is')
    .addHelpText('after', DISSECTOR_EXAMPLES)
    .action((options: DissectorOptions) => done(dissector(options, terminal)));
}
