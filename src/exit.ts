import { safely } from './safely.js'

type Task = () => void

/** Shared by all copies of waybill in a process, so that there is one listener however often waybill is loaded. */
interface Registry {
  readonly tasks: Set<Task>
  readonly run: () => void
}

const REGISTRY = Symbol.for('waybill.exit')

/** Calls a function when the process exits. */
export function atExit(task: Task): void {
  const { tasks, run } = findRegistry()
  tasks.add(task)
  if (!process.listeners('exit').includes(run)) process.on('exit', run)
}

/** Does early what is done when the process exits. */
export function runExitTasks(): void {
  findRegistry().run()
}

function findRegistry(): Registry {
  const host: NodeJS.Process & { [REGISTRY]?: Registry } = process
  const known = host[REGISTRY]
  if (known !== undefined) return known
  const tasks = new Set<Task>()
  const run = (): void => {
    for (const task of tasks) safely(task)
  }
  Object.defineProperty(host, REGISTRY, { value: { tasks, run } })
  return { tasks, run }
}

/** The apps whose open requests are completed at exit; held weakly, so that they can be garbage-collected before. */
const apps = new Set<WeakRef<{ finish(): void }>>()

/** Calls `finish()` when the process exits, while lines can still be written. */
export function onExit(app: { finish(): void }): void {
  if (apps.size === 0) atExit(finishAll)
  apps.add(new WeakRef(app))
}

function finishAll(): void {
  for (const app of apps) safely(() => app.deref()?.finish())
}
