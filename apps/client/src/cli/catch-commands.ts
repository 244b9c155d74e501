import { Argument, InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { DEFAULT_CAPTURE_SOCKET } from '@lightspeed/capture';
import { doctor } from './doctor.ts';
import type { DoctorOptions } from './doctor.ts';
import { parseNode } from './endpoint.ts';
import { addIdentityOptions, addTunnelOptions, alwaysOption, collect, integer, jsonOption } from './options.ts';
import { catchRunning, gateway, run } from './run.ts';
import type { GatewayOptions, RunOptions, RunningGameOptions } from './run.ts';
import { setup } from './setup.ts';
import type { SetupOptions } from './setup.ts';
import type { Terminal } from './terminal.ts';

const RUN_EXAMPLES = `
Examples:
  $ lightspeed run -- teeworlds
  starts the game; its UDP goes by the node, whatever server it chooses
  In Steam, as the game's launch option:
  lightspeed run -- %command%
  $ lightspeed run --rootless -- teeworlds
  does it without lightspeed setup
  $ lightspeed run --node relay.example.net --ticket ticket.txt -- teeworlds
  does it without the file of settings
`;
const GATEWAY_EXAMPLES = `
Examples:
  $ sudo lightspeed gateway --node relay.example.net --ticket ticket.txt --lan eth1
  then let a console or a PC use this machine as its router
  $ sudo lightspeed gateway --node relay.example.net --ticket ticket.txt --lan eth0 --device 192.168.1.20
  catches one device only
`;
const CATCH_EXAMPLES = `
Examples:
  $ lightspeed catch --node relay.example.net --ticket ticket.txt --pid 4711
  catches what this program begins from now on; flows that exist stay direct
  $ lightspeed catch --node relay.example.net --ticket ticket.txt --app steam
  catches an application by the scope that the desktop has made for it
`;
const SETUP_EXAMPLES = `
Examples:
  $ sudo lightspeed setup
  $ sudo lightspeed setup --gateway alice --lan eth1
  lets alice run lightspeed gateway --lan eth1 without sudo
  $ sudo lightspeed setup --remove
`;
const DOCTOR_EXAMPLES = `
Examples:
  $ lightspeed doctor
  $ lightspeed doctor --node relay.example.net --ticket ticket.txt
`;
const LARGEST_PID = 4_194_304;
const INTERFACE = /^[A-Za-z0-9_.-]{1,15}$/;
const IPV4 = /^(\d{1,3}\.){3}\d{1,3}$/;
const MAC = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i;

/** Adds the commands that catch what goes to any server: for programs of this machine and for devices of the LAN. */
export function addCatchCommands(program: Command, terminal: Terminal, done: (exitCode: number) => void): void {
  addCatchOptions(
    program.command('run').description('Start a game and carry its UDP, whatever server it chooses. Needs: sudo lightspeed setup.'),
  )
    .addOption(
      new Option(
        '--rootless',
        'without setup and root: in a network namespace that pasta connects; needs the packages passt and nftables',
      ).conflicts('helper'),
    )
    .addArgument(new Argument('<game...>', 'the game and its arguments, behind --'))
    .addHelpText('after', RUN_EXAMPLES)
    .action(async (words: string[], options: RunOptions) => done(await run(words, options, terminal)));
  addCatchOptions(
    program
      .command('gateway')
      .description('Carry the UDP of devices that use this machine as their router. Needs lightspeed setup, and root or setup --gateway.'),
  )
    .addOption(new Option('--lan <interface>', 'the interface that the devices are at').argParser(parseInterface).makeOptionMandatory())
    .addOption(
      new Option('--device <ip|mac>', 'catch only this device; may be given several times (default: all)').argParser(collect(parseDevice)),
    )
    .addHelpText('after', GATEWAY_EXAMPLES)
    .action(async (options: GatewayOptions) => done(await gateway(options, terminal)));
  addCatchOptions(program.command('catch').description('Carry what a program that runs already begins from now on.'))
    .addOption(new Option('--pid <n>', 'the program, and what it starts').argParser(integer(2, LARGEST_PID)))
    .option('--app <name>', 'an application, by a part of its scope’s name')
    .option('--cgroup <path>', 'a control group, by its path below the root of version 2')
    .addHelpText('after', CATCH_EXAMPLES)
    .action(async (options: RunningGameOptions) => done(await catchRunning(options, terminal)));
  program
    .command('setup')
    .description('Install the helper that run, catch and gateway need. Needs root.')
    .option('--remove', 'take away all that was installed')
    .option('--gateway <user>', 'let this user make a gateway of --lan')
    .addOption(new Option('--lan <interface>', 'the interface of --gateway').argParser(parseInterface))
    .addHelpText('after', SETUP_EXAMPLES)
    .action(async (options: SetupOptions) => done(await setup(options, terminal)));
  const examining = program.command('doctor').description('Say what this machine can do for LightSpeed, and what to do about the rest.');
  addIdentityOptions(examining)
    .addOption(
      new Option(
        '--node <host[:port]>',
        'see whether this node lets you in: by a name over IPv4 and IPv6, by an address over its own family',
      ).argParser(collect(parseNode)),
    )
    .addOption(helperOption())
    .addOption(jsonOption('one JSON object'))
    .addHelpText('after', DOCTOR_EXAMPLES)
    .action(async (options: DoctorOptions) => done(await doctor(options, terminal)));
}

function addCatchOptions(command: Command): Command {
  return addTunnelOptions(command).addOption(alwaysOption()).addOption(helperOption());
}

const helperOption = () => new Option('--helper <socket>', 'where the privileged helper listens').default(DEFAULT_CAPTURE_SOCKET);

function parseInterface(text: string): string {
  if (INTERFACE.test(text)) return text;
  throw new InvalidArgumentError('Expected the name of an interface, such as eth0 (see: ip link).');
}

function parseDevice(text: string): string {
  if ((IPV4.test(text) && text.split('.').every((part) => Number(part) <= 255)) || MAC.test(text)) return text.toLowerCase();
  throw new InvalidArgumentError('Expected an IPv4 address, such as 192.168.1.20, or a MAC address, such as 00:1a:2b:3c:4d:5e.');
}
