#!/usr/bin/env node
// The durable engine's use of `pg` prints a notice about pg 9 on every start; pg is pinned to 8. Goes with @dbos-inc/dbos-sdk > 5.3.
process.noDeprecation = true;
await import('../dist/main.js');
