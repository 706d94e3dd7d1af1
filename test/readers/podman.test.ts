import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { describeReader, readInNamespace } from './programs.js'
import { installService, linesOf } from './service.js'

const PROGRAMS = ['podman', 'conmon', 'runc', 'unshare']
const FORMATS = ['json', 'logfmt'] as const
/** An entry of a log of Kubernetes: time, stream, whether its line ends here (`F`) or goes on (`P`), text. */
const CRI = /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d) stdout (?<tag>[FP]) (?<text>.*)$/

describeReader('Podman, with the logs of Kubernetes', { programs: PROGRAMS, root: true }, (out) => {
  beforeAll(async () => {
    await readInNamespace('podman.sh', await installService(), out)
  })

  const read = (file: string): Promise<string> => readFile(join(out, file), 'utf8')

  test.each(FORMATS)('%s: podman logs shows every byte that was written', async (format) => {
    const written = await read(`${format}.written`)
    expect(linesOf(written).length).toBeGreaterThan(60)
    expect(await read(`${format}.logs`)).toBe(written)
  })

  test.each(FORMATS)('%s: the log file has each line, put together as CRI says', async (format) => {
    const entries = linesOf(await read(`${format}.cri`)).map((entry) => CRI.exec(entry)?.groups)
    const text = entries.map((entry) => (entry?.tag === 'F' ? `${entry.text}\n` : entry?.text)).join('')
    expect(linesOf(text)).toEqual(linesOf(await read(`${format}.written`)))
  })
})
