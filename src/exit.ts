/** Who has something to say when the process ends; held weakly, since an app may be gone by then. */
const tasks = new Set<WeakRef<{ finish(): void }>>()

/** Calls `finish()` when the process ends, before stdout is closed or while it still takes lines. */
export function onExit(task: { finish(): void }): void {
  if (tasks.size === 0) process.on('exit', finishAll)
  tasks.add(new WeakRef(task))
}

function finishAll(): void {
  for (const task of tasks) task.deref()?.finish()
}
