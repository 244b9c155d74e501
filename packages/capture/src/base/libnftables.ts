import { readdirSync } from 'node:fs';
import type * as Koffi from 'koffi';
import { libc } from './libc.ts';
import { loadKoffi } from './koffi.ts';

const LIBRARY = 'libnftables.so.1';
const STDERR = 2;
const F_SETFD = 2;
const FD_CLOEXEC = 1;

type Context = unknown;

interface Libnftables {
  nft_ctx_new(flags: number): Context;
  nft_ctx_free(context: Context): void;
  nft_ctx_buffer_output(context: Context): number;
  nft_ctx_buffer_error(context: Context): number;
  nft_ctx_get_output_buffer(context: Context): string;
  nft_ctx_get_error_buffer(context: Context): string;
  nft_run_cmd_from_buffer(context: Context, command: string): number;
}

let bound: Libnftables | undefined;

/** What nft itself is made of (libnftables(3)): it takes command after command by one connection with the kernel. */
export class NftContext {
  readonly #nft: Libnftables;
  readonly #context: Context;

  /** @throws {Error} where there is no nftables. */
  constructor() {
    this.#nft = bound ??= bindLibnftables();
    this.#context = this.#nft.nft_ctx_new(0);
    // A child that has the connection would keep what belongs to it. Nobody says which descriptor it is.
    for (const fd of readdirSync('/proc/self/fd').map(Number)) if (fd > STDERR) libc().fcntl(fd, F_SETFD, FD_CLOEXEC);
    this.#nft.nft_ctx_buffer_output(this.#context);
    this.#nft.nft_ctx_buffer_error(this.#context);
  }

  /** @returns what the command has printed, and what is wrong with it. */
  run(command: string): { readonly output: string; readonly error: string | undefined } {
    const isDone = this.#nft.nft_run_cmd_from_buffer(this.#context, command) === 0;
    const output = this.#nft.nft_ctx_get_output_buffer(this.#context);
    const error = this.#nft.nft_ctx_get_error_buffer(this.#context);
    return { output, error: isDone ? undefined : error };
  }

  /** Closes the connection. Nothing may be run afterwards. */
  free(): void {
    this.#nft.nft_ctx_free(this.#context);
  }
}

function bindLibnftables(): Libnftables {
  const koffi = loadKoffi();
  let library: Koffi.LibraryHandle;
  try {
    library = koffi.load(LIBRARY);
  } catch (cause) {
    throw new Error(`there is no ${LIBRARY}: install nftables, for example: sudo apt install nftables`, { cause });
  }
  return {
    nft_ctx_new: library.func('void *nft_ctx_new(uint32_t flags)'),
    nft_ctx_free: library.func('void nft_ctx_free(void *context)'),
    nft_ctx_buffer_output: library.func('int nft_ctx_buffer_output(void *context)'),
    nft_ctx_buffer_error: library.func('int nft_ctx_buffer_error(void *context)'),
    nft_ctx_get_output_buffer: library.func('const char *nft_ctx_get_output_buffer(void *context)'),
    nft_ctx_get_error_buffer: library.func('const char *nft_ctx_get_error_buffer(void *context)'),
    nft_run_cmd_from_buffer: library.func('int nft_run_cmd_from_buffer(void *context, const char *command)'),
  };
}
