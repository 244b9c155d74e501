import { PLATFORMS } from './base/platforms.ts';
import type { Platform } from './base/platforms.ts';
import { PNPM_REMEDY, findTool } from './base/run-tool.ts';

/** Something that `pnpm artefacts` makes. */
export interface Artefact {
  /** Of its Nx target, too. */
  readonly name: string;
  /** In a few words, for `--help`. */
  readonly what: string;
  /** Groups of tools, of each of which one has to be there, and what to do otherwise. */
  readonly needs: readonly { readonly anyOf: readonly string[]; readonly remedy: string }[];
  /** Whether it is made after all others, of whatever is there then. */
  readonly isLast?: boolean;
}

const strippers = (platforms: readonly Platform[]) =>
  platforms.filter(({ strip }) => strip.length > 0).map(({ strip }) => ({ anyOf: strip, remedy: 'sudo apt install binutils llvm' }));
const STRIP_FOLDERS = strippers(PLATFORMS.filter(({ hasFolder }) => hasFolder));
const NPM = { anyOf: ['npm'], remedy: 'install npm, which comes with Node' };
const PNPM = { anyOf: ['pnpm'], remedy: PNPM_REMEDY };
const NFPM = { anyOf: ['nfpm'], remedy: '.ci/build-nfpm builds it with any Go (sudo apt install golang-go)' };

const MMDEBSTRAP = { anyOf: ['mmdebstrap'], remedy: 'sudo apt install mmdebstrap' };
const BUILDAH = { anyOf: ['buildah'], remedy: 'sudo apt install buildah' };
const HELM = { anyOf: ['helm'], remedy: '.ci/build-helm builds it with any Go (sudo apt install golang-go)' };

/** All of them, in the order in which one needs another. */
export const ARTEFACTS: readonly Artefact[] = [
  { name: 'bundle', what: 'the folders of the programs, for linux-x64 and linux-arm64', needs: [NPM, ...STRIP_FOLDERS] },
  { name: 'single-file', what: 'the programs as one file each, with SHA-256 sums', needs: [NPM, ...strippers(PLATFORMS)] },
  { name: 'deb', what: 'packages for Debian and Ubuntu, of client and node, for both', needs: [NPM, ...STRIP_FOLDERS, NFPM] },
  { name: 'rpm', what: 'the same for systems with RPM, such as Fedora', needs: [NPM, ...STRIP_FOLDERS, NFPM] },
  { name: 'image', what: 'images of a node for containers, for both', needs: [NPM, ...STRIP_FOLDERS, MMDEBSTRAP, BUILDAH] },
  { name: 'chart', what: 'the Helm chart of nodes in Kubernetes', needs: [HELM] },
  { name: 'npm', what: 'the packages of npm, as they are published', needs: [PNPM] },
  { name: 'sbom', what: 'lists of all that is in the programs (CycloneDX)', needs: [PNPM, NPM] },
  { name: 'sums', what: 'the folder of a release: all of the above that is there, and SHA-256 sums', needs: [], isLast: true },
];

/** Why this machine cannot make an artefact, and what to do about it; undefined if it can. */
export function obstacleOf({ needs }: Artefact): string | undefined {
  const missing = needs.find(({ anyOf }) => anyOf.every((name) => findTool(name) === undefined));
  return missing && `there is no ${missing.anyOf.join(' and no ')} in PATH: ${missing.remedy}`;
}
