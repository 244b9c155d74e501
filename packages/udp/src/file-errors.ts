/**
 * Why the system does not give a file, in words: one text for all that client and node read and write. It completes a
 * sentence such as "node.toml: cannot be read: ...".
 * @param thrown what `node:fs` has thrown; anything else is shown by its own message.
 * @param missing what is missing: a file that is made needs its folder only.
 */
export function explainFileError(thrown: unknown, missing: 'file' | 'folder' = 'file'): string {
  if (!(thrown instanceof Error)) return String(thrown);
  switch ('code' in thrown ? thrown.code : undefined) {
    case 'ENOENT':
      return `there is no such ${missing}`;
    case 'EACCES':
      return 'permission denied';
    case 'EISDIR':
      return 'it is a directory';
    case 'ENOTDIR':
      return 'a part of its path is no directory';
    case 'EEXIST':
      return 'it is there already, and is not written over';
    default:
      // What Node says: the code, the system's words, then the call and the path.
      return thrown.message.replace(/^E[A-Z0-9]+: ([^,]+), [a-z]+( '.*)?$/, '$1');
  }
}
