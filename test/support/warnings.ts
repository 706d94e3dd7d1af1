import { once } from 'node:events'

/** The next process warning; to be called before what provokes it. */
export async function nextWarning(): Promise<{ code: string; message: string }> {
  const [warning] = (await once(process, 'warning')) as [Error & { code: string }]
  return { code: warning.code, message: warning.message }
}
