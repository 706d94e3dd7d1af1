/** The record of a request, as its handlers see it. */
export interface RequestEntry {
  /**
   * Adds fields to the completion line of this request, after the built-in ones, which can't be overwritten. The
   * values are copied now; what JSON can't hold is lost alone. After the completion it emits the process warning `WAYBILL_WARN_LATE`, and does nothing else.
   *
   * @example
   * request.waybill.add({ user_id: 42, cache: 'hit' })
   */
  add(fields: object): void
  /**
   * Says what this request failed of, for what catches errors itself: its completion carries the error, if its status is
   * 400 or above or it does not end well. After the completion it emits the process warning `WAYBILL_WARN_LATE`.
   *
   * @example
   * handle(request).catch((error) => {
   *   request.waybill.fail(error)
   *   response.writeHead(500).end()
   * })
   */
  fail(error: unknown): void
}
