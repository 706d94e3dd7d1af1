import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { finish, root, startProgram } from './support/program.js'

test('several copies of waybill in one process share one exit listener and write all held lines', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'waybill-'))
  try {
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
    for (let copy = 0; copy < 12; copy++)
      cpSync(join(root, 'dist'), join(folder, String(copy)), { recursive: true })
    const program = `
      const before = process.listenerCount('exit')
      for (let copy = 0; copy < 12; copy++) {
        const { default: waybill, createLogger } = await import('${folder}/' + copy + '/express.js')
        waybill({ format: 'json' })
        createLogger({ format: 'json' }).info(String(copy))
      }
      process.stderr.write(String(process.listenerCount('exit') - before))
      process.exit()
    `
    const { stdout, stderr } = await finish(startProgram(program))
    expect(stderr).toBe('1')
    const messages = stdout.trimEnd().split('\n')
    expect(messages.map((line) => (JSON.parse(line) as { message: unknown }).message)).toEqual(
      Array.from({ length: 12 }, (_, copy) => String(copy)),
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
})
