import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { describeReader, readInNamespace } from './programs.js'
import { installService, linesOf, parse } from './service.js'

const PROGRAMS = ['dockerd', 'docker', 'containerd', 'runc', 'ip', 'unshare']
const FORMATS = ['json', 'logfmt'] as const

/** What the json-file driver keeps of what a container wrote: a line, or a part of a long one. */
interface Kept {
  readonly log: string
  readonly stream: string
}

describeReader('Docker', { programs: PROGRAMS, root: true }, (out) => {
  beforeAll(async () => {
    await readInNamespace('docker.sh', await installService(), out, { network: true })
  })

  const read = (file: string): Promise<string> => readFile(join(out, file), 'utf8')

  test.each(FORMATS)('%s: docker logs shows every byte that was written', async (format) => {
    const written = await read(`${format}.written`)
    expect(linesOf(written).length).toBeGreaterThan(60)
    expect(await read(`${format}.logs`)).toBe(written)
  })

  test.each(FORMATS)('%s: the json-file driver keeps each line as one entry', async (format) => {
    const entries = linesOf(await read(`${format}.file`)).map((entry) => JSON.parse(entry) as Kept)
    expect(entries.map(({ log }) => log)).toEqual(
      linesOf(await read(`${format}.written`)).map((line) => `${line}\n`),
    )
    expect(new Set(entries.map(({ stream }) => stream))).toEqual(new Set(['stdout']))
  })

  test('docker service logs --raw shows every byte that was written', async () => {
    const written = await read('service.written')
    expect(linesOf(written).map(parse).at(-1)).toMatchObject({
      event: 'request.completed',
      outcome: 'aborted',
    })
    expect(await read('service.logs')).toBe(written)
  })
})
