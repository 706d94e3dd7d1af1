/** Whether an error is one that the operating system gave, not one that the server destroyed something with. */
export function isNetworkError(error: unknown): boolean {
  const { syscall, code } = (error ?? {}) as { syscall?: unknown; code?: unknown }
  // Writes that were waiting when the server itself closed a connection fail so.
  return typeof syscall === 'string' && code !== 'ECANCELED'
}
