/** What a function returns, or something else when it throws; for values that may do anything when they are read. */
export function attempt<T>(read: () => T, otherwise: T): T {
  try {
    return read()
  } catch {
    return otherwise
  }
}
