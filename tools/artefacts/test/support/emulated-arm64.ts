import { existsSync } from 'node:fs';
import { findProgram } from '@lightspeed/lab';

/** Where Debian puts the libraries of arm64 for emulated programs. */
const LIBRARIES = '/usr/aarch64-linux-gnu';
const EMULATOR = findProgram('qemu-aarch64-static');
const PACKAGES = 'qemu-user-static libc6-arm64-cross libstdc++6-arm64-cross libatomic1-arm64-cross';
const hasLibraries = existsSync(`${LIBRARIES}/lib/libatomic.so.1`) && existsSync(`${LIBRARIES}/lib/libstdc++.so.6`);

/** Words in front of a command line of a program for arm64. */
export const EMULATED: readonly [string, ...string[]] = [EMULATOR ?? 'qemu-aarch64-static', '-L', LIBRARIES];

/** Why no program for arm64 can be emulated here; undefined if they can. */
export const NO_EMULATOR = EMULATOR === undefined || !hasLibraries ? `no emulated arm64: sudo apt install ${PACKAGES}` : undefined;
