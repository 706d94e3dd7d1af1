/** What can be in an {@link OpenList}; it holds its neighbours there. */
export interface Linked<T> {
  previous: T | undefined
  next: T | undefined
  /** Whether it is in the list. */
  listed: boolean
}

/** Everything that is open, in order. A linked list, since a Set costs its garbage collection 2 µs a request. */
export class OpenList<T extends Linked<T>> {
  #first: T | undefined
  #last: T | undefined

  add(item: T): void {
    item.listed = true
    item.previous = this.#last
    if (this.#last === undefined) this.#first = item
    else this.#last.next = item
    this.#last = item
  }

  /** Takes an item out; false if it was not in. */
  remove(item: T): boolean {
    if (!item.listed) return false
    item.listed = false
    if (item.previous === undefined) this.#first = item.next
    else item.previous.next = item.next
    if (item.next === undefined) this.#last = item.previous
    else item.next.previous = item.previous
    item.previous = undefined
    item.next = undefined
    return true
  }

  /** Takes all items out, first to last. */
  *drain(): Generator<T> {
    for (let item = this.#first; item !== undefined; item = this.#first) {
      this.remove(item)
      yield item
    }
  }
}
