import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import manifest from '../../package.json' with { type: 'json' }
import { run } from './process.js'

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder of a project that has installed waybill from its tarball, and Fastify. */
    project: string
    /** One that has Express instead. */
    expressProject: string
  }
}

const { devDependencies } = manifest
/** What each project has beside waybill. Without the types of Node.js, those of the frameworks can't be checked. */
const COMPANIONS = {
  project: ['fastify', '@types/node'],
  expressProject: ['express', 'express4', '@types/express', '@types/node'],
} as const
const INSTALL = ['install', '--no-audit', '--no-fund', '--loglevel=error', '--prefer-offline']

/** Packs waybill and installs it beside each framework in an empty project, once for all tests. */
export default async function install({ config, provide }: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'waybill-packed-'))
  const remove = () => rm(folder, { recursive: true, force: true })
  try {
    await npm(['pack', '--loglevel=error', '--pack-destination', folder], config.root)
    const [tarball = ''] = await readdir(folder).then((names) =>
      names.filter((name) => name.endsWith('.tgz')),
    )
    for (const name of ['project', 'expressProject'] as const) {
      const project = join(folder, name)
      await mkdir(project)
      await writeFile(join(project, 'package.json'), '{ "type": "module" }')
      const companions = COMPANIONS[name].map((each) => `${each}@${devDependencies[each]}`)
      await npm([...INSTALL, join(folder, tarball), ...companions], project)
      provide(name, project)
    }
  } catch (error) {
    await remove()
    throw error
  }
  return remove
}

async function npm(args: readonly string[], cwd: string): Promise<void> {
  const { by, stdout, stderr } = await run('npm', args, cwd)
  if (by !== 0) throw new Error(`npm ${args[0]} ended by ${by}\n${stdout}${stderr}`)
}
