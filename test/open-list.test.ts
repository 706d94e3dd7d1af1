import { expect, test } from 'vitest'
import { type Linked, OpenList } from '../src/http/open-list.js'

interface Item extends Linked<Item> {
  readonly name: string
}

function listOf(names: string): { list: OpenList<Item>; items: Item[] } {
  const list = new OpenList<Item>()
  const items = [...names].map((name) => ({ name, previous: undefined, next: undefined, listed: false }))
  for (const item of items) list.add(item)
  return { list, items }
}

function rest(list: OpenList<Item>): string {
  return [...list.drain()].map(({ name }) => name).join('')
}

test('keeps order whatever is taken out', () => {
  for (const taken of ['', 'a', 'b', 'd', 'ab', 'bc', 'cd', 'ad', 'dcba', 'abcd']) {
    const { list, items } = listOf('abcd')
    for (const name of taken) expect(list.remove(items['abcd'.indexOf(name)] as Item)).toBe(true)
    expect(rest(list)).toBe([...'abcd'].filter((name) => !taken.includes(name)).join(''))
  }
})

test('an item is taken out once, and can be put in again', () => {
  const { list, items } = listOf('ab')
  const [a] = items as [Item, Item]
  expect([list.remove(a), list.remove(a)]).toEqual([true, false])
  list.add(a)
  expect(rest(list)).toBe('ba')
  expect(list.remove(a)).toBe(false)
  expect(rest(list)).toBe('')
})

test('an item that was taken out holds no other', () => {
  const { list, items } = listOf('abc')
  list.remove(items[1] as Item)
  expect(items[1]).toMatchObject({ previous: undefined, next: undefined })
})
