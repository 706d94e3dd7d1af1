import { readdir, readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'

const SOURCE = new URL('../src/', import.meta.url)

test('works when bundled into one file: no module depends on its own location', async () => {
  const files = (await readdir(SOURCE, { recursive: true })).filter((file) => file.endsWith('.ts'))
  const sources = await Promise.all(
    files.map(async (file) => [file, await readFile(new URL(file, SOURCE), 'utf8')]),
  )
  expect(sources.length).toBeGreaterThan(40)
  const bound = sources.filter(([, source = '']) =>
    /import\.meta|createRequire|@opentelemetry\/api['"]/.test(source),
  )
  expect(bound.map(([file]) => file)).toEqual([])
})
