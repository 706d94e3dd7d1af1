// A part of the shop, on NestJS with Fastify.
import 'reflect-metadata'
import { NestFactory } from '@nestjs/core'
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify'
import waybill, { createLogger } from 'waybill'
import { nestLogger } from './nest-logger.js'
import { ShopModule } from './nest-shop.js'

const log = createLogger()
const app = await NestFactory.create<NestFastifyApplication>(ShopModule, new FastifyAdapter(), {
  logger: nestLogger(log),
})
await app.register(waybill)
app.enableShutdownHooks()
await app.listen(Number(process.env.PORT ?? 0), '127.0.0.1')
