import { parseSocketAddress } from '@lightspeed/wire';
import type { SocketAddress } from '@lightspeed/wire';
import { Program } from './program.ts';
import type { ProgramOptions } from './program.ts';

/** A node in a process of its own where clients have to register, on loopback. */
export class NodeProgram extends Program {
  dataAddress: SocketAddress = { host: '', port: 0 };
  controlAddress: SocketAddress | undefined;
  controlPin: string | undefined;
  /** Its command line, behind the program's name. */
  words: readonly string[] = [];

  /** Resolves when it serves. */
  static start(...flags: readonly string[]): Promise<NodeProgram> {
    return NodeProgram.startWith({}, ...flags);
  }

  /** The same, with a process that is made otherwise. */
  static async startWith(options: ProgramOptions, ...flags: readonly string[]): Promise<NodeProgram> {
    const words = NodeProgram.#args(flags);
    const program = new NodeProgram(words, options);
    program.words = words;
    const { data, control, pin } = await program.serving();
    const dataAddress = parseSocketAddress(String(data));
    if (dataAddress === undefined) throw new Error(`no address: ${String(data)}`);
    program.dataAddress = dataAddress;
    program.controlAddress = parseSocketAddress(String(control));
    program.controlPin = String(pin);
    return program;
  }

  static #args(flags: readonly string[]): readonly string[] {
    return [
      'serve',
      '--data-bind',
      '127.0.0.1:0',
      '--control-bind',
      '127.0.0.1:0',
      '--http-bind',
      'off',
      '--allow-destination',
      '127.0.0.0/8',
      '--log-format',
      'json',
      ...flags,
    ];
  }
}
