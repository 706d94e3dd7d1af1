import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Entry, Start } from './entry.js'
import { isNullLogger } from './fastify-insides.js'
import type { Linked } from './open-list.js'
import type { RawRequest } from './options.js'
import type { RequestLogger } from './request-logger.js'
import { attempt } from './rules/attempt.js'
import type { CaptureSource } from './rules/capture.js'
import type { RequestId } from './rules/request-id.js'

/** A response as Node.js hands it over. */
export type RawResponse = FastifyReply['raw']

/** A request from the moment at which the server has it, also if no route ever does. */
export interface Visit extends Linked<Visit> {
  readonly id: RequestId
  readonly start: Start
  responseBytes: number
  finished: boolean
  /** Absent until the request has come to a route, or to the handler of those for which there is none. */
  request: FastifyRequest | undefined
  reply: FastifyReply | undefined
  entry: Entry | undefined
  /** The requests of a client that were sent ahead and wait, if it is one. */
  waiting: Set<Visit> | undefined
  /** Whose visit it is: a request may be handed from one app to another. */
  readonly owner: object
  readonly raw: RawRequest
  readonly response: RawResponse
}

/** What the details of a request are read from when Fastify has none of it: the connection's own address. */
export function sourceOf({ headers, socket }: RawRequest, originalUrl: string): CaptureSource {
  const authority: unknown = headers[':authority']
  const host = headers.host ?? (typeof authority === 'string' ? authority : '')
  return { headers, ip: socket.remoteAddress ?? '', host, originalUrl }
}

/** Fastify hands out no child logger on routes that were declared before the app had a logger. */
export function useChildOf(
  logger: FastifyRequest['log'],
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  if (!isNullLogger(request.log)) return
  const { logLevel } = request.routeOptions
  request.log = logger.child({ request_id: request.id }, logLevel ? { level: logLevel } : {})
  reply.log = request.log
}

/** Whether the connection of a request was handed over, as for a WebSocket, and answered by no response of ours. */
export function isUpgraded({ raw, reply, response }: Visit): boolean {
  const { upgrade } = raw as { upgrade?: boolean }
  return upgrade === true && reply?.sent === true && !response.headersSent
}

/** The code of an error, if it has one. */
export function codeOf(error: unknown): unknown {
  return attempt(() => (error as { code?: unknown } | undefined)?.code, undefined)
}

/** Whether a client has gone, rather than the server breaking off: then nothing is left to carry an answer. */
export function hasLeft(raw: FastifyRequest['raw']): boolean {
  const { stream } = raw as { stream?: { aborted: boolean; destroyed: boolean } }
  return raw.aborted || (stream ? stream.aborted || stream.destroyed : raw.socket.destroyed)
}

/** The record of a request. */
export function entryOf(request: FastifyRequest): Entry | undefined {
  // Absent on a request that was answered before it arrived.
  return request.waybill as Entry | undefined
}

/** The logger of a request as it is now. */
export function loggerOf(request: FastifyRequest): RequestLogger {
  return request.log as RequestLogger
}
