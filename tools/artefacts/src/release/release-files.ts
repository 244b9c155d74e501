import { basename } from 'node:path';
import { ArtefactError } from '../base/artefact-error.ts';

/** What users download, as paths in the folder of artefacts: each of a kind, and no folder of programs. */
const FOR_USERS = /^(?:deb\/[^/]+\.deb|rpm\/[^/]+\.rpm|npm\/[^/]+\.tgz|sbom\/[^/]+\.json|image\/[^/]+\.tar(?:\.\w+)?|chart\/[^/]+\.tgz)$/;
const SINGLE_FILE = /^single-files\/(?!SHA256SUMS$)[^/]+$/;

/**
 * The files of a release, by their names there, where there are no folders.
 * @param files all that was made, as paths in the folder of artefacts
 * @throws {ArtefactError} `ERR_ARTEFACT_UNKNOWN` if two files would have one name.
 */
export function releaseFiles(files: readonly string[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const file of files.toSorted()) {
    if (!FOR_USERS.test(file) && !SINGLE_FILE.test(file)) continue;
    const [name, other] = [basename(file), found.get(basename(file))];
    if (other !== undefined) {
      throw new ArtefactError('ERR_ARTEFACT_UNKNOWN', `a release cannot have both ${other} and ${file}: give one of them another name`);
    }
    found.set(name, file);
  }
  return found;
}
