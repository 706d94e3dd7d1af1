#!/bin/sh
# Compiles waybill and its examples, and starts one of them: sh examples/start.sh fastify
set -e
echo 'Compiling waybill and its examples, a few seconds …' >&2
npm run --silent build
tsc -p examples
exec node "examples/build/$1.js"
