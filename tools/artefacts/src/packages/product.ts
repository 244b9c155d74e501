import type { Program } from '../base/workspace.ts';

/** A program that has a package of its own. */
export interface Product {
  /** Of the program and its package. */
  readonly name: string;
  /** Its project within `apps`, and the folder of its JavaScript within a program folder. */
  readonly app: Program;
  /** One line without a full stop. */
  readonly summary: string;
  readonly description: string;
}

/** What is packaged. */
export const PRODUCTS: readonly Product[] = [
  {
    name: 'lightspeed-proxy',
    app: 'proxy',
    summary: 'relay node for the UDP traffic of multiplayer games',
    description:
      'A relay node: players send the UDP traffic of their games to it, and it passes\n' +
      'that on to the game servers, and brings the answers back. Players register with\n' +
      'tickets. Updates keep the sessions of those who play.',
  },
  {
    name: 'lightspeed',
    app: 'client',
    summary: "player's end of the LightSpeed relay for games",
    description:
      'Carries the UDP traffic of games through relay nodes where that is measured to be better than the direct way.\n' +
      'It also looks at both ways, and decodes captured packets.',
  },
];

/** How packages name a platform. */
export interface PackagePlatform {
  /** As program folders are named. */
  readonly name: string;
  /** Debian's word, which is nfpm's too. */
  readonly debian: string;
  readonly rpm: string;
}

/** What packages are made for. */
export const PACKAGE_PLATFORMS: readonly PackagePlatform[] = [
  { name: 'linux-x64', debian: 'amd64', rpm: 'x86_64' },
  { name: 'linux-arm64', debian: 'arm64', rpm: 'aarch64' },
];

/** Kinds of packages. */
export const KINDS = ['deb', 'rpm'] as const;
/** One of {@link KINDS}. */
export type Kind = (typeof KINDS)[number];

/** How a package's file is called, as its system expects it. */
export function packageFile(product: Product, version: string, { debian, rpm }: PackagePlatform, kind: Kind): string {
  return kind === 'deb' ? `${product.name}_${version}_${debian}.deb` : `${product.name}-${version}-1.${rpm}.rpm`;
}
