// One of the compared services. Its arguments: the framework and the variant.
import { giveAccount } from './account.mjs'
import { start } from './variants.mjs'

giveAccount(await start(...process.argv.slice(2)))
