import {
  type ArgumentsHost,
  Catch,
  Controller,
  Get,
  Module,
  NotFoundException,
  Param,
  Post,
  Req,
} from '@nestjs/common'
import { APP_FILTER, BaseExceptionFilter } from '@nestjs/core'
import type { RequestEntry } from 'waybill'
import { type Order, ordersOf, pay, users } from './shop.js'

/** What waybill gives to requests, those of Express and those of Fastify. */
interface Logged {
  readonly log: { info(fields: object, message: string): void }
  readonly waybill: RequestEntry
}

@Controller()
class ShopController {
  @Get('users/:id')
  user(@Param('id') id: string, @Req() { log }: Logged): object {
    const user = users.get(id)
    log.info({ found: user !== undefined }, 'looking up user')
    if (user === undefined) throw new NotFoundException('no such user')
    return user
  }

  @Get('users/:id/orders')
  orders(@Param('id') id: string, @Req() { waybill }: Logged): readonly Order[] {
    const orders = ordersOf(id)
    waybill.add({ user_id: id, orders: orders.length })
    return orders
  }

  @Post('orders/:id/pay')
  async pay(@Param('id') id: string, @Req() { waybill }: Logged): Promise<void> {
    waybill.add({ order_id: id, provider: 'acme-pay' })
    await pay(id)
  }
}

/** Nest answers errors itself, so that neither Express nor Fastify hears of them. */
@Catch()
class ErrorFilter extends BaseExceptionFilter {
  override catch(error: unknown, host: ArgumentsHost): void {
    host.switchToHttp().getRequest<Logged>().waybill.fail(error)
    super.catch(error, host)
  }
}

@Module({ controllers: [ShopController], providers: [{ provide: APP_FILTER, useClass: ErrorFilter }] })
export class ShopModule {}
