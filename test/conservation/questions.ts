import type { Handler, Plan, Protocol, Sent } from './plan.js'
import type { Fate } from './truth.js'
import { requestText } from './wire.js'

/** A kind of request to which there is a whole answer. */
export interface Question {
  readonly kind: string
  readonly fate: Fate
  readonly method: string
  readonly path: string
  readonly body?: string
  readonly type?: string
  /** Whether the server closes the connection after its answer. */
  readonly closes?: boolean
  /** Who answers it so; anybody, if that is left out. */
  readonly by?: readonly Handler[]
}

const ANSWERED = { fate: 'answered', method: 'GET' } as const

const LONG_PARAMETER = `/parameters/${'x'.repeat(200)}`

const QUESTIONS: readonly Question[] = [
  { ...ANSWERED, kind: 'GET', path: '/plain' },
  { ...ANSWERED, kind: 'GET with a parameter', path: '/parameters/42' },
  { ...ANSWERED, kind: 'HEAD', method: 'HEAD', path: '/plain' },
  { ...ANSWERED, kind: 'POST', method: 'POST', path: '/body', body: 'x'.repeat(5000), type: 'text/plain' },
  {
    ...ANSWERED,
    kind: '400, bad JSON',
    method: 'POST',
    path: '/json',
    body: '{',
    type: 'application/json',
    closes: true,
  },
  { ...ANSWERED, kind: 'stream', path: '/streamed' },
  { ...ANSWERED, kind: 'hijacked', path: '/hijacked' },
  { ...ANSWERED, kind: '204', path: '/empty' },
  { ...ANSWERED, kind: '404', path: '/missing' },
  { ...ANSWERED, kind: '500', path: '/failing' },
  { ...ANSWERED, kind: 'status set during the body', path: '/status-during' },
  { ...ANSWERED, kind: 'status set after the end', path: '/status-after' },
  // Express destroys the connection then, with all that a client has sent ahead.
  { ...ANSWERED, kind: 'thrown after the end', path: '/thrown-after', by: ['Fastify', 'a listener'] },
  { kind: '503, handler timeout', fate: 'timed out', method: 'GET', path: '/given-up', by: ['Fastify'] },
  { kind: '400, bad URL', fate: 'rejected', method: 'GET', path: '/%zz', by: ['Fastify'] },
  {
    kind: '400, bad URL',
    fate: 'rejected',
    method: 'GET',
    path: '/parameters/%zz',
    // An answer to what can't be decoded is one that closes.
    closes: true,
    by: ['Express'],
  },
  {
    kind: '414, long parameter',
    fate: 'rejected',
    method: 'GET',
    path: LONG_PARAMETER,
    by: ['Fastify'],
  },
  // Only Fastify has a limit, and decodes what no route needs decoded.
  { ...ANSWERED, kind: '200, long parameter', path: LONG_PARAMETER, by: ['Express', 'a listener'] },
  { ...ANSWERED, kind: '404, bad URL', path: '/%zz', by: ['Express', 'a listener'] },
]

/** What can be asked of a handler. */
export function questionsTo(handler: Handler): readonly Question[] {
  return QUESTIONS.filter(({ by }) => by === undefined || by.includes(handler))
}

/** Enters a question into a plan. */
export function ask(plan: Plan, over: Protocol, { kind, fate, method, path }: Question): Sent {
  return plan.request(over, kind, fate, method, path)
}

/** A question as it is sent over HTTP/1.1. */
export function textOf(question: Question, sent: Sent): string {
  const { body, type } = question
  if (body === undefined) return requestText(sent)
  return requestText(sent, [`Content-Type: ${type}`, `Content-Length: ${body.length}`], body)
}

/** Those after which a connection goes on. */
export function isStaying({ closes }: Question): boolean {
  return closes !== true
}

/** Questions, up to one after whose answer the server closes the connection. */
export function askSeveral(
  plan: Plan,
  over: Protocol,
  most: number,
  among = questionsTo(plan.handlers.http1),
): { text: string; sent: Sent }[] {
  const asked: { text: string; sent: Sent }[] = []
  let open = true
  while (open && asked.length < most) {
    const question = plan.random.pick(among)
    const sent = ask(plan, over, question)
    asked.push({ text: textOf(question, sent), sent })
    open = isStaying(question)
  }
  return asked
}
