// Pins the measured service and the load to separate cores, so that neither takes time from the other.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'

const cores = allowedCores()
const isPinned = cores.length > 1 && hasTaskset()

/** What the results say about the pinning. */
export const pinning = isPinned
  ? 'Each service is pinned to one core, its load and the reader of its output to others.'
  : 'Nothing is pinned to a core.'

/** Returns a command that runs on the cores of its kind: `service`, or `load` for everything that is not measured. */
export function onCores(kind, command, args) {
  if (!isPinned) return [command, args]
  const [first, ...others] = cores
  return ['taskset', ['-c', kind === 'service' ? `${first}` : others.join(','), command, ...args]]
}

/** The cores that this process may use, as Linux reports them. */
function allowedCores() {
  try {
    const [, list] = /^Cpus_allowed_list:\s*(\S+)/m.exec(fs.readFileSync('/proc/self/status', 'latin1'))
    return list.split(',').flatMap((range) => {
      const [from, to = from] = range.split('-').map(Number)
      return Array.from({ length: to - from + 1 }, (_, at) => from + at)
    })
  } catch {
    return []
  }
}

function hasTaskset() {
  try {
    execFileSync('taskset', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
