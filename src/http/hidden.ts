/**
 * Sets a property that no enumeration shows: comparing, copying or printing a request stays what it is without waybill
 * (`assert.deepStrictEqual` of two requests would go through all that hangs on them).
 */
export function setHidden(target: object, key: PropertyKey, value: unknown): void {
  Object.defineProperty(target, key, { value, writable: true, configurable: true, enumerable: false })
}
