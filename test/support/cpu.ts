import { expect } from 'vitest'

const TRIES = 3
/** What takes so many times what it may is not tried again. */
const HOPELESS = 4

/** Node.js tells the CPU time of a thread since 23.9. */
const { threadCpuUsage, cpuUsage }: NodeJS.Process & { threadCpuUsage?: NodeJS.Process['cpuUsage'] } = process

/** The CPU time that this thread, or before Node.js 23.9 this process, has taken, in milliseconds. */
function cpuMs(): number {
  const { user, system } = (threadCpuUsage ?? cpuUsage).call(process)
  return (user + system) / 1000
}

/**
 * Expects that something takes little CPU time, at the best of a few tries: other processes of a busy machine don't count.
 * @param boundMs far more than what is linear takes, and far less than what is quadratic takes
 * @param label what is run, for the message of a failure
 */
export function expectCpuWithin(boundMs: number, run: () => void, label = 'CPU time in ms'): void {
  let least = Number.POSITIVE_INFINITY
  for (let tries = 0; tries < TRIES && isWorthTrying(least, boundMs); tries++) {
    const before = cpuMs()
    run()
    least = Math.min(least, cpuMs() - before)
  }
  expect(least, label).toBeLessThanOrEqual(boundMs)
}

/** The same of something that goes on after it has returned. */
export async function expectCpuWithinAsync(boundMs: number, run: () => Promise<void>): Promise<void> {
  let least = Number.POSITIVE_INFINITY
  for (let tries = 0; tries < TRIES && isWorthTrying(least, boundMs); tries++) {
    const before = cpuMs()
    await run()
    least = Math.min(least, cpuMs() - before)
  }
  expect(least, 'CPU time in ms').toBeLessThanOrEqual(boundMs)
}

function isWorthTrying(least: number, boundMs: number): boolean {
  return least > boundMs && (least === Number.POSITIVE_INFINITY || least < HOPELESS * boundMs)
}
