/** Why the addon that calls the C library could not be loaded, and what helps, in words; for {@link findObstacle}. */
export function explainLoadFailure(thrown: unknown): string {
  const message = thrown instanceof Error ? thrown.message.split('\n', 1)[0] : 'unknown';
  const [, library] = /(lib[\w.+-]+): cannot open shared object file/.exec(message) ?? [];
  if (library !== undefined) return `the system has no ${library}, which koffi needs: install the package that has it (${message})`;
  if (/failed to map segment|Operation not permitted/.test(message)) {
    return `koffi may not be loaded from its folder: that is probably mounted noexec (${message})`;
  }
  if (/Cannot find (the native Koffi )?module/.test(message)) {
    return `koffi's file for this platform is not installed: install the packages again (${message})`;
  }
  return `koffi cannot call the C library (${message})`;
}
