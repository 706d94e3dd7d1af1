import { setTimeout as wait } from 'node:timers/promises'
import { median } from './figures.mjs'
import { startLoader } from './load.mjs'
import { startService } from './service.mjs'

/**
 * Measures variants in short turns. A long disturbance affects a whole round, so figures are compared within a round, whose
 * order is random. A process keeps its compiled code for life, so all services are started several times; those of one start
 * run side by side, and cost nothing while they are idle.
 * @param {Record<string, object>} variants by name: the arguments of {@link startService}, or as `sharing` the name of
 *   another variant whose service it shares; and its `load`
 * @returns the rounds of all starts: the figures of each variant, by its name
 */
export async function measureInTurns(variants, { instances, rounds, seconds, warmUpSeconds = 2 }) {
  const loader = startLoader()
  const measured = []
  for (let instance = 0; instance < instances; instance++) {
    const services = await startAll(variants)
    for (const { service, load } of shuffled(services)) {
      await loader.during(service.port, load, () => wait(warmUpSeconds * 1000))
    }
    const ofInstance = []
    for (let round = 0; round < rounds; round++) {
      const turns = []
      for (const variant of shuffled(services)) {
        turns.push([variant.name, await takeTurn(variant, loader, seconds)])
      }
      ofInstance.push(Object.fromEntries(turns))
    }
    for (const { ask, end, sharedBy } of new Set(services.map(({ service }) => service))) {
      const { received } = await ask('count')
      const bytes = (await end()) / received
      for (const round of ofInstance) for (const name of sharedBy) round[name].bytes = bytes
    }
    measured.push(...ofInstance)
  }
  loader.end()
  return measured
}

async function startAll(variants) {
  const started = []
  for (const [name, { load, sharing, ...options }] of Object.entries(variants)) {
    const other = started.find((variant) => variant.name === sharing)
    const service = other?.service ?? { ...(await startService(options)), sharedBy: [] }
    service.sharedBy.push(name)
    started.push({ name, load, service })
  }
  return started
}

/** Returns what a service uses per request, by its own account, in the middle of its load. */
async function takeTurn({ service: { port, ask }, load }, loader, seconds) {
  return loader.during(port, load, async () => {
    await ask('begin')
    await wait(seconds * 1000)
    const { user, system, answered, allocated, elapsed } = await ask('end')
    const cpu = user + system
    const p99 = await loader.p99()
    return {
      cpu: cpu / answered,
      user: user / answered,
      system: system / answered,
      allocated: allocated / answered,
      rate: answered / elapsed,
      busy: cpu / 1e6 / elapsed,
      p99,
    }
  })
}

function shuffled(values) {
  return values
    .map((value) => ({ value, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ value }) => value)
}

/** The busy part of a turn below which a service at full load had to wait, because others used the machine. */
const MIN_BUSY = 0.85

/** Warns if something else used the machine at the same time. */
export function warnOfIdleness(rounds) {
  for (const name of Object.keys(rounds[0] ?? {})) {
    const busy = median(rounds.map((round) => round[name].busy))
    if (busy >= MIN_BUSY) continue
    const part = Math.round(busy * 100)
    console.error(`${name} was busy for ${part} % of its turns only: its figures are worth less.`)
  }
}
