import { createHook } from 'node:async_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import { keepTickShape } from '../../src/http/node-internals.js'

it('keeps one of the objects of process.nextTick, and no more', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const ticks: WeakRef<object>[] = []
  const hook = createHook({
    init(_id, type, _trigger, resource) {
      if (type === 'TickObject') ticks.push(new WeakRef(resource))
    },
  }).enable()
  process.nextTick(() => {})
  keepTickShape()
  keepTickShape()
  hook.disable()
  expect(ticks).toHaveLength(2)
  await sleep(10)
  collect()

  expect(ticks.map((tick) => tick.deref() !== undefined)).toEqual([false, true])
})
