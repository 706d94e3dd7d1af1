import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TestProject } from 'vitest/node'
import manifest from '../../package.json' with { type: 'json' }
import { run } from './process.js'

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder of a project that has installed waybill from its tarball, and Fastify. */
    project: string
    /** One that has Express instead. */
    expressProject: string
    /** One that has waybill alone. */
    bareProject: string
    /** The folder of the bundlers, loaders, test runners and compilers that the package is tried with. */
    tools: string
    /** The tarball. */
    tarball: string
    /** A folder for what a test makes: no folder above it has a node_modules. */
    scratch: string
  }
}

const { devDependencies } = manifest
/** What each project has beside waybill. Without the types of Node.js, those of the frameworks can't be checked. */
const COMPANIONS = {
  project: ['fastify', '@types/node'],
  expressProject: ['express', 'express4', '@types/express', '@types/node'],
  bareProject: [],
} as const
const QUIETLY = ['--no-audit', '--no-fund', '--loglevel=error', '--prefer-offline']
/** Locked on their own, for what only these tests need would double what every developer installs. */
const TOOLS = fileURLToPath(new URL('tools', import.meta.url))

/** Packs waybill and installs it beside each framework in an empty project, and the tools, once for all tests. */
export default async function install({ config, provide }: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'waybill-packed-'))
  const remove = () => rm(folder, { recursive: true, force: true, maxRetries: 5 })
  const scratch = join(folder, 'scratch')
  const tools = join(folder, 'tools')

  async function installProjects(): Promise<void> {
    await npm(['pack', '--loglevel=error', '--pack-destination', folder], config.root)
    const [name = ''] = (await readdir(folder)).filter((each) => each.endsWith('.tgz'))
    const tarball = join(folder, name)
    provide('tarball', tarball)
    for (const name of ['project', 'expressProject', 'bareProject'] as const) {
      const project = join(folder, name)
      await mkdir(project)
      await writeFile(join(project, 'package.json'), '{ "type": "module" }')
      const companions = COMPANIONS[name].map((each) => `${each}@${devDependencies[each]}`)
      await npm(['install', ...QUIETLY, tarball, ...companions], project)
      provide(name, project)
    }
  }

  async function installTools(): Promise<void> {
    await cp(TOOLS, tools, { recursive: true })
    await npm(['ci', ...QUIETLY, '--ignore-scripts'], tools)
    provide('tools', tools)
  }

  const installed = await Promise.allSettled([installProjects(), installTools(), mkdir(scratch)])
  const failed = installed.find((each) => each.status === 'rejected')
  if (failed !== undefined) {
    await remove()
    throw failed.reason
  }
  provide('scratch', scratch)
  return remove
}

async function npm(args: readonly string[], cwd: string): Promise<void> {
  const { by, stdout, stderr } = await run('npm', args, cwd)
  if (by !== 0) throw new Error(`npm ${args[0]} ended by ${by}\n${stdout}${stderr}`)
}
