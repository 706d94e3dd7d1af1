import type express from 'express'
import { describe, expect, test } from 'vitest'
import { waybill } from '../../src/express.js'
import { serveExpress, VERSIONS } from '../support/express.js'

/** What a request failed of, with a status of its own, as http-errors makes them. */
function failure(status: number): Error {
  return Object.assign(new Error(`failed with ${status}`), { status })
}

/** Whether the layers of routers keep what they were declared with: not before router 2.3. */
function keepsPatterns(create: typeof express): boolean {
  const [layer] = create.Router().use('/', () => {}).stack as object[]
  return layer !== undefined && ('rawPath' in layer || 'regexp' in layer)
}

describe.each(VERSIONS)('%s: the route', (version, create) => {
  /** Asks for one path, twice, since the first request of an app finds it as no later one does. */
  async function routesOf(path: string, declare: Parameters<typeof serveExpress>[1]): Promise<unknown[]> {
    const { log, get } = await serveExpress(create, declare)
    await get(path)
    await get(path)
    return (await log.completions(2)).map(({ route }) => route)
  }

  function declareNested(app: express.Express): void {
    const orders = create.Router({ mergeParams: true })
    orders.get('/:order', (_request, response) => void response.send('order'))
    orders.get('/', (_request, response) => void response.send('orders'))
    const users = create.Router()
    users.use((_request, _response, next) => next())
    users.use('/:id/orders', orders)
    users.get('/failing/:id', () => {
      throw failure(404)
    })
    users.get('/rejecting/:id', (_request, _response, next) => next(failure(418)))
    users.get('/passing/:id', (_request, _response, next) => next())
    const api = create.Router()
    api.use('/users', users)
    app.use('/before', create.Router())
    app.use('/api/:version', api)
    app.get('/api/:version/users/last', (_request, response) => void response.send('last'))
  }

  test.each([
    ['/api/v1/users/7/orders/8', '/api/:version/users/:id/orders/:order'],
    ['/api/v1/users/7/orders', '/api/:version/users/:id/orders'],
    ['/api/v1/users/7/orders/', '/api/:version/users/:id/orders'],
    ['/API/v1/Users/7/ORDERS/8', '/api/:version/users/:id/orders/:order'],
    ['/api/api/users/users/orders/8', '/api/:version/users/:id/orders/:order'],
    ['/api/%76%31/users/%2F7/orders/8', '/api/:version/users/:id/orders/:order'],
    ['/api/v1/users/last', '/api/:version/users/last'],
    ['/api/v1/users/rejecting/7', '/api/:version/users/rejecting/:id'],
    ['/api/v1/users/passing/7', undefined],
    ['/api/v1/nowhere', undefined],
    ['/nowhere', undefined],
  ])('of %s is %s, through nested routers', async (path, route) => {
    expect(await routesOf(path, declareNested)).toEqual([route, route])
  })

  test('of what a handler fails with 404 is known if waybill is told of errors', async () => {
    const declare = (app: express.Express): void => {
      declareNested(app)
      app.use(waybill.errors())
    }
    const route = '/api/:version/users/failing/:id'
    expect(await routesOf('/api/v1/users/failing/7', declare)).toEqual([route, route])
  })

  test('is the one that answered, of several that a request came by', async () => {
    const routes = await routesOf('/users/7', (app) => {
      app.all(/.*/, (_request, _response, next) => next())
      app.get('/users/:name', (_request, _response, next) => next('route'))
      app.get('/users/:id', (_request, response) => void response.send('user'))
    })
    expect(routes).toEqual(['/users/:id', '/users/:id'])
  })

  test('is none where a middleware answers after a route has passed a request on', async () => {
    const routes = await routesOf('/file.txt', (app) => {
      app.get(/.*/, (_request, _response, next) => next())
      app.use((_request, response) => void response.send('a file'))
    })
    expect(routes).toEqual([undefined, undefined])
  })

  test('of a handler that answers 404 itself is the route', async () => {
    const routes = await routesOf('/users/7', (app) => {
      app.get('/users/:id', (_request, response) => void response.status(404).send('no such user'))
    })
    expect(routes).toEqual(['/users/:id', '/users/:id'])
  })

  test('is written as it was declared, with an app mounted in an app and under the root', async () => {
    const routes = await routesOf('/Shop/v2/items/9', (app) => {
      const root = create.Router({ caseSensitive: true })
      const shop = create()
      shop.set('env', 'test')
      shop.enable('case sensitive routing')
      shop.get('/items/:item', (_request, response) => void response.send('item'))
      root.use('/Shop/v:major', shop)
      app.enable('case sensitive routing')
      app.use('/', root)
    })
    expect(routes).toEqual(['/Shop/v:major/items/:item', '/Shop/v:major/items/:item'])
  })

  test('of merged parameters is that of each router', async () => {
    for (const [path, route] of [
      ['/users/1/v1/list/1', '/users/:id/v1/list/:item'],
      ['/users/s/orders/7/list/3', '/users/:id/orders/:order/list/:item'],
      ['/users/orders/orders/7/list/3', '/users/:id/orders/:order/list/:item'],
    ] as const) {
      const routes = await routesOf(path, (app) => {
        const lists = create.Router({ mergeParams: true })
        lists.get('/list/:item', (_request, response) => void response.send('item'))
        const users = create.Router({ mergeParams: true })
        users.use('/v1', lists)
        users.use('/orders/:order', lists)
        app.use('/users/:id', users)
      })
      expect(routes).toEqual([route, route])
    }
  })

  test.runIf(keepsPatterns(create))('of a router under a regular expression is its text', async () => {
    const routes = await routesOf('/rx-abc/y', (app) => {
      const router = create.Router()
      router.get('/y', (_request, response) => void response.send('y'))
      app.use(/^\/rx-\w+/, router)
    })
    expect(routes[0]).toBe('/^\\/rx-\\w+/y')
    expect(routes[1]).toBe(routes[0])
  })

  test('stays that of the handler that has answered, whatever comes behind', async () => {
    const passing = await routesOf('/answered/7', (app) => {
      app.get('/answered/:id', (_request, response, next) => {
        response.send('ok')
        next()
      })
      app.use((_request, _response, next) => next())
    })
    expect(passing).toEqual(['/answered/:id', '/answered/:id'])
  })

  test('of a handler that fails within its answer is known', async () => {
    const { log, get } = await serveExpress(create, (app) => {
      app.get('/half/:id', (_request, response) => {
        response.writeHead(200)
        response.write('half')
        throw new Error('no more')
      })
    })
    await get('/half/7').catch(() => {})
    expect(await log.completions(1)).toMatchObject([{ route: '/half/:id', outcome: 'destroyed' }])
  })

  test('of a list of paths is the one that matched, or all where that is not known', async () => {
    const routes = await routesOf('/users/7', (app) => {
      app.get(['/members/:id', '/users/:id'], (_request, response) => void response.send('user'))
    })
    const all = '/members/:id|/users/:id'
    // The routers of Express 5.0 and of Express 4 don't tell which one matched.
    const possible = version === 'Express 5' ? ['/users/:id', all] : [all]
    expect(possible).toContain(routes[0])
    expect(routes).toEqual([routes[0], routes[0]])
  })

  test('of a regular expression is its text', async () => {
    const routes = await routesOf('/item9', (app) => {
      app.get(/^\/item\d$/, (_request, response) => void response.send('item'))
    })
    expect(routes).toEqual(['/^\\/item\\d$/', '/^\\/item\\d$/'])
  })

  test('is not mixed up between requests that are open at once', async () => {
    const { log, get } = await serveExpress(create, (app) => {
      const tenant = create.Router()
      tenant.get('/:item', (request, response) => {
        setTimeout(() => response.send('item'), Number(request.params.item))
      })
      app.use('/slow/:tenant', tenant)
      app.use('/other/:tenant', tenant)
    })
    const asked = Array.from({ length: 40 }, (_, n) => `/${n % 2 ? 'slow' : 'other'}/t${n}/${(n * 7) % 20}`)
    await Promise.all(asked.map((path) => get(path)))
    const lines = await log.completions(40)
    const routes = new Set(lines.map(({ path, route }) => `${String(path).split('/')[1]} ${route}`))
    expect(routes).toEqual(new Set(['slow /slow/:tenant/:item', 'other /other/:tenant/:item']))
  })

  test('does not change what handlers read of it', async () => {
    const { get } = await serveExpress(create, (app) => {
      const users = create.Router({ mergeParams: true })
      users.get('/:id', ({ baseUrl, params, route, url, originalUrl }, response) => {
        response.json({ baseUrl, params, route: route.path, url, originalUrl })
      })
      app.use('/api/:version', users)
      app.use(({ baseUrl, url, params }, response) => void response.json({ baseUrl, url, params }))
    })
    for (const _ of ['first', 'second']) {
      expect(JSON.parse((await get('/api/v1/7?a=b')).body)).toEqual({
        baseUrl: '/api/v1',
        params: { version: 'v1', id: '7' },
        route: '/:id',
        url: '/7?a=b',
        originalUrl: '/api/v1/7?a=b',
      })
      expect(JSON.parse((await get('/other')).body)).toEqual({ baseUrl: '', url: '/other', params: {} })
    }
  })
})

describe.each(VERSIONS)('%s', (_version, create) => {
  test('the path is what the client asked for, wherever waybill is mounted', async () => {
    const { log, get } = await serveExpress(create, (app) => {
      const users = create.Router()
      users.get('/:id', (_request, response) => void response.send('user'))
      app.use('/users', users)
    })
    await get('/users/7?a=b')
    expect(await log.completions(1)).toMatchObject([{ path: '/users/7', message: expect.any(String) }])
  })

  test('the address and the host are those that the app believes', async () => {
    const { log, get } = await serveExpress(
      create,
      (app) => {
        app.set('trust proxy', 'loopback')
        app.get('/', (_request, response) => void response.send('ok'))
      },
      { include: ['client_ip', 'host'] },
    )
    await get('/', { 'X-Forwarded-For': '203.0.113.7', 'X-Forwarded-Host': 'shop.test' })
    await get('/', { Host: 'shop.test:8080' })
    expect(await log.completions(2)).toMatchObject([
      { client_ip: '203.0.113.7', host: 'shop.test' },
      { client_ip: '127.0.0.1', host: 'shop.test:8080' },
    ])
  })

  test('a path that can not be decoded is rejected, whatever the app answers', async () => {
    const { log, get } = await serveExpress(create, (app) => {
      app.get('/users/:id', (_request, response) => void response.send('user'))
      app.use(waybill.errors())
      app.use(((_error, _request, response, _next) => {
        response.status(422).end()
      }) as express.ErrorRequestHandler)
    })
    await get('/users/%zz')
    const [line] = await log.completions(1)
    const error = { type: 'URIError', message: "Failed to decode param '%zz'" }
    expect(line).toMatchObject({ level: 'warn', path: '/users/%zz', status: 422, outcome: 'rejected', error })
    expect(line).not.toHaveProperty('route')
  })

  test('a decoding error within a handler is not a rejection', async () => {
    const { log, get } = await serveExpress(create, (app) => {
      app.get('/users/:id', () => {
        throw new URIError('URI malformed')
      })
      app.use(waybill.errors())
    })
    await get('/users/42')
    const completion = { route: '/users/:id', status: 500, outcome: 'completed', error: { type: 'URIError' } }
    expect(await log.completions(1)).toMatchObject([completion])
  })

  test('a library may define what Express sets on requests', async () => {
    const { log, get } = await serveExpress(create, (app) => {
      const router = create.Router()
      router.get('/:id', (request, _response, next) => {
        for (const key of ['params', 'route', 'baseUrl'] as const)
          Object.defineProperty(request, key, { value: request[key] })
        next()
      })
      router.use((request, response) => void response.json(Object.keys({ ...request }).includes('params')))
      app.use('/api', router)
    })
    expect((await get('/api/7')).body).toBe('true')
    expect(await log.completions(1)).toMatchObject([{ status: 200 }])
  })

  test('a request whose logger was taken away has its completion', async () => {
    const { log, get } = await serveExpress(create, (app) => {
      app.get('/', (request, response) => {
        Object.assign(request, { log: undefined })
        response.send('ok')
      })
    })
    await get('/')
    expect(await log.completions(1)).toMatchObject([{ status: 200, outcome: 'completed' }])
  })

  test('an error that a handler answers with a 2xx is not logged', async () => {
    const { log, get } = await serveExpress(create, (app) => {
      app.get('/', () => {
        throw new Error('not so bad')
      })
      app.use(waybill.errors())
      app.use(((_error, _request, response, _next) => {
        response.send('all is well')
      }) as express.ErrorRequestHandler)
    })
    await get('/')
    const [line] = await log.completions(1)
    expect(line).toMatchObject({ status: 200, route: '/', level: 'info' })
    expect(line).not.toHaveProperty('error')
  })
})

test.each(VERSIONS)('%s: a request that app.param refuses has its route', async (_name, create) => {
  for (const withErrors of [true, false]) {
    const { log, get } = await serveExpress(create, (app) => {
      const router = create.Router()
      for (const each of [app, router]) {
        each.param('id', (_request, _response, next) =>
          next(Object.assign(new Error('refused'), { status: 422 })),
        )
      }
      app.get('/passed/:other', (_request, _response, next) => next())
      app.get('/users/:id', (_request, response) => void response.end())
      router.get('/users/:id', (_request, response) => void response.end())
      app.use('/v1', router)
      if (withErrors) app.use(waybill.errors())
    })
    for (const path of ['/users/1', '/v1/users/1', '/passed/1']) await get(path)
    const found = (await log.completions(3)).map(({ status, route }) => [status, route])
    expect(found).toEqual([
      [422, '/users/:id'],
      [422, '/v1/users/:id'],
      [404, undefined],
    ])
  }
})
