import { once } from 'node:events'

/** The next process warning; to be called before what provokes it. */
export async function nextWarning(): Promise<{ code: string; message: string; detail: string }> {
  const [warning] = (await once(process, 'warning')) as [Error & { code: string; detail: string }]
  const { code, message, detail } = warning
  return { code, message, detail }
}
