// One service of those that are compared: its framework and its variant are arguments.
import { giveAccount } from './account.mjs'
import { start } from './variants.mjs'

giveAccount(await start(...process.argv.slice(2)))
